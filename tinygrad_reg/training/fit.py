"""fit: the training loop, for those who do not want to write it themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import losses
from ..answers import checks
from ..answers.calls import answered, takes
from ..data.sets import batches
from ..layers.module import Module, a_module
from ..optim import Optimizer
from ..tensor import Tensor
from . import arguments, samples, weights
from .callbacks import Callback
from .history import History
from .run import Run
from .scores import Metrics, named_metrics

Watching = Callback | Callable[[int, dict[str, float]], Any]
Clip = float | tuple[str, float] | Callable[[list[Tensor]], Any]


@answered
def fit(
    model: Module,
    x: Any,
    y: Any,
    *,
    loss: str | losses.Loss,
    optimizer: str | Optimizer | Callable[[list[Tensor]], Optimizer],
    epochs: int = 1,
    batch_size: int | None = 32,
    shuffle: bool = True,
    verbose: int = 1,
    validation_data: tuple[Any, Any] | None = None,
    validation_split: float = 0.0,
    metrics: Metrics | None = (),
    callbacks: Watching | Sequence[Watching] | None = (),
    class_weight: Mapping[Any, float] | None = None,
    sample_weight: Any = None,
    clip: Clip | None = None,
    augment: Callable[[Any], Any] | None = None,
    drop_last: bool = False,
    compile: bool = False,
    resume: str | os.PathLike[str] | None = None,
    rng: np.random.Generator | int | None = None,
) -> History:
    """Train `model` on x and y for a number of epochs, and return the figures of each: history["val_loss"] is a list.

        history = tg.fit(model, x, y, loss="softmax_crossentropy", optimizer="adam", epochs=30, metrics=["accuracy"])

    It does what this loop does, to the last bit:

        for epoch in range(epochs):
            for x_batch, y_batch in tg.data.batches(x, y, batch_size=32):
                value = loss(model(x_batch), y_batch) + model.penalty()
                optimizer.zero_grad(); value.backward(); lr = optimizer.lr; optimizer.step(); model.project(lr)

    | argument | is |
    |---|---|
    | loss | a name from tg.losses, or a function (prediction, target) → Tensor |
    | optimizer | an optimizer of this model's parameters, a name ("sgd", "adam" …), or a function of the parameters |
    | batch_size | samples in an update: None is all (batch gradient descent), 1 is stochastic gradient descent |
    | verbose | 1 a tqdm bar, 2 a line an epoch, 0 nothing |
    | validation_data | (x_val, y_val), evaluated after each epoch |
    | validation_split | the share at the end of x and y that is kept for validation instead (as in Keras) |
    | metrics | names from tg.metrics, or functions (prediction, target) → number |
    | callbacks | EarlyStopping, ModelCheckpoint …, or functions (epoch, logs); one that returns True stops |
    | class_weight, sample_weight | how much a class (a dict), a sample (an array) counts in the loss |
    | clip | r: the norm of all gradients together is at most r; or ("value", c), ("norm", r), a function |
    | augment | changes each batch of x in training, such as tg.data.augmentation.shift(2) |
    | drop_last | leave out a last batch that is smaller than the others |
    | compile | True captures forward and backward once, as tg.compile does, and replays them: equal numbers, sooner |
    | resume | a path: the training is saved there after each epoch, and continued from there if the file exists |
    | rng | draws the order of the samples and augmentations; by default this thread's generator (tg.seed) |

    `epochs` counts all of them, also those of a run that is resumed. Ctrl-C ends the training after the step that is
    being taken, and returns the history so far; `history.stop_reason` says why it ended early. What can't be trained
    is refused before the first step. A loss or gradient that is no finite number raises FloatingPointError with the
    layer where it began, before it spoils the weights; that and any other exception has the `history` so far. A metric
    of tg.metrics that values let say nothing in an epoch (roc_auc of one class alone) is NaN there, with a warning.

    compile=True pays from some fifty steps on, most with small layers. What the model's and the loss's Python does
    beside the ops happens once; where it looks at values, the capture is refused with the line (see tg.compile).

    resume="run.npz" is for a script that may be killed: run it again, and it goes on behind the last complete epoch, to
    the weights that it would have had. What is in the file replaces what the script has made: weights, the optimizer's
    state and rate, callbacks' memories, all random generators that the run is seen to draw from. A warning says where
    the script now asks for something else. Delete the file to start anew. See the tour, and docs/trust.md for what a
    file can't know.
    """
    a_module(model, "fit")
    epochs = checks.whole("epochs", epochs)
    if verbose not in (0, 1, 2):
        raise ValueError(f"verbose must be 0 (nothing), 1 (a bar) or 2 (a line an epoch), not {verbose!r}")
    checks.switch("compile (Keras' compile(...) arguments are given to fit)", compile)
    function, augment = losses.get(loss), arguments.augmentation(augment)
    takes(function, "a loss", "prediction", "target")
    x, y = samples.data_set(x, y)
    counts = weights.of_samples(y, class_weight, sample_weight, function)
    x, y, validation = samples.validation(validation_data, validation_split, x, y, augment is not None)
    arrays = [x, y, *weights.of_training(counts, len(x))]
    train = batches(*arrays, batch_size=batch_size, shuffle=shuffle, rng=rng, drop_last=drop_last)
    samples.check_batch_of_one(model, train)
    run = Run(
        model=model,
        loss=function,
        optimizer=arguments.optimizer(optimizer, model),
        train=train,
        validation=validation,
        metrics=named_metrics(metrics, function),
        callbacks=arguments.callbacks(callbacks, resume),
        epochs=epochs,
        clip=arguments.clipping(clip),
        augment=augment,
        resume=resume,
        compile=compile,
    )
    return run.go(verbose)
