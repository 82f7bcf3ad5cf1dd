"""GradientRecorder: a callback that writes down how large each layer's gradient is, step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..answers import checks
from ..diagnostics import gradient_norms
from .callbacks import RememberingCallback


class GradientRecorder(RememberingCallback):
    """Records ‖∂loss/∂(the parameters of each layer)‖ at every `every`-th step: what viz.gradient_heatmap shows.

    `steps` are the numbers of the steps, 0 before the first update; `norms` has a list by layer. The history of the
    training holds the recorder as `.gradients`. The norms are those before clipping.

    >>> import tinygrad_reg as tg
    >>> x, y = tg.data.moons(64, rng=0)
    >>> model = tg.Sequential(tg.Dense(2, 8, "sigmoid"), tg.Dense(8, 8, "sigmoid"), tg.Dense(8, 2))
    >>> recorder = tg.GradientRecorder(every=2)
    >>> options = {"loss": "softmax_crossentropy", "optimizer": "sgd", "epochs": 3, "verbose": 0}
    >>> history = tg.fit(model, x, y, callbacks=[recorder], **options)
    >>> recorder.steps, list(recorder.norms)
    ([0, 2, 4], ['0', '1', '2'])
    >>> [len(norms) for norms in recorder.norms.values()], history.gradients is recorder
    ([3, 3, 3], True)
    """

    def __init__(self, every: int = 1) -> None:
        self.every = checks.whole("every", every)
        super().__init__()

    def forget(self) -> None:
        """Nothing was seen yet."""
        self.steps: list[int] = []
        self.norms: dict[str, list[float]] = {}
        self.seen = 0

    def on_train_begin(self) -> None:
        """The history of the training holds the recorder."""
        super().on_train_begin()
        self.run.history.gradients = self

    def on_gradient(self, batch: int) -> None:
        """Write the norms down; a layer without a gradient has NaN."""
        if self.seen % self.every == 0:
            norms = gradient_norms(self.run.model)
            for layer in {**self.norms, **norms}:
                self.norms.setdefault(layer, [math.nan] * len(self.steps)).append(norms.get(layer, math.nan))
            self.steps.append(self.seen)
        self.seen += 1

    def state_dict(self) -> dict[str, Any]:
        """All that was recorded."""
        norms = {layer: np.array(values, np.float64) for layer, values in self.norms.items()}
        return {"seen": self.seen, "steps": np.array(self.steps, np.int64), "norms": norms}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Record on."""
        steps = state["steps"].tolist()
        norms = {layer: values.tolist() for layer, values in state["norms"].items()}
        if any(len(values) != len(steps) for values in norms.values()):
            raise ValueError("the gradients that were recorded do not have one norm for each step")
        seen = state["seen"]
        if not isinstance(seen, int) or not max(steps, default=-1) < seen < 2**53:
            raise ValueError(f"the number of steps that GradientRecorder has seen is {seen!r}")
        self.seen, self.steps, self.norms = seen, steps, norms
        self.loaded = True
