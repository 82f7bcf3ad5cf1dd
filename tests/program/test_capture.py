"""What a capture leaves behind where it ends or is refused: nothing has changed, and nothing of it lives on."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import digits, equal

X = np.array([[1.0, 2.0], [3.0, 4.0]])
w = tg.Tensor([1.0, 2.0], requires_grad=True)


def test_nothing_has_changed_after_a_refusal():
    made, same = digits(), digits()
    model, step = made.model, made.step

    def refused(x, y):
        loss = step(x, y)
        return loss if loss.item() > 0 else None

    batch = made.batches[0]
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"loss\.item\(\)"):
            tg.compile(refused)(*batch)
    assert equal(step(*batch).data, same.step(*batch).data)
    for (name, ours), (_, theirs) in zip(made.state(), same.state(), strict=True):
        assert equal(ours, theirs), name
    assert all(type(p._data) is np.ndarray for p in model.parameters())


def test_an_error_of_the_users_leaves_everything_as_it_was():
    def wrong(x):
        tg.ops.normal(shape=(2,))
        return x @ w @ w

    tg.seed(0)
    first = tg.ops.normal(shape=(2,)).data
    tg.seed(0)
    with pytest.raises(ValueError, match="matmul"):
        tg.compile(wrong)(np.ones((3, 2)))
    assert equal(tg.ops.normal(shape=(2,)).data, first)
    assert type(w.data) is np.ndarray


def test_a_value_that_was_not_returned_has_no_numbers():
    kept = []

    def step(x):
        loss = np.sum(x @ w)
        kept.append(loss)
        return loss

    fast = tg.compile(step)
    fast(X)
    with pytest.raises(RuntimeError, match="return loss"):
        kept[0].item()


def test_a_graph_from_outside_is_refused():
    h = w * 2
    with pytest.raises(RuntimeError, match=r"h was computed before the step.*detach"):
        tg.compile(lambda x: np.sum(x @ h))(X)


def test_a_seed_inside_is_refused():
    def step(x):
        tg.seed(0)
        return x * tg.ops.normal(shape=x.shape)

    tg.seed(1)
    with pytest.raises(RuntimeError, match=r"tg\.seed\(\)"):
        tg.compile(step)(X)


@pytest.mark.parametrize("x", [np.array([None]), np.array(["a"]), np.array(["2020"], "M8[Y]"), np.array([1j])])
def test_messages_know_no_names_of_the_house(x):
    steps = [lambda x: x @ w, lambda x: np.exp(tg.Tensor(x)), lambda x: memoryview(x)]
    for step in steps[: 2 if x.dtype.kind == "O" else 3]:  # an array of objects is what it is
        with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
            tg.compile(step)(x)
        assert "Recorded" not in str(caught.value)
