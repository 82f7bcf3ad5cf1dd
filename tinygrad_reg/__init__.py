from .tensor import Tensor
from .primitive import primitive
from . import dispatch, backward, modes, ops
from .transforms import grad, value_and_grad, jacobian, hessian, hvp, check_grad
