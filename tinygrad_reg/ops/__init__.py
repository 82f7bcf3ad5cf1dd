from . import arithmetic, reductions, shapes
