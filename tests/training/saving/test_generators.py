"""Random generators of a resumed run go on where they were, wherever they are, whenever they were made or seeded."""

import random
from functools import partial

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.training.saving import container

from .remembered import everything, make, train


class Holding:
    """Draws from what it holds."""

    def __init__(self, draws):
        self.inner = {"draws": [draws]}

    def __call__(self, x):
        return x + 0.1 * self.inner["draws"][0](size=x.shape)


class Slotted(Holding):
    __slots__ = ("inner",)


class NoisyLayer(tg.Module):
    def __init__(self, draws):
        self.add = Holding(draws)

    def forward(self, x):
        return self.add(x)


class Shaking(tg.Callback):
    def __init__(self, draws):
        self.shake = Holding(draws)

    def on_batch_end(self, batch, logs):
        for p in self.run.model.parameters():
            p.data = self.shake(p.data)


def called_by_another(draws):
    def helper(x):
        return np.stack([row + (lambda: draws(size=row.shape))() for row in x])

    return lambda x: helper(x)


def legacy(_):
    return lambda x: x + 0.1 * np.random.normal(size=x.shape)  # noqa: NPY002 - as many scripts do


def python(_):
    return lambda x: x * random.random()


def noisy_loss(draws):
    return lambda prediction, target: tg.losses.mse(prediction, target + draws(size=target.shape))


PLACES = {
    "np.random": (legacy, "augment"), "random": (python, "augment"), "an object": (Holding, "augment"),
    "slots": (Slotted, "augment"), "a helper": (called_by_another, "augment"), "a loss": (noisy_loss, "loss"),
    "Lambda": (lambda draws: tg.Lambda(Holding(draws)), "layer"), "a layer": (NoisyLayer, "layer"),
    "a callback": (Shaking, "callbacks"),
    "partial": (lambda draws: partial(lambda add, x: add(x), Holding(draws)), "augment"),
}  # fmt: skip


@pytest.mark.parametrize("kind", [np.random.default_rng, np.random.RandomState])
@pytest.mark.parametrize("place", PLACES)
def test_generators_wherever_they_can_be_seen_go_on_where_they_were(place, kind, tmp_path):
    make_it, where = PLACES[place]
    x = np.random.default_rng(0).normal(size=(12, 2))

    def script(epochs, path):
        tg.seed(0), np.random.seed(0), random.seed(0)  # noqa: NPY002
        it = make_it(kind(5).normal)
        model = tg.Sequential(*[it] * (where == "layer"), tg.Dense(2, 1))
        options = {where: it} if where in ("augment", "loss", "callbacks") else {}
        options = {"loss": "mse", "optimizer": "sgd", "verbose": 0, "batch_size": 4, **options}
        tg.fit(model, x, x[:, :1], epochs=epochs, resume=tmp_path / path, **options)
        return model[-1].kernel.data.tolist()

    whole = script(4, "whole")
    script(2, "part")
    assert script(4, "part") == whole
    held = container.read(tmp_path / "part")["generators"]
    assert {"np.random", "random"} & held.keys() == ({place} & {"np.random", "random"})  # as they are, where unused


class SeedsAtTheEnd(tg.Callback):
    def on_epoch_end(self, epoch, logs):
        tg.seed(epoch)


class SeedsAtTheBeginning(tg.Callback):
    def on_train_begin(self):
        tg.seed(3)
        np.random.seed(3)  # noqa: NPY002 - as many scripts do
        self.run.model[3].rng = np.random.default_rng(4)

    def on_batch_end(self, batch, logs):
        bias = self.run.model[-1].bias
        bias.data = bias.data + 0.01 * np.random.normal(size=bias.shape)  # noqa: NPY002


class MakesItsOwn(tg.Callback):
    def on_train_begin(self):
        self.draws = np.random.default_rng(1)

    def on_batch_end(self, batch, logs):
        bias = self.run.model[-1].bias
        bias.data = bias.data + 0.01 * self.draws.normal(size=bias.shape)


@pytest.mark.parametrize("kind", [SeedsAtTheEnd, SeedsAtTheBeginning, MakesItsOwn])
def test_what_callbacks_seed_and_make_as_they_begin_is_not_drawn_again(kind, tmp_path):
    whole = make()
    train(*whole, 4, tmp_path / "whole", [kind()])
    expected = everything(*whole)
    train(*make(), 2, tmp_path / "part", [kind()])
    part = make(seed=0)
    train(*part, 4, tmp_path / "part", [kind()])
    assert everything(*part) == expected
