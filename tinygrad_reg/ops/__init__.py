from . import arithmetic, random, reductions, shapes
