"""Data: batches and splits, encodings, readers of real files, bundled and made-up sets, augmentation, balancing.

This package stands apart: it deals in NumPy arrays and knows nothing of Tensors or models. sets.py has what every
training needs, parts and batches; every other file is a kind of data, or of change to it. They share arrays.py, what
all of them ask of arrays, files.py, how a file is read whole or refused, and geometry.py, how pixels move.
"""

from functools import partial
from typing import TYPE_CHECKING

from ..answers.naming import missing
from . import augmentation as augmentation
from .balancing import class_weights as class_weights
from .balancing import random_oversample as random_oversample
from .balancing import smote as smote
from .bundled import breast_cancer as breast_cancer
from .bundled import diabetes as diabetes
from .bundled import digits as digits
from .bundled import iris as iris
from .bundled import wine as wine
from .encoding import multi_hot as multi_hot
from .encoding import one_hot as one_hot
from .images import cifar10 as cifar10
from .images import mnist as mnist
from .images import read_cifar10 as read_cifar10
from .images import read_idx as read_idx
from .sets import batches as batches
from .sets import split as split
from .standardizing import Standardizer as Standardizer
from .standardizing import standardize as standardize
from .synthetic import blobs as blobs
from .synthetic import circles as circles
from .synthetic import curve as curve
from .synthetic import moons as moons
from .synthetic import spirals as spirals
from .synthetic import xor as xor
from .tables import Table as Table
from .tables import read_csv as read_csv

if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that exists
    __getattr__ = partial(missing, __name__)
