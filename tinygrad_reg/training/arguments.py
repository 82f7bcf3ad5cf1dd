"""What fit is given, as the training uses it: looked up, made arrays of; or refused before the first step."""

from __future__ import annotations

import inspect
import math
import os
import re
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from .. import checks, losses, metrics, optim
from ..calls import takes
from ..data.augmentation import Augmentation
from ..data.sets import as_array, batches, same_length
from ..layers.module import Module, join
from ..layers.normalization import BatchNorm
from ..layers.sequential import Sequential
from ..naming import look_up
from ..optim import Optimizer
from ..tensor import Tensor, values
from .callbacks import Callback, FunctionCallback
from .evaluation import score
from .watchers import ModelCheckpoint

_CLIPPINGS = {
    "value": optim.clip_by_value,
    "norm": optim.clip_by_norm,
    "global_norm": optim.clip_by_global_norm,
}


# ---- data


def data_set(x: Any, y: Any, what: str = "") -> tuple[np.ndarray, np.ndarray]:
    """x and y as arrays of one length, with numbers only. `what` says in messages which set it is."""
    if y is None:
        raise TypeError("fit needs targets: an autoencoder is trained with its inputs, fit(model, x, x)")
    try:
        x, y = same_length([values(x), values(y)])
    except ValueError as error:
        raise ValueError(f"{what}{error}") from None
    for name, array in (("x", x), ("y", y)):
        if array.dtype.kind not in "fiub":
            classes = name == "y" and array.dtype.kind in "USTO"
            number = "; number the classes: names, y = np.unique(y, return_inverse=True)" if classes else ""
            raise TypeError(f"{what}{name} must hold numbers, not {array.dtype}{number}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            bad = ~np.isfinite(array).reshape(len(array), -1)
            sample = int(np.flatnonzero(bad.any(axis=1))[0])
            place = f"column {int(np.flatnonzero(bad[sample])[0])}" if bad.shape[1] > 1 else "it"
            raise ValueError(
                f"{what}{name} has NaN or infinite values in {int(bad.any(axis=1).sum())} of {len(array)} samples (the "
                f"first in sample {sample}: {place} is {array.reshape(len(array), -1)[sample][bad[sample]][0]}): "
                "leave these samples out, or fill the values in"
            )
    return x, y


def validation(
    data: Any, share: float, x: np.ndarray, y: np.ndarray, changes_shape: bool
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """Training x and y, and the pair (x, y) of validation, None where there is none."""
    share = checks.fraction("validation_split", share)
    if data is None and not share:
        return x, y, None
    if data is not None and share:
        raise ValueError("give validation_data= or validation_split=, not both")
    if data is None:
        at = len(x) - round(len(x) * share)
        if not 0 < at < len(x):
            raise ValueError(f"validation_split={share} of {len(x)} samples leaves one of the two parts empty")
        _check_mixture(_classes(y), at)
        return x[:at], y[:at], (x[at:], y[at:])
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise TypeError("validation_data must be a pair (x_val, y_val)")
    x_val, y_val = data_set(data[0], data[1], "in validation_data, ")
    for name, train, val in (("x", x, x_val), ("y", y, y_val)):
        if train.shape[1:] != val.shape[1:] and not (name == "x" and changes_shape):
            raise ValueError(
                f"{name} has samples of shape {train.shape[1:]} for training, but {val.shape[1:]} in validation_data"
            )
    return x, y, (x_val, y_val)


def _check_mixture(classes: np.ndarray, at: int) -> None:
    """Whether the last samples, from `at` on, can stand for those before them."""
    known = np.unique(classes)
    if not 1 < len(known) < 100:  # no labels of classes: counts, or numbers
        return
    missing = np.setdiff1d(classes[at:], classes[:at])
    if missing.size or (classes[:-1] <= classes[1:]).all():
        alone = f", and class {missing[0]:g} is among them alone" if missing.size else ""
        raise ValueError(
            f"validation_split takes the last {len(classes) - at} samples{alone}: the set is sorted. Split it at "
            "random: tg.data.split(x, y, (0.8, 0.2), stratify=y)"
        )


def _classes(y: np.ndarray) -> np.ndarray:
    """The class of each sample, where y holds labels: whole numbers, marks of −1, 0, 1, one-hot rows; else none."""
    if y.size == len(y):
        marks = y.dtype.kind in "iub" or np.isin(y, (-1, 0, 1)).all()
        return y.reshape(-1) if marks else y[:0]
    one_hot = y.ndim == 2 and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()
    return y.argmax(axis=1) if one_hot else y[:0]


def weights(y: np.ndarray, class_weight: Any, sample_weight: Any, loss: losses.Loss) -> np.ndarray | None:
    """A weight for each sample, the product of its own and its class's; None where all count alike."""
    if class_weight is None and sample_weight is None:
        return None
    found: Any = 1.0
    if sample_weight is not None:
        by_sample = as_array(values(sample_weight))
        if by_sample.dtype.kind not in "fiub":
            raise TypeError(f"sample_weight must hold numbers, not {by_sample.dtype}")
        if by_sample.shape != (len(y),):
            raise ValueError(f"sample_weight must hold one number a sample, shape ({len(y)},), not {by_sample.shape}")
        found = found * by_sample
    if class_weight is not None:
        if not isinstance(class_weight, Mapping):
            raise TypeError(
                "class_weight must be a dict label → weight, such as tg.data.class_weights(y), not "
                f"{type(class_weight).__name__}"
            )
        several = y.size > len(y)
        if several and (y.ndim > 2 or not ((y != 0).sum(axis=1) == 1).all()):
            raise ValueError(
                f"class_weight must go with one class a sample, but y of shape {y.shape} holds more than one label a "
                "sample: give sample_weight=, or weigh the outputs in a loss of your own"
            )
        labels = y.argmax(-1) if several else y.reshape(-1)
        unknown = [label for label in np.unique(labels).tolist() if label not in class_weight]
        if unknown:
            raise ValueError(
                f"class_weight must have a weight for each class, but has none for {unknown[0]!r}: it has "
                f"{', '.join(map(repr, class_weight))}"
            )
        found = found * np.array([checks.number("class_weight", class_weight[label], 0) for label in labels.tolist()])
    if not (np.isfinite(found).all() and (found >= 0).all() and found.any()):
        raise ValueError("weights of samples and classes must be finite numbers ≥ 0, and not all 0")
    _takes_weights(loss)
    return np.asarray(found)


def weights_of_training(weights: np.ndarray | None, samples: int) -> list[np.ndarray]:
    """The weights of the samples that are trained on, if there are any."""
    if weights is not None and not weights[:samples].any():
        raise ValueError(
            f"all {samples} samples that validation_split leaves for training have the weight 0: nothing would be "
            "learned. Mix the samples with tg.data.split, or choose another share"
        )
    return [] if weights is None else [weights[:samples]]


def _takes_weights(loss: Callable[..., Any]) -> None:
    """A user's loss must be prepared for weights."""
    try:
        parameters = inspect.signature(loss).parameters
    except ValueError:  # of something compiled, which does not tell
        return
    if "weights" not in parameters and all(p.kind is not p.VAR_KEYWORD for p in parameters.values()):
        name = getattr(loss, "__name__", "loss")
        raise TypeError(
            f"class_weight= and sample_weight= reach the loss as weights=, which {name} does not take: write it as "
            f"{name if name.isidentifier() else 'loss'}(prediction, target, weights=None), and multiply by them"
        )


def check_targets(
    out: np.ndarray, sets: Mapping[str, Any], loss: losses.Loss, found: Mapping[str, Callable[..., Any]]
) -> None:
    """Whether all targets go with the loss and the metrics of the house, found out on the first prediction.

    What they say of a target depends on the prediction's shape alone, so one sample's prediction stands for all.
    """
    for what, y in sets.items():
        try:
            if loss in losses.LOSSES.values():
                for start in range(0, len(y), 4096):
                    loss(_repeated(out, len(y[start : start + 4096])), y[start : start + 4096])
            for name, metric in found.items():
                if inspect.unwrap(metric) in map(inspect.unwrap, metrics.METRICS.values()):
                    score(name, metric, _repeated(out, len(y)), y)
        except (ValueError, TypeError) as error:
            raise type(error)(f"{what}{error}") from None


def say_what_y_is(error: ValueError, y: np.ndarray) -> None:
    """A loss speaks of the target, which is a batch of what the user calls y."""
    reshaped = re.search(r"write target(\.reshape\([-\d, ]+\))", str(error))
    if reshaped:
        error.args = (f"{error}: y has the shape {y.shape}, so y = y{reshaped[1]} before fit",)


def _repeated(out: np.ndarray, samples: int) -> np.ndarray:
    return np.broadcast_to(out[:1], (samples, *out.shape[1:]))


# ---- what takes the steps


def optimizer(given: Any, model: Module) -> Optimizer:
    """The optimizer: as given, by name, or made by a function of the parameters."""
    parameters = model.parameters()
    if not parameters:
        raise ValueError(f"this {type(model).__name__} has no parameters to train: {_why_none(model)}")
    if isinstance(given, str):
        make: Callable[..., Optimizer] = look_up(given.lower(), optim.by_name, "optimizer")
        return make(parameters)
    if not isinstance(given, Optimizer):
        if not callable(given):
            raise TypeError(
                f"optimizer must be an optimizer such as tg.optim.SGD(model.parameters(), lr=0.1), a name, or a "
                f"function of the parameters, not {given!r}{_OWN * hasattr(given, 'step')}"
            )
        takes(given, "an optimizer", "parameters")
        given = given(parameters)
        if not isinstance(given, Optimizer):
            raise TypeError(
                f"the function given as optimizer= must make an optimizer, not {type(given).__name__}"
                + _OWN * hasattr(given, "step")
            )
    if not set(given.params) & set(parameters):
        raise ValueError(
            "the optimizer moves none of this model's parameters, it was made for another model: make a new one of "
            "model.parameters()"
        )
    return given


_OWN = "; one of your own is a subclass of tg.optim.Optimizer that has update(), see docs/add-an-op.md"


def _why_none(model: Module) -> str:
    """What keeps a model from having parameters."""
    if model.named_state():
        return "all its tensors are frozen (requires_grad=False)"
    for path, module in model.named_modules():
        for name, part in module.parts():
            if isinstance(part, np.ndarray) and part.dtype.kind == "f":
                own = f"self.{name}"
                return (
                    f"the array {join(path, name)} is none, but {own} = tg.Tensor({name}, requires_grad=True) would be"
                )
    if type(model).forward is Sequential.forward:
        return "add layers such as tg.Dense(2, 1)"
    return "make its layers in __init__, as attributes (self.dense = tg.Dense(2, 1)), and use them in forward"


def check_batch_of_one(model: Module, train: batches) -> None:
    """A batch of one sample has no variance, so batch norm can't train on it."""
    last = train.batch_size if train.drop_last else (train.samples - 1) % train.batch_size + 1
    if last == 1:
        for path, module in model.named_modules():
            if isinstance(module, BatchNorm):
                raise ValueError(
                    f"the last batch would hold one sample, which batch norm (layer {path or 'BatchNorm'}) can't "
                    "normalize: leave it out with drop_last=True, or choose another batch_size"
                )


def augmentation(augment: Any) -> Callable[[Any], Any] | None:
    """A function of a batch of x, or None."""
    if inspect.isclass(augment):
        raise TypeError(
            f"augment must be a function of a batch, not the class {augment.__name__}: write {augment.__name__}(...)"
        )
    if augment is not None and not callable(augment):
        raise TypeError(f"augment must be a function of a batch such as tg.data.augmentation.shift(2), not {augment!r}")
    if augment is not None and not isinstance(augment, Augmentation):
        takes(augment, "augment", "x")
    return augment  # type: ignore[no-any-return]


def clipping(clip: Any) -> Callable[[list[Tensor]], Any] | None:
    """The function of the parameters that clips their gradients."""
    if callable(clip):
        takes(clip, "clip", "parameters")
    if clip is None or callable(clip):
        return clip  # type: ignore[no-any-return]
    kind, limit = clip if isinstance(clip, (tuple, list)) and len(clip) == 2 else ("global_norm", clip)
    if kind not in _CLIPPINGS or not isinstance(limit, Real) or isinstance(limit, bool) or not float(limit) > 0:
        raise ValueError(
            "clip must be the largest norm of all gradients together, a number > 0, or (kind, limit) with kind "
            f"{', '.join(map(repr, _CLIPPINGS))}, or a function of the parameters, not {clip!r}"
        )
    if math.isinf(limit):
        return None

    def clipped(parameters: list[Tensor]) -> Any:
        return _CLIPPINGS[kind](parameters, float(limit))

    clipped.__name__ = f"{kind} {float(limit):g}"
    return clipped


def callbacks(given: Any, resume: Any = None) -> list[Callback]:
    """The callbacks, one or several, as a list."""
    wanted = "a callback such as tg.EarlyStopping(), or a function (epoch, logs)"
    given = checks.several("callbacks", given, lambda each: isinstance(each, Callback) or callable(each), wanted)
    found = [_callback(each) for each in given]
    for each in found:
        same = isinstance(each, ModelCheckpoint) and resume is not None
        if same and os.path.realpath(each.path) == os.path.realpath(resume):  # type: ignore[attr-defined]
            raise ValueError(
                f"resume= and ModelCheckpoint would both save to '{os.fspath(resume)}', and the best would be "
                "overwritten by the latest: give them different paths"
            )
    return found


def _callback(given: Any) -> Callback:
    if isinstance(given, Callback):
        return given
    if inspect.isclass(given):
        raise TypeError(f"a callback must be an object, not the class {given.__name__}: write {given.__name__}(...)")
    if hasattr(given, "on_epoch_end"):
        name = type(given).__name__
        raise TypeError(f"a callback with methods must be a tg.Callback: write class {name}(tg.Callback)")
    if not callable(given):
        raise TypeError(f"a callback must be such as tg.EarlyStopping(), or a function (epoch, logs), not {given!r}")
    takes(given, "a callback", "epoch", "logs")
    return FunctionCallback(given)
