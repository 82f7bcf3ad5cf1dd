"""Training: fit and its callbacks, what a model makes of data, checkpoints, ensembles.

fit.py takes what it is given (looked up or refused in samples.py and arguments.py) and makes a Run of it: run.py is
the loop, which asks gradient.py for each step's gradient, divergence.py whether it is finite, reach.py what it
reaches, interrupts.py whether to go on, and progress.py to show where it is; figures.py are an epoch's, history.py is
what comes out. resuming.py is how a run goes on from its file. callbacks.py and watchers.py act at the end of an
epoch; checkpoints.py says what is saved, container.py how it lies in the file, drafts.py lets the file appear whole.
evaluation.py measures, in training and without, scores.py what metrics say.
"""

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
