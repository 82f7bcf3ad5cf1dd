"""Training: fit and its callbacks, what a model makes of data, checkpoints, ensembles.

fit.py takes what it is given (looked up or refused in samples.py and arguments.py) and makes a Run of it: run.py is
the loop, which asks gradient.py for each step's gradient, divergence.py whether it is finite, reach.py what it
reaches, interrupts.py whether to go on, and progress.py to show where it is. figures.py are an epoch's; history.py,
what comes out, has those of all epochs, direction.py says which way they get better, diagnosis.py what they mean.
evaluation.py measures, in training and without, scores.py by metrics. callbacks.py and watchers.py act at the end of an
epoch. resuming.py is how a run goes on from its file: checkpoints.py says what is saved, container.py how it lies in
the file, drafts.py lets the file appear whole, and randomness.py finds the generators that have to go on.
"""

from .callbacks import Callback, GradientRecorder
from .checkpoints import Checkpoint, load, save
from .diagnosis import Diagnosis
from .ensembles import Ensemble
from .evaluation import evaluate, predict
from .fit import fit
from .history import History
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
