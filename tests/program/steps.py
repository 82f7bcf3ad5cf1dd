"""Steps that the tests capture, and the comparison: made twice, one runs as it is, the other as a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

import tinygrad_reg as tg

Step = Callable[..., Any]


class Made:
    """A step, what it trains, and batches for it."""

    def __init__(self, step: Step, model: Any, optimizer: Any, batches: list[tuple[Any, ...]]) -> None:
        self.step, self.model, self.optimizer, self.batches = step, model, optimizer, batches

    def state(self) -> Iterator[tuple[str, Any]]:
        """All that a step leaves behind."""
        for name, tensor in self.model.named_state() if self.model is not None else ():
            yield name, tensor.data.copy()
            yield f"{name}.grad", None if tensor.grad is None else tensor.grad.copy()
        if self.optimizer is not None:
            yield from self.optimizer.state_dict().items()


def _rows(rng: np.random.Generator, n: int, features: int, classes: int, dtype: str = "float32") -> list[Any]:
    return [(rng.normal(size=(n, features)).astype(dtype), rng.integers(0, classes, n)) for _ in range(4)]


def training(loss_of: Step, optimizer: Any, clip: Step | None = None) -> Step:
    """The usual step: the loss of a batch, its gradients, clipped perhaps, the optimizer's step."""

    def step(x, y):
        loss = loss_of(x, y)
        optimizer.zero_grad()
        loss.backward()
        norms = clip() if clip else None
        optimizer.step()
        return (loss, norms) if clip else loss

    return step


def digits() -> Made:
    tg.seed(0)
    model = tg.Sequential(tg.Dense(6, 8, activation="relu", dtype="float32"), tg.Dense(8, 3, dtype="float32"))
    optimizer = tg.optim.Adam(model.parameters(), lr=0.01)
    step = training(lambda x, y: tg.losses.softmax_crossentropy(model(x), y), optimizer)
    return Made(step, model, optimizer, _rows(np.random.default_rng(1), 5, 6, 3))


def moons() -> Made:
    tg.seed(0)
    model = tg.Sequential(
        tg.Dense(2, 16, activation="relu", kernel_regularizer="l2"), tg.Dense(16, 1, kernel_regularizer="l1_l2")
    )
    optimizer = tg.optim.SGD(model.parameters(), lr=tg.optim.schedules.inverse_time(0.1, 0.5))

    def step(x, y):
        out = model(x)
        loss = tg.losses.hinge(out, y) + model.penalty()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "out": [out, None]}

    rng = np.random.default_rng(2)
    return Made(step, model, optimizer, [(rng.normal(size=(9, 2)), rng.choice([-1.0, 1.0], (9, 1))) for _ in range(4)])


def normalized() -> Made:
    tg.seed(0)
    model = tg.Sequential(
        tg.Dense(6, 8), tg.BatchNorm(8), tg.ELU(),
        tg.Dropout(0.4), tg.DropConnect(tg.Dense(8, 8), 0.3), tg.RReLU(), tg.GaussianNoise(0.1), tg.LayerNorm(8),
        tg.Dense(8, 3),
    )  # fmt: skip
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)

    def step(x, y):
        loss = tg.losses.softmax_crossentropy(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return Made(step, model, optimizer, _rows(np.random.default_rng(3), 5, 6, 3, "float64"))


def convolution() -> Made:
    tg.seed(0)
    model = tg.Sequential(
        tg.Conv2D(1, 3, 3, activation="relu"), tg.MaxPool2D(2), tg.SpatialDropout2D(0.2),
        tg.Conv2D(3, 4, 3, padding="same"), tg.FractionalMaxPool2D(1.4), tg.AvgPool2D(2), tg.Flatten(), tg.Dense(4, 3),
    )  # fmt: skip
    optimizer = tg.optim.RMSProp(model.parameters(), lr=0.01)
    step = training(
        lambda x, y: tg.losses.softmax_crossentropy(model(x), y), optimizer,
        clip=lambda: tg.optim.clip_by_global_norm(model.parameters(), 0.5),
    )  # fmt: skip
    rng = np.random.default_rng(4)
    return Made(step, model, optimizer, [(rng.normal(size=(4, 1, 9, 9)), rng.integers(0, 3, 4)) for _ in range(3)])


def sigmoids() -> Made:
    tg.seed(0)
    model = tg.Sequential(*(tg.Dense(4, 4, activation="sigmoid") for _ in range(4)))
    optimizer = tg.optim.SGD(model.parameters(), lr=0.5, momentum=0.9, dampening=0.5)

    def clip():
        tg.optim.clip_by_value(model.parameters(), 0.1)
        return tg.optim.clip_by_norm(model.parameters(), 0.05)

    step = training(lambda x, y: tg.losses.mse(model(x), y), optimizer, clip)
    rng = np.random.default_rng(5)
    return Made(step, model, optimizer, [(rng.normal(size=(3, 4)), rng.normal(size=(3, 4))) for _ in range(4)])


def lookahead() -> Made:
    tg.seed(0)
    model = tg.Sequential(tg.Dense(6, 8, activation="tanh"), tg.Dropout(0.2), tg.Dense(8, 3), tg.Dense(3, 3))
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01, form="lookahead")
    model[3].kernel.requires_grad = False

    def step(x, y):
        def closure():
            optimizer.zero_grad()
            loss = tg.losses.softmax_crossentropy(model(x), y)
            loss.backward()
            return loss

        return optimizer.step(closure)

    return Made(step, model, optimizer, _rows(np.random.default_rng(9), 5, 6, 3, "float64"))


def by_hand() -> Made:
    w = tg.Tensor([[0.1], [0.2]], requires_grad=True)
    b = tg.Tensor([0.0], requires_grad=True)

    def step(x, y):
        loss = np.mean((x @ w + b - y) ** 2)
        loss.backward()
        for p in (w, b):
            p.data -= 0.1 * p.grad
            p.grad = None
        return loss

    class Pair(tg.layers.Module):
        def __init__(self):
            self.w, self.b = w, b

    rng = np.random.default_rng(6)
    return Made(step, Pair(), None, [(rng.normal(size=(4, 2)), rng.normal(size=(4, 1))) for _ in range(4)])


def second_order() -> Made:
    rng = np.random.default_rng(7)
    x, w2 = rng.normal(size=(6, 4)), rng.normal(size=(5, 3))

    def f(w):
        return np.mean(np.tanh(np.tanh(x @ w) @ w2) ** 2)

    def step(w, v):
        return tg.hvp(f)(w, v), tg.value_and_grad(f)(w)

    return Made(step, None, None, [(rng.normal(size=(4, 5)), rng.normal(size=(4, 5))) for _ in range(3)])


def frozen() -> Made:
    tg.seed(0)
    model = tg.Sequential(tg.Dense(3, 3), tg.Dense(3, 2), tg.Dense(2, 2))
    optimizer = tg.optim.AdamW(model.parameters(), lr=0.1)
    for p in model[1].parameters():
        p.requires_grad = False
    step = training(lambda x, y: tg.losses.huber(model(x), y), optimizer)
    rng = np.random.default_rng(8)
    return Made(step, model, optimizer, [(rng.normal(size=(3, 3)), rng.normal(size=(3, 2))) for _ in range(3)])


ALL = [digits, moons, normalized, convolution, sigmoids, lookahead, by_hand, second_order, frozen]


def numbers(x: Any) -> list[Any]:
    """The arrays in what a step returned, and None where it has none."""
    if isinstance(x, (list, tuple)):
        return [found for part in x for found in numbers(part)]
    if isinstance(x, dict):
        return numbers(list(x.values()))
    if x is None:
        return [None]
    return [np.asarray(x.data if isinstance(x, tg.Tensor) else x)]


def equal(a: Any, b: Any) -> bool:
    """Whether two states or results are the same to the last bit."""
    if a is None or b is None or isinstance(a, str):
        return a is b if a is None or b is None else a == b
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def same_bits(ours: Any, theirs: Any, same: Callable[[Any, Any], bool] = equal) -> bool:
    """Whether two states or results have as many arrays, each the same to the last bit."""
    ours, theirs = numbers(ours), numbers(theirs)
    return len(ours) == len(theirs) and all(map(same, ours, theirs))


def agree(make: Callable[[], tuple[Any, ...]], calls: Iterable[tuple[Any, ...]]) -> Any:
    """The program, after it has given the same bits as its step, and left the same behind, call by call.

    make() gives the step, a function for all that it leaves behind, and perhaps one of what happens before call i.
    """
    (eager, its_state, *its_before), (step, state, *before) = make(), make()
    fast = tg.compile(step)
    for i, arguments in enumerate(calls):
        for happen in (*its_before, *before):
            happen(i)
        found = []
        for call, left in ((eager, its_state), (fast, state)):
            tg.seed(i)
            found.append((_outcome(call, arguments), numbers(left())))
        for what, wanted, given in zip(("results", "state"), *found, strict=True):
            assert same_bits(given, wanted), f"{what} of call {i}"
    return fast


def _outcome(call: Step, arguments: tuple[Any, ...]) -> list[Any]:
    try:
        return numbers(call(*arguments))
    except ValueError as error:
        return [str(error)]
