"""The ops, a family a file. Importing a family registers its ops; each is found here by its name: tg.ops.relu."""

from typing import TYPE_CHECKING, Any, NoReturn

from ..primitive import registry
from . import activations as activations
from . import arithmetic as arithmetic
from . import array_api as array_api
from . import choosing as choosing
from . import contractions as contractions
from . import convolution as convolution
from . import crossentropy as crossentropy
from . import cumulative as cumulative
from . import diagonals as diagonals
from . import elementary as elementary
from . import indexing as indexing
from . import joining as joining
from . import linalg as linalg
from . import pooling as pooling
from . import products as products
from . import questions as questions
from . import random as random
from . import reductions as reductions
from . import shapes as shapes
from .activations import rrelu as rrelu
from .choosing import astype as astype
from .choosing import clip as clip
from .contractions import einsum as einsum
from .indexing import take as take
from .joining import concatenate as concatenate
from .joining import stack as stack
from .linalg import matrix_power as matrix_power
from .linalg import slogdet as slogdet
from .pooling import fractional_max_pool2d as fractional_max_pool2d

# The registry is the only list of ops. A name imported above stands for a call in NumPy's own form, and goes first.
globals().update(registry | globals())

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
else:

    def __getattr__(name: str) -> NoReturn:
        from ..answers.naming import missing  # not before it is needed: it imports `inspect`

        missing(__name__, name)
