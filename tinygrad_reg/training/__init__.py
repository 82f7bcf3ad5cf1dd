"""Training: fit and its callbacks, what a model makes of data, checkpoints, ensembles.

| room | what is in it |
|---|---|
| fit.py | what users call; what they give is looked up, or refused, by arguments.py, samples.py, weights.py |
| run.py | the loop over epochs and batches that fit makes of it |
| gradient.py | forward and backward of a step, by hand or by a captured program |
| divergence.py, reach.py, interrupts.py | asked after a step: are all numbers finite, what got no gradient, go on? |
| evaluation.py, scores.py | outputs and losses without training, and what metrics say of them |
| figures.py, history.py | the figures of an epoch while it runs, and those of all epochs |
| direction.py, diagnosis.py | which way a figure gets better, and what the curves say |
| progress.py, aftermath.py | the bar; what a training leaves behind when it is refused, or an error ends it |
| callbacks.py, watchers.py, recorder.py | what a callback is; those that watch a figure; one that records gradients |
| saving/ | a training in a file, and how a run goes on from it |
| ensembles.py, members.py | the mean of several models, and how these are trained side by side |
"""

from .callbacks import Callback
from .diagnosis import Diagnosis
from .ensembles import Ensemble
from .evaluation import evaluate, predict
from .fit import fit
from .history import History
from .recorder import GradientRecorder
from .saving.checkpoints import Checkpoint, load, save
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
