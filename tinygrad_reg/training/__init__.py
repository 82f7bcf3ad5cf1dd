"""Training: fit and its callbacks, what a model makes of data, checkpoints, ensembles."""

from .callbacks import Callback, GradientRecorder
from .checkpoints import Checkpoint, load, save
from .ensembles import Ensemble
from .evaluation import evaluate, predict
from .fit import fit
from .history import Diagnosis, History
from .watchers import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau

__all__ = [
    "Callback",
    "Checkpoint",
    "Diagnosis",
    "EarlyStopping",
    "Ensemble",
    "GradientRecorder",
    "History",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "evaluate",
    "fit",
    "load",
    "predict",
    "save",
]
