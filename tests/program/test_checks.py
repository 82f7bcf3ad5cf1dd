"""What a loss checks about its targets is checked at every call of a program, as the step itself would."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.captured import check

from .steps import digits, equal

LOGITS = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])
SHARES = np.array([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]])
WRONG = {
    "labels": ("softmax_crossentropy", (LOGITS, np.array([0, 2])), (LOGITS, np.array([0, 3])), "labels go from 0 to 2"),
    "negative labels": (
        "softmax_crossentropy",
        (LOGITS, np.array([0, 2])),
        (LOGITS, np.array([0, -1])),
        "from -1 to 0",
    ),
    "int32 labels": (
        "softmax_crossentropy",
        (LOGITS, np.array([0, 2], np.int32)),
        (LOGITS, np.array([3, 0], np.int32)),
        "labels go from 0 to 2",
    ),
    "one-hot": ("softmax_crossentropy", (LOGITS, np.eye(3)[:2]), (LOGITS, np.ones((2, 3))), "sum to 1 in each row"),
    "signs": ("hinge", (LOGITS, np.sign(LOGITS - 0.1)), (LOGITS, np.abs(LOGITS)), r"−1 and \+1"),
    "probabilities": ("binary_crossentropy", (SHARES, SHARES), (LOGITS, SHARES), "prediction .* is -1 to 3"),
    "targets": ("sigmoid_crossentropy", (LOGITS, SHARES), (LOGITS, LOGITS), "target .* is -1 to 3"),
    "rows": ("categorical_crossentropy", (SHARES, np.eye(3)[:2]), (LOGITS, np.eye(3)[:2]), "prediction .* is -1 to 3"),
}


@pytest.mark.parametrize("which", WRONG)
def test_targets_are_checked_at_each_call(which):
    name, right, wrong, message = WRONG[which]
    loss = tg.losses.get(name)
    fast = tg.compile(lambda a, y: loss(a, y))
    for _ in range(2):
        assert equal(fast(*right).data, loss(*right).data)
        with pytest.raises(ValueError, match=message) as eager:
            loss(*wrong)
        with pytest.raises(ValueError, match=message) as captured:
            fast(*wrong)
        assert str(captured.value) == str(eager.value)
    assert len(fast._programs) == 1


def test_weights_and_targets_that_the_step_refers_to():
    weights, y = np.ones(2), np.array([0, 2])
    fast = tg.compile(lambda a: tg.losses.softmax_crossentropy(a, y, weights=weights))
    fast(LOGITS)
    weights[0] = -1
    with pytest.raises(ValueError, match="weights must be numbers ≥ 0"):
        fast(LOGITS)
    weights[0], y[0] = 1, 3
    with pytest.raises(ValueError, match="labels go from 0 to 2"):
        fast(LOGITS)


def test_a_wrong_call_changes_nothing():
    made = digits()
    fast = tg.compile(made.step)
    x, y = made.batches[0]
    fast(x, y)
    before = list(made.state())
    with pytest.raises(ValueError, match="labels go from 0 to 2"):
        fast(x, y + 2)
    for (name, ours), (_, theirs) in zip(made.state(), before, strict=True):
        assert equal(ours, theirs), name


def test_a_warning_is_given_at_each_call_for_the_users_line():
    fast = tg.compile(lambda p, y: tg.losses.categorical_crossentropy(p, y))
    y = np.array([0, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fast(SHARES, y)
    with pytest.warns(UserWarning, match="do not sum to 1") as caught:
        fast(SHARES / 2, y)
    assert caught[0].filename == __file__


def test_the_page_tells_of_checks_and_the_program_that_runs_makes_them():
    fast = tg.compile(lambda a, labels: tg.losses.softmax_crossentropy(a, labels))
    fast(LOGITS, np.array([0, 1]))
    assert "# checked at each call: are_labels(labels, 3)" in fast.source and "import tinygrad_reg" not in fast.source
    assert "    are_labels(labels, 3, loss='softmax_crossentropy')" in fast.planned_source


def test_a_check_of_a_computed_value():
    def is_small(x, *, limit):
        if np.max(x) > limit:
            raise ValueError(f"too large: {np.max(x)}")

    def step(x):
        h = x * 2
        check(is_small, h, limit=10)
        return np.sum(h)

    fast = tg.compile(step)
    assert fast(np.ones(3)) == 6.0
    with pytest.raises(ValueError, match=r"too large: 12\.0"):
        fast(np.full(3, 6.0))
    scope: dict = {}
    exec(fast.source, scope)
    assert next(f for name, f in scope.items() if callable(f) and name == "step")(x=np.ones(3)) == 6.0


def diverging(times=1, make=tg.optim.SGD):
    """A step that takes `times` steps of its optimizer, and drops the gradients behind each."""
    tg.seed(0)
    a, w = (tg.Tensor([1.0], requires_grad=True, name=name) for name in "aw")
    opt = make([a, w], lr=1e-3)

    def step(x):
        for _ in range(times):
            np.sum(a + x * w).backward()
            opt.step()
            opt.zero_grad()

    return step, (a, w)


def warned(call, first):
    """What calls warn of, when the gradient of w is not finite from step `first` on."""
    found = []
    for i in range(1, 12):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call(np.array([1.0 if i < first else np.inf]))
        found += [(i, str(warning.message)) for warning in caught if warning.filename == __file__]
    return found


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("first", [1, 2, 4, 6, 12])
def test_gradients_that_are_not_finite_are_warned_of_as_eagerly(first, times):
    fast = tg.compile(diverging(times)[0])
    found = warned(fast, first)
    assert found == warned(diverging(times)[0], first) and len(found) == (first < 12)
    assert all("the gradient of w of shape (1,) is not finite" in text for _, text in found)
    assert "diverg" not in fast.source and len(fast._programs) == 1


def test_where_that_is_an_error_nothing_has_moved():
    step, (a, w) = diverging(make=tg.optim.Adam)
    fast = tg.compile(step)
    fast(np.ones(1))
    before = a.data.copy(), w.data.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="step 2 of Adam"):
            fast(np.full(1, np.nan))
    assert equal(a.data, before[0]) and equal(w.data, before[1])


def test_a_program_that_moves_nothing_is_warned_of():
    w, v = (tg.Tensor([1.0], requires_grad=True) for _ in range(2))
    opt = tg.optim.Adam([w], lr=0.1)

    def step(x):
        np.sum(x * v).backward()
        opt.step()

    fast = tg.compile(step)
    fast(np.ones(1))
    fast(np.ones(1))
    with pytest.warns(UserWarning, match="3 steps of Adam have moved nothing") as caught:
        fast(np.ones(1))
    assert caught[0].filename == __file__
    fast(np.ones(1))  # once is enough


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "uint64"])
def test_labels_pick_by_their_places_in_memory_only_where_they_were_checked(dtype):
    """What is out of range would be in the next row: an op that is called without the loss does not check."""
    z = tg.Tensor(np.random.default_rng(0).normal(size=(4, 3)), requires_grad=True)

    def gradient(call, y):
        z.grad = None
        return call(y).data, z.grad.copy()

    for loss, is_checked in ((tg.losses.softmax_crossentropy, True), (tg.ops.softmax_crossentropy, False)):

        def step(y, loss=loss):
            out = loss(z * 2, y)
            np.sum(out).backward()
            return out

        fast = tg.compile(step)
        for labels in ([0, 1, 2, 0], [2, 2, 0, 1]) if is_checked or dtype[0] == "u" else ([0, -1, 2, -3], [2, 2, 0, 1]):
            y = np.array(labels, dtype)
            assert all(map(equal, gradient(fast, y), gradient(step, y)))
        assert (".take(" in fast.planned_source) == (is_checked and dtype == "int64")
        with pytest.raises(ValueError if is_checked else IndexError):
            fast(np.array([0, 3, 1, 1], dtype))
