"""The methods that ops add to Tensor, written by `make stubs`; tests/test_methods.py keeps it true."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NoReturn, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from .tensor import Tensor

Operand: TypeAlias = Tensor | ArrayLike

def attach(function: Callable[..., Any] | property, *names: str) -> None: ...

class Methods:
    __slots__ = ()

    @property
    def T(self) -> Tensor:
        """x with its axes in the order `axes` (by default the last one first)"""
    def abs(self) -> Tensor:
        """|x|"""
    def all(self, axis: Any = ..., keepdims: Any = ..., where: Any = ...) -> np.ndarray:
        """np.all of the values"""
    def any(self, axis: Any = ..., keepdims: Any = ..., where: Any = ...) -> np.ndarray:
        """np.any of the values"""
    def arccos(self) -> Tensor:
        """arccos x"""
    def arccosh(self) -> Tensor:
        """arcosh x"""
    def arcsin(self) -> Tensor:
        """arcsin x"""
    def arcsinh(self) -> Tensor:
        """arsinh x"""
    def arctan(self) -> Tensor:
        """arctan x"""
    def arctan2(self, y: Operand) -> Tensor:
        """angle of the point (y, x)"""
    def arctanh(self) -> Tensor:
        """artanh x"""
    def argmax(self, axis: Any = ..., keepdims: Any = ...) -> np.ndarray:
        """np.argmax of the values"""
    def argmin(self, axis: Any = ..., keepdims: Any = ...) -> np.ndarray:
        """np.argmin of the values"""
    def argsort(self, axis: Any = ..., kind: Any = ..., order: Any = ..., stable: Any = ...) -> np.ndarray:
        """np.argsort of the values"""
    def astype(self, dtype: Any, *, copy: bool = True) -> Tensor:
        """x converted to `dtype`, such as "float32"; the gradient is converted back. It is always a copy."""
    def backward(self, gradient: Any = None, *, retain_grads: bool = True) -> None:
        """Fill `.grad` of everything this tensor was computed from: ∂(this)/∂(that), by the chain rule."""
    def cbrt(self) -> Tensor:
        """∛x"""
    def ceil(self) -> Tensor:
        """⌈x⌉"""
    def clip(self, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Tensor:
        """min(max(x, a_min), a_max), called as np.clip is; a bound may be None, and one that is a Tensor gets its gradient."""
    def copy(self) -> Tensor:
        """The same values in memory of their own, still in the graph (.detach() leaves it)"""
    def copysign(self, y: Operand) -> Tensor:
        """|x| · sign y"""
    def cos(self) -> Tensor:
        """cos x"""
    def cosh(self) -> Tensor:
        """cosh x"""
    def cumprod(self, axis: int | None = None) -> Tensor:
        """The product of the elements up to each place along `axis` (of the flattened array by default)"""
    def cumsum(self, axis: int | None = None) -> Tensor:
        """The sum of the elements up to each place along `axis` (of the flattened array by default)"""
    def deg2rad(self) -> Tensor:
        """x · π/180"""
    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        """The elements whose places on two axes are equal (or differ by `offset`), along a new last axis"""
    def dot(self, y: Operand) -> Tensor:
        """out[i, j] = Σₖ x[i, k] · y[k, j]: the last axis of x against the last but one of y (np.dot); numbers multiply"""
    def elu(self, alpha: float = 1.0) -> Tensor:
        """x where x > 0, else alpha · (e^x − 1)"""
    def exp(self) -> Tensor:
        """e^x"""
    def exp2(self) -> Tensor:
        """2^x"""
    def expm1(self) -> Tensor:
        """e^x − 1"""
    def flatten(self) -> Tensor:
        """All elements in one row, row by row"""
    def floor(self) -> Tensor:
        """⌊x⌋"""
    def floor_divide(self, y: Operand) -> Tensor:
        """⌊x / y⌋"""
    def fmod(self, y: Operand) -> Tensor:
        """x − y · trunc(x / y)"""
    def gelu(self, approximate: str = 'none') -> Tensor:
        """x · Φ(x); with approximate="tanh", ½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))"""
    def hypot(self, y: Operand) -> Tensor:
        """√(x² + y²)"""
    def leaky_relu(self, alpha: float = 0.01) -> Tensor:
        """x where x > 0, else alpha · x"""
    def log(self) -> Tensor:
        """ln x"""
    def log10(self) -> Tensor:
        """log₁₀ x"""
    def log1p(self) -> Tensor:
        """ln(1 + x)"""
    def log2(self) -> Tensor:
        """log₂ x"""
    def log_softmax(self, axis: int | tuple[int, ...] | None = -1) -> Tensor:
        """x − ln Σ e^x over `axis`: the logarithm of softmax, without the log of an underflow"""
    def logaddexp(self, y: Operand) -> Tensor:
        """ln(e^x + e^y)"""
    def logaddexp2(self, y: Operand) -> Tensor:
        """log₂(2^x + 2^y)"""
    def logsumexp(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """ln Σ exp(x) over `axis`, without overflow: the largest element is taken out before exp"""
    def max(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """The largest element along `axis` (of all by default); ties share the gradient evenly"""
    def maximum(self, y: Operand) -> Tensor:
        """max(x, y)"""
    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Σ x / n over `axis` (all axes by default), n the number of elements averaged"""
    def min(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """The smallest element along `axis` (of all by default); ties share the gradient evenly"""
    def minimum(self, y: Operand) -> Tensor:
        """min(x, y)"""
    def nonzero(self) -> tuple[np.ndarray, ...]:
        """np.nonzero of the values"""
    def prod(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Π x over `axis` (all axes by default)"""
    def rad2deg(self) -> Tensor:
        """x · 180/π"""
    def ravel(self) -> Tensor:
        """All elements in one row, row by row"""
    def reciprocal(self) -> Tensor:
        """1/x"""
    def relu(self) -> Tensor:
        """max(x, 0); the derivative at 0 is 0"""
    def remainder(self, y: Operand) -> Tensor:
        """x − y · ⌊x / y⌋"""
    def repeat(self, repeats: int | Sequence[int], axis: int | None = None) -> Tensor:
        """Each element (axis=None: of the flattened array) or slice along `axis` so many times in a row"""
    def reshape(self, *shape: Any, order: str = 'C') -> Tensor:
        """t.reshape(2, 3) or t.reshape((2, 3)); one length may be −1"""
    def rint(self) -> Tensor:
        """the whole number nearest to x"""
    def round(self, decimals: int = 0) -> Tensor:
        """x rounded to so many decimals, halves to the even neighbour; the derivative is 0"""
    def rrelu(
        self, slope: Any = None, *, lower: float = 0.125, upper: float = 0.3333333333333333, training: bool = False, rng: np.random.Generator | int | None = None
    ) -> Tensor:
        """x where x > 0, else slope · x; while training, each element's slope is drawn between `lower` and `upper`."""
    def selu(self) -> Tensor:
        """scale · elu(x, alpha), with the two constants that keep mean 0 and variance 1"""
    def sigmoid(self) -> Tensor:
        """1 / (1 + e^(−x))"""
    def sign(self) -> Tensor:
        """sign x"""
    def silu(self) -> Tensor:
        """x · σ(x), also called swish"""
    def sin(self) -> Tensor:
        """sin x"""
    def sinh(self) -> Tensor:
        """sinh x"""
    def softmax(self, axis: int | tuple[int, ...] | None = -1) -> Tensor:
        """e^x / Σ e^x over `axis`: positive numbers with sum 1"""
    def softplus(self) -> Tensor:
        """ln(1 + e^x), a smooth max(x, 0)"""
    def sqrt(self) -> Tensor:
        """√x"""
    def square(self) -> Tensor:
        """x²"""
    def squeeze(self, axis: int | tuple[int, ...] | None = None) -> Tensor:
        """x without its axes of length 1, or without those named"""
    def std(self, axis: int | tuple[int, ...] | None = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        """√(Σ (x − mean)² / (n − ddof)) over `axis`; its derivative is 0 where all elements are equal, as in PyTorch"""
    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Σ x over `axis` (all axes by default)"""
    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """x with two of its axes exchanged"""
    def take(self, indices: Any, axis: int | None = None) -> Tensor:
        """t.take(2), t.take([0, 2], axis=1): see np.take"""
    def tan(self) -> Tensor:
        """tan x"""
    def tanh(self) -> Tensor:
        """tanh x"""
    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        """The sum of the diagonal of two axes"""
    def transpose(self, *axes: Any) -> Tensor:
        """t.transpose(), t.transpose(1, 0) or t.transpose((1, 0)), as in NumPy: all axes in their new order"""
    def trunc(self) -> Tensor:
        """x without its decimals"""
    def var(self, axis: int | tuple[int, ...] | None = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        """Σ (x − mean)² / (n − ddof) over `axis`; ddof=1 is the unbiased estimate (torch.var's default)"""
    def __abs__(self) -> Tensor:
        """|x|"""
    def __add__(self, y: Operand) -> Tensor:
        """x + y"""
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """np.array(t), np.asarray(t)"""
    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        """np.sum(t, axis=0), np.concatenate([t, u]), ..."""
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """np.exp(t), array + t, ..."""
    def __bool__(self) -> bool:
        """if t: ..., not t, t and u"""
    def __contains__(self, value: Any) -> bool:
        """value in t: whether an element is equal to it"""
    def __eq__(self, other: Operand) -> np.ndarray: ...  # type: ignore[override]
    def __float__(self) -> float:
        """float(t), math.exp(t)"""
    def __floordiv__(self, y: Operand) -> Tensor:
        """⌊x / y⌋"""
    def __ge__(self, other: Operand) -> np.ndarray: ...
    def __getitem__(self, index: Any) -> Tensor:
        """x[index], as NumPy indexes: slices, integers, None, ..., and arrays, lists or Tensors of integers or booleans"""
    def __gt__(self, other: Operand) -> np.ndarray: ...
    def __index__(self) -> int:
        """values[t], range(t)"""
    def __int__(self) -> int:
        """int(t)"""
    def __iter__(self) -> Iterator[Tensor]:
        """for row in t"""
    def __le__(self, other: Operand) -> np.ndarray: ...
    def __len__(self) -> int:
        """len(t)"""
    def __lt__(self, other: Operand) -> np.ndarray: ...
    def __matmul__(self, y: Operand) -> Tensor:
        """out[i, j] = Σₖ x[i, k] · y[k, j]; a vector is a row on the left, a column on the right; more axes are batches"""
    def __mod__(self, y: Operand) -> Tensor:
        """x − y · ⌊x / y⌋"""
    def __mul__(self, y: Operand) -> Tensor:
        """x · y, element by element"""
    def __ne__(self, other: Operand) -> np.ndarray: ...  # type: ignore[override]
    def __neg__(self) -> Tensor:
        """−x"""
    def __pos__(self) -> Tensor:
        """x itself, as a node of its own"""
    def __pow__(self, y: Operand) -> Tensor:
        """x raised to the power y"""
    def __radd__(self, x: Operand) -> Tensor:
        """x + y"""
    def __rfloordiv__(self, x: Operand) -> Tensor:
        """⌊x / y⌋"""
    def __rmatmul__(self, x: Operand) -> Tensor:
        """out[i, j] = Σₖ x[i, k] · y[k, j]; a vector is a row on the left, a column on the right; more axes are batches"""
    def __rmod__(self, x: Operand) -> Tensor:
        """x − y · ⌊x / y⌋"""
    def __rmul__(self, x: Operand) -> Tensor:
        """x · y, element by element"""
    def __round__(self, decimals: int = 0) -> Tensor:
        """x rounded to so many decimals, halves to the even neighbour; the derivative is 0"""
    def __rpow__(self, x: Operand) -> Tensor:
        """x raised to the power y"""
    def __rsub__(self, x: Operand) -> Tensor:
        """x − y"""
    def __rtruediv__(self, x: Operand) -> Tensor:
        """x / y"""
    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        """t[0] = 1"""
    def __sub__(self, y: Operand) -> Tensor:
        """x − y"""
    def __truediv__(self, y: Operand) -> Tensor:
        """x / y"""
    def __xor__(self, other: Any) -> NoReturn:
        """t ^ 2"""
