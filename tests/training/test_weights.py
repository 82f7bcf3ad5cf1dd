"""Weights of samples and classes: what they do to the loss, and when they leave nothing to learn."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.data import batches

from .small import RNG, X, Y, same, small, trained


def test_sample_and_class_weights_scale_the_loss_of_a_sample():
    weights, by_class = RNG.uniform(0, 2, 40), {0: 1.0, 1: 0.0, 2: 3.0}
    a, b = small(), small()
    tg.seed(1)
    tg.fit(a, X, Y, loss="softmax_crossentropy", optimizer="sgd", verbose=0,
        sample_weight=weights, class_weight=by_class,
    )  # fmt: skip
    tg.seed(1)
    optimizer = tg.optim.SGD(b.parameters())
    for x, y, w in batches(X, Y, weights * np.array([1.0, 0.0, 3.0])[Y]):
        (tg.losses.softmax_crossentropy(b(x), y, weights=w) + b.penalty()).backward()
        optimizer.step()
        b.project(optimizer.lr)
        optimizer.zero_grad()
    same(a, b)


def test_weights_that_leave_nothing_to_train_on_are_refused():
    x = np.ones((10, 2))
    weights = np.r_[np.zeros(8), 1, 1]
    options = {"loss": "mse", "optimizer": "sgd", "verbose": 0}
    with pytest.raises(ValueError, match="all 8 samples that validation_split leaves for training have the weight 0"):
        tg.fit(tg.Dense(2, 1), x, x[:, :1], sample_weight=weights, validation_split=0.2, **options)
    with pytest.raises(TypeError, match="sample_weight must hold numbers, not <U1"):
        tg.fit(tg.Dense(2, 1), x, x[:, :1], sample_weight=["1"] * 10, **options)
    with pytest.raises(ValueError, match="has none for 0: it has '0', '1'"):
        tg.fit(tg.Dense(2, 1), x, [0] * 5 + [1] * 5, class_weight={"0": 1, "1": 2}, **options)


def test_one_kind_of_weights_leaves_the_other_at_1():
    plain, by_class = trained(), {0: 1.0, 1: 2.0, 2: 0.5}
    assert trained(sample_weight=np.ones(40)) == trained(class_weight=dict.fromkeys(range(3), 1.0)) == plain
    weighted = trained(class_weight=by_class)
    assert weighted == trained(sample_weight=np.array([1.0, 2.0, 0.5])[Y]) != plain
    assert trained(class_weight=by_class, y=np.eye(3)[Y]) == weighted
