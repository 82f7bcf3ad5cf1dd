"""A program that fails at a replay: which op and line it was, and what is left of state."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_reg as tg

REGULAR, SINGULAR = np.array([[2.0, 1.0], [1.0, 2.0]]), np.ones((2, 2))


def failing(early):
    """A step whose inverse fails before or behind the update, and what it moves."""
    w, v = tg.Tensor([[1.0], [2.0]], requires_grad=True), tg.Tensor([1.0])
    norm = tg.layers.BatchNorm(1)
    opt = tg.optim.Adam([w, *norm.parameters()], lr=0.1)

    def step(x):
        v.data = v.data + 1
        out = np.sum(norm(x @ w) ** 2 + x @ w)
        if early:
            out = out + np.sum(np.linalg.inv(x))
        opt.zero_grad()
        out.backward()
        opt.step()
        if not early:
            out = out + np.linalg.inv(x).sum()
        return out

    def state():
        arrays = (w.data, v.data, norm.moving_mean.data, norm.moving_var.data)
        return [*(array.tolist() for array in arrays), opt.steps]

    return tg.compile(step), state


@pytest.mark.parametrize("calls", [1, 3])  # the first replay, and later ones
@pytest.mark.parametrize("early", [True, False])
def test_an_error_has_a_note_with_the_op_and_the_users_line(early, calls):
    fast, _ = failing(early)
    for _ in range(calls):
        fast(REGULAR)
    with pytest.raises(np.linalg.LinAlgError) as caught:
        fast(SINGULAR)
    (note,) = caught.value.__notes__
    assert note.startswith("in inv, line ")
    assert f"of test_failing.py: out = out + np.{'sum(np.' if early else ''}linalg.inv(x)" in note


def test_the_note_tells_of_a_derivative():
    @tg.primitive
    def stiff(x):
        return x * 1.0

    @stiff.derivative("1")
    def stiff_x(g, out, x):
        return g @ np.linalg.inv(x)

    def step(x):
        z = tg.Tensor(x, requires_grad=True)
        np.sum(stiff(z)).backward()
        return z.grad

    fast = tg.compile(step)
    fast(REGULAR)
    with pytest.raises(np.linalg.LinAlgError) as caught:
        fast(SINGULAR)
    assert "in the derivative of stiff, line" in caught.value.__notes__[0]
    assert caught.value.__notes__[0].endswith("np.sum(stiff(z)).backward()")


@pytest.mark.parametrize("calls", [1, 3])
def test_what_fails_before_the_update_changes_nothing(calls):
    fast, state = failing(early=True)
    for _ in range(calls):
        fast(REGULAR)
    before = state()
    with pytest.raises(np.linalg.LinAlgError):
        fast(SINGULAR)
    assert state() == before
    fast(REGULAR)
    assert state() != before


@pytest.mark.parametrize("calls", [1, 3])
def test_what_fails_behind_the_update_leaves_what_the_step_would_have_left(calls):
    (fast, ours), (eager, theirs) = failing(early=False), failing(early=False)
    for _ in range(calls):
        fast(REGULAR)
        eager.step(REGULAR)
    for call in (fast, eager.step):
        with pytest.raises(np.linalg.LinAlgError):
            call(SINGULAR)
    assert ours() == theirs()
    assert fast(REGULAR).item() == eager.step(REGULAR).item()  # the clock of Adam's moments, too
    assert ours() == theirs()


@pytest.mark.parametrize("which", [0, 1])
def test_what_fails_between_two_updates(which):
    def make():
        w = tg.Tensor([[1.0], [2.0]], requires_grad=True)
        opt = tg.optim.Adam([w], lr=0.1)

        def step(x, y):
            for z in (x, y):
                opt.zero_grad()
                np.sum(np.linalg.inv(z) @ w).backward()
                opt.step()

        return step, lambda: [w.data.tolist(), opt.steps, opt.state_dict()["clocks"].tolist()]

    (step, theirs), (captured, ours) = make(), make()
    fast = tg.compile(captured)
    given = [REGULAR, REGULAR]
    given[which] = SINGULAR
    for call in (fast, step):
        call(REGULAR, REGULAR)
        with pytest.raises(np.linalg.LinAlgError):
            call(*given)
    assert ours() == theirs() and ours()[1] == 2 + which


def test_what_fails_where_an_optimizer_looks_ahead():
    w = tg.Tensor([[1.0], [2.0]], requires_grad=True)
    opt = tg.optim.SGD([w], lr=0.1, momentum=0.9, form="lookahead")

    def step(x):
        def closure():
            opt.zero_grad()
            np.sum(np.linalg.inv(x) @ w).backward()

        opt.step(closure)

    fast = tg.compile(step)
    fast(REGULAR)
    fast(REGULAR)
    before = w.data.copy()
    with pytest.raises(np.linalg.LinAlgError):
        fast(SINGULAR)
    assert np.array_equal(w.data, before) and opt.steps == 2  # not where the gradient was to be measured


def test_ctrl_c_behind_the_update():
    @tg.primitive
    def patient(x):
        if x.max() > 5:  # it looks at a value, so a program calls it as it is
            raise KeyboardInterrupt
        return x * 1.0

    w, late = tg.Tensor([1.0, 2.0], requires_grad=True), tg.Tensor([0.0, 0.0])
    opt = tg.optim.Adam([w], lr=0.1)

    def step(x):
        opt.zero_grad()
        np.sum(x * w).backward()
        opt.step()
        late.data = late.data + 1
        return patient(late * x)

    fast = tg.compile(step)
    fast(np.ones(2))
    before = w.data.copy()
    with pytest.raises(KeyboardInterrupt):
        fast(np.full(2, 9.0))
    assert np.all(w.data < before) and opt.steps == 2 and late.data.tolist() == [2.0, 2.0]


def test_labels_that_are_computed_are_checked_before_anything_moves():
    """They need nothing but what is given: the check comes before the update, the masks and the moving statistics."""
    tg.seed(0)
    model = tg.Sequential(tg.Dense(2, 4), tg.BatchNorm(4), tg.Dropout(0.5), tg.Dense(4, 3))
    opt = tg.optim.Adam(model.parameters(), lr=0.1)

    def step(x, y, t):
        for labels in (y[:, 0] - 1, t):
            opt.zero_grad()
            tg.losses.softmax_crossentropy(model(x), labels).backward()
            opt.step()

    def state():
        return [*(np.array(x) for x in model.state_dict().values()), opt.steps]

    fast, rng = tg.compile(step), tg.modes.generator()
    x, right, wrong = np.eye(2), np.array([[1], [3]]), np.array([[1], [4]])
    for _ in range(2):
        fast(x, right, tg.Tensor(np.array([0, 2])))
        before, drawn = state(), rng.bit_generator.state
        for given in ((wrong, [0, 2]), (right, [0, 3])):
            with pytest.raises(ValueError, match="labels go from 0 to 2"):
                fast(x, given[0], tg.Tensor(np.array(given[1])))
        assert all(map(np.array_equal, state(), before)) and rng.bit_generator.state == drawn


def test_a_program_that_is_overtaken_by_another_thread_says_so(monkeypatch):
    w = tg.Tensor([1.0, 2.0], requires_grad=True)
    optimizer = tg.optim.SGD([w])

    def step(x):
        optimizer.zero_grad()
        (w * x).sum().backward()
        optimizer.step()

    fast = tg.compile(step)
    captured = fast._captured

    def overtaken(args, options):
        replay = captured(args, options)
        w.data = [7.0]
        return replay

    monkeypatch.setattr(fast, "_captured", overtaken)
    with pytest.raises(RuntimeError, match="no other thread may use the parameters"):
        fast(np.ones(2))
    assert optimizer.steps == 0
