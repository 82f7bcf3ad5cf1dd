"""What Python read besides arrays: a change captures again, and nothing stale is replayed."""

from __future__ import annotations

import copy
import functools
import types
from collections import deque

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import digits, equal, normalized, sigmoids

X = np.array([1.0, 2.0])
SCALE = 1.0
TABLE = {"scale": 1.0}
LIST = [1.0]
settings = types.SimpleNamespace(scale=1.0)
module = types.ModuleType("a_module_of_the_user")


def scaled(x):
    return x * SCALE


@pytest.fixture(autouse=True)
def _reset():
    global SCALE
    yield
    SCALE = TABLE["scale"] = LIST[0] = settings.scale = 1.0


def test_a_global_that_a_called_function_reads_is_read_anew():
    global SCALE
    w = tg.Tensor(X, requires_grad=True)
    fast = tg.compile(lambda x: np.sum(scaled(x) * w))
    assert fast(X).item() == 5.0
    SCALE = 2.0
    assert fast(X).item() == 10.0


@pytest.mark.parametrize("place", ["dict", "list", "object", "closure", "default"])
def test_a_number_wherever_it_stands_is_read_anew(place):
    factor = 1.0
    w = tg.Tensor(X, requires_grad=True)
    steps = {
        "dict": lambda x: np.sum(x * w * TABLE["scale"]),
        "list": lambda x: np.sum(x * w * LIST[0]),
        "object": lambda x: np.sum(x * w * settings.scale),
        "closure": lambda x: np.sum(x * w * factor),
        "default": lambda x, box=LIST: np.sum(x * w * box[0]),
    }
    fast = tg.compile(steps[place])
    assert fast(X).item() == 5.0
    TABLE["scale"] = LIST[0] = settings.scale = factor = 3.0
    assert fast(X).item() == 15.0
    assert fast(X).item() == 15.0 and len(fast._programs) == 2
    TABLE["scale"] = LIST[0] = settings.scale = factor = 1.0
    assert fast(X).item() == 5.0 and len(fast._programs) == 2


def test_each_number_among_the_arguments_has_its_program():
    w = tg.Tensor(X, requires_grad=True)
    fast = tg.compile(lambda x, power=1: np.sum(x * w**power))
    assert [fast(X, 1).item(), fast(X, power=2).item(), fast(X, 1).item()] == [5.0, 9.0, 5.0]
    assert len(fast._programs) == 2


def test_train_and_eval_make_two_programs():
    made = normalized()
    model, x = made.model, made.batches[0][0]
    fast = tg.compile(lambda x: model(x))
    tg.seed(0)
    fast(x)
    model.eval()
    assert equal(fast(x).data, model(x).data)
    model.train()
    tg.seed(1)
    ours = fast(x).data
    tg.seed(1)
    assert equal(ours, model(x).data)


def test_a_setting_of_a_layer_is_read_anew():
    layer = tg.LeakyReLU(0.1)
    fast = tg.compile(lambda x: layer(x))
    assert equal(fast(-X).data, -0.1 * X)
    layer.alpha = 0.5
    assert equal(fast(-X).data, -0.5 * X)


def test_a_layer_that_is_exchanged_is_seen():
    model = tg.Sequential(tg.Dense(2, 2), tg.ReLU())
    fast = tg.compile(lambda x: model(x))
    x = np.ones((1, 2))
    fast(x)
    model[0].kernel = tg.Tensor(np.eye(2), requires_grad=True)
    assert equal(fast(x).data, model(x).data)


def test_the_learning_rate_is_no_guard():
    eager, captured = digits(), digits()
    fast = tg.compile(captured.step)
    for i, batch in enumerate(eager.batches):
        eager.optimizer.lr = captured.optimizer.lr = 0.1 / (i + 1)
        eager.step(*batch)
        fast(*batch)
    for (name, ours), (_, theirs) in zip(captured.state(), eager.state(), strict=True):
        assert equal(ours, theirs), name
    assert len(fast._programs) == 1


def test_the_learning_rate_that_the_step_reads_is_one():
    opt = tg.optim.SGD([tg.Tensor(X, requires_grad=True)], lr=0.5)
    w = tg.Tensor(X, requires_grad=True)
    fast = tg.compile(lambda x: np.sum(x * w) * opt.lr)
    assert fast(X).item() == 2.5
    opt.lr = 1.0
    assert fast(X).item() == 5.0


def test_parameters_that_are_frozen_in_between_stay():
    eager, captured = sigmoids(), sigmoids()
    fast = tg.compile(captured.step)
    for i, batch in enumerate(eager.batches * 2):
        for made in (eager, captured):
            for p in made.model[1].parameters():
                p.requires_grad = i % 3 != 1
        eager.step(*batch)
        fast(*batch)
        for (name, ours), (_, theirs) in zip(captured.state(), eager.state(), strict=True):
            assert equal(ours, theirs), f"{name} after call {i}"


def test_an_optimizer_that_is_resumed_goes_on_as_eagerly():
    eager, captured = digits(), digits()
    fast = tg.compile(captured.step)
    saved = [made.optimizer.state_dict() for made in (eager, captured)]
    for batch in eager.batches:
        eager.step(*batch)
        fast(*batch)
    for made, state in zip((eager, captured), saved, strict=True):
        made.optimizer.load_state_dict(state)
    assert equal(eager.step(*batch).data, fast(*batch).data)
    assert equal(eager.model[0].kernel.data, captured.model[0].kernel.data)


def test_that_an_optimizer_has_warned_captures_nothing_anew_where_any_attribute_may_be_read():
    w = tg.Tensor(X, requires_grad=True)
    optimizer, captures = tg.optim.SGD([w], lr=0.1), []

    def step(x):
        captures.append(1)
        loss = np.sum(x * w) * getattr(settings, "scale")  # noqa: B009 - so any name may be asked for
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    fast = tg.compile(step)
    fast(X)
    optimizer.warned_of_divergence = True
    fast(X)
    assert len(captures) == 1
    settings.scale = 2.0
    fast(X)
    assert len(captures) == 2


def test_what_comes_and_goes_finds_its_program_again():
    """A mode in turn, gradients that are there or are not: each was captured anew at every call."""
    w, layer, made = tg.Tensor(X, requires_grad=True), tg.Dropout(0.0), set()

    def step(x):
        loss = np.sum(layer(x * w))
        loss.backward()
        return loss

    fast = tg.compile(step)
    for i in range(12):
        layer.train(i % 2 == 0)
        if i % 4 == 0:
            w.grad = None
        assert fast(X).item() == 5.0 and equal(w.grad, X * (i % 4 + 1))
        made.update(fast._programs)
    assert len(made) == 3  # training without a gradient, evaluation and training with one


def test_a_tensor_that_this_way_of_the_step_passes_by_captures_nothing_anew():
    """Its shape is asked for; where a mode was set since, in any model, the answer was taken for another."""
    layer, count, made = tg.Dropout(0.0), tg.Tensor(0.0), set()

    def step(x):
        if layer.training:
            count.data = count.data + 1
        return x * 2

    fast = tg.compile(step)
    for i in range(8):
        layer.train(i % 2 == 0)
        fast(X)
        made.update(fast._programs)
    assert len(made) == 2 and count.item() == 4


def test_captures_at_every_call_are_told_of():
    beta, layer = 1.0, tg.Dropout(0.0)

    def step(x):
        return x * beta if layer.training else x

    fast = tg.compile(step)
    for _ in range(9):
        beta *= 0.9
        fast(X)
    fast(X)  # by the program that there is: from here on they are counted anew
    for _ in range(10):
        with pytest.raises(TypeError):
            fast("no array")  # is none
    for i in range(9):
        beta *= 0.9
        layer.train(i % 2 == 0)
        fast(X)
        layer.train()
    beta *= 0.9
    with pytest.warns(UserWarning, match=r"step was captured anew .* last 10 calls, as 'beta' was another each time"):
        fast(X)
    beta = tg.Tensor(1.0)
    for _ in range(12):
        beta.data = beta.data * 0.9
        assert equal(fast(X).data, X * beta.data)


def test_a_setting_that_is_called_steps_is_not_the_optimizers():
    """The word made every call of the program another capture."""
    w, settings = tg.Tensor(X, requires_grad=True), types.SimpleNamespace(steps=2)
    optimizer = tg.optim.SGD([w], lr=0.1)

    def step(x):
        for _ in range(settings.steps):
            optimizer.zero_grad()
            np.sum((x * w) ** 2).backward()
            optimizer.step()

    fast, made = tg.compile(step), set()
    for _ in range(4):
        fast(X)
        made.update(fast._programs)
    assert len(made) == 1 and optimizer.steps == 8


def test_the_steps_of_an_optimizer_that_the_step_asks_for():
    def made():
        w = tg.Tensor(X, requires_grad=True)
        optimizer = tg.optim.SGD([w], lr=0.1)

        def step(x):
            optimizer.zero_grad()
            loss = np.sum((x * w) ** 2) * (1 if optimizer.steps < 3 else 2)
            loss.backward()
            optimizer.step()
            return loss * optimizer.steps

        return step, optimizer

    (step, optimizer), (other, _) = made(), made()
    fast = tg.compile(step)
    for i in range(6):
        assert equal(fast(X).data, other(X).data) and optimizer.steps == i + 1
    setting = tg.compile(lambda x: setattr(optimizer, "steps", 0))
    with pytest.raises(RuntimeError, match=r"sets the steps of an optimizer, .* only once. Set them outside"):
        setting(X)
    assert optimizer.steps == 6


def test_shapes_and_dtypes_make_programs_that_are_kept_up_to_a_number():
    w = tg.Tensor(2.0, requires_grad=True)
    fast = tg.compile(lambda x: np.sum(x * w))
    with pytest.warns(UserWarning, match="as what it is given was another each time"):
        for n in range(1, 12):
            assert fast(np.ones(n)).item() == 2.0 * n
    assert fast(np.ones(3, np.float32)).item() == 6.0
    assert len(fast._programs) == 8


def test_no_grad_is_another_program():
    w = tg.Tensor(X, requires_grad=True)
    fast = tg.compile(lambda x: np.sum(x * w))
    fast(X)
    with tg.no_grad():
        fast(X)
    assert len(fast._programs) == 2


def test_the_default_dtype_is_another_program():
    fast = tg.compile(lambda x: tg.ops.normal(shape=x.shape))
    assert fast(X).dtype == np.float64
    tg.set_default_dtype("float32")
    try:
        assert fast(X).dtype == np.float32
    finally:
        tg.set_default_dtype("float64")


def test_arrays_that_the_step_closes_over_are_referred_to():
    data = np.array([1.0, 1.0])
    w = tg.Tensor(X, requires_grad=True)
    fast = tg.compile(lambda x: np.sum(w * data * x))
    assert fast(X).item() == 5.0
    data[:] = 2.0
    assert fast(X).item() == 10.0
    data = np.array([3.0, 3.0])
    assert fast(X).item() == 15.0


def test_an_array_that_is_exchanged_in_a_list_is_seen():
    arrays = [np.array([1.0, 1.0]), np.array([2.0, 2.0])]
    w = tg.Tensor(X, requires_grad=True)
    fast = tg.compile(lambda x: np.sum(x * w * arrays[1]))
    assert fast(X).item() == 10.0
    arrays[1] = np.array([3.0, 3.0])
    assert fast(X).item() == 15.0


class Base:
    scale = 1.0

    def scaled(self, x):
        return x * self.scale * SCALE


class Trainer(Base):
    def step(self, x):
        return np.sum(self.scaled(x))


@pytest.mark.parametrize("how", ["step", "closure", "argument"])
def test_methods_and_what_their_classes_hold_are_read_anew(how, monkeypatch):
    trainer = Trainer()
    fast = tg.compile({"step": trainer.step, "closure": lambda x: trainer.step(x), "argument": Trainer.step}[how])
    given = (trainer, X) if how == "argument" else (X,)
    assert fast(*given) == 3.0
    monkeypatch.setattr(Base, "scale", 2.0)
    assert fast(*given) == 6.0
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    assert fast(*given) == 30.0


def test_a_model_among_the_arguments_is_looked_at_anew():
    model, x = tg.Sequential(tg.LeakyReLU(0.1), tg.Dropout(0.5)), -np.ones((3, 4))
    fast = tg.compile(lambda model, x: model(x))
    fast(model, x)
    model.eval()
    assert equal(fast(model, x).data, 0.1 * x)
    model[0].alpha = 0.5
    assert equal(fast(model, x).data, 0.5 * x)


@pytest.mark.parametrize("how", ["step", "closure"])
def test_what_a_partial_function_reads_is_read_anew(how):
    factor = 1.0

    def times(x, power):
        return x * factor**power

    cubed = functools.partial(times, power=3)
    fast = tg.compile(cubed if how == "step" else lambda x: cubed(x))
    fast(X)
    factor = 2.0
    assert equal(fast(X), 8 * X)


def test_dicts_sets_and_deques_that_change_are_read_anew():
    named, some, last = {}, {1}, deque([1.0])
    fast = tg.compile(lambda x: x * named.get("scale", 1.0) * len(some) * last[0])
    assert equal(fast(X), X)
    named["scale"] = 2.0
    assert equal(fast(X), 2 * X)
    some.add(2)
    assert equal(fast(X), 4 * X)
    last[0] = 2.0
    assert equal(fast(X), 8 * X)


def test_a_dict_in_a_module_is_read_anew():
    module.TABLE = {"scale": 1.0}
    fast = tg.compile(lambda x: x * module.TABLE["scale"])
    fast(X)
    module.TABLE["scale"] = 2.0
    assert equal(fast(X), 2 * X)


def test_minus_zero_is_another_number():
    zero = 0.0
    fast, given = tg.compile(lambda x: np.copysign(x, zero)), tg.compile(lambda x, zero: np.copysign(x, zero))
    assert equal(fast(X), X) and equal(given(X, 0.0), X)
    zero = -0.0
    assert equal(fast(X), -X) and equal(given(X, -0.0), -X)


def test_a_scheduled_rate_that_is_read_behind_the_step_is_the_next_one():
    def values(compiled):
        w = tg.Tensor(X, requires_grad=True)
        opt = tg.optim.SGD([w], lr=lambda t: 0.4 * 0.5 ** (t // 2))

        def step():
            opt.zero_grad()
            np.sum(w * w).backward()
            opt.step()
            return np.sum(w) * opt.lr

        taken = tg.compile(step) if compiled else step
        return [taken().item() for _ in range(6)]

    assert values(compiled=True) == values(compiled=False)


@pytest.mark.parametrize("clear", ["optimizer", "model", "by hand"])
def test_a_gradient_that_is_there_before_is_added_to_where_the_step_clears_at_its_end(clear):
    def make():
        w = tg.Tensor([1.0, 2.0], requires_grad=True)
        optimizer = tg.optim.SGD([w], lr=0.1)

        def step(x):
            loss = np.sum(x * w)
            loss.backward()
            optimizer.step()
            if clear == "optimizer":
                optimizer.zero_grad()
            elif clear == "model":
                w.grad = 0
            else:
                w.grad = None
            return loss

        return w, step

    (w, step), (v, eager) = make(), make()
    fast = tg.compile(step)
    for i in range(6):
        for t, call in ((w, fast), (v, eager)):
            if i in (1, 3, 4):
                t.grad = np.array([10.0, 10.0])
            call(np.ones(2))
        assert equal(w.data, v.data), i


@pytest.mark.parametrize("value", [np.ones(2), np.ones(1), tg.Tensor([1.0], requires_grad=True), [1.0], 1.0])
def test_another_dict_with_the_same_in_it_is_seen(value):
    """Equal numbers in it are the same; arrays and Tensors are objects, and gradients go to the new one."""
    table = {"k": value}

    def step(x):
        scale = table["k"]
        found = np.sum(x * (scale[0] if type(scale) is list else scale))
        if isinstance(scale, tg.Tensor):
            found.backward()
        return found

    fast = tg.compile(step)
    for i in range(3):
        table = {"k": copy.deepcopy(value)}
        assert fast(np.ones(2)) == 2 and len(fast._programs) == (1 if type(value) is float else i + 1)
        if isinstance(value, tg.Tensor):
            assert equal(table["k"].grad, np.full(1, 2.0)), i


def test_an_attribute_of_a_layer_that_is_deleted_is_seen():
    layer = tg.LeakyReLU(0.5)
    fast = tg.compile(lambda x: layer(x))
    assert equal(fast(-X).data, -0.5 * X)
    layer.forward = lambda x: 3 * x
    assert equal(np.asarray(fast(-X)), -3 * X)
    del layer.forward
    assert equal(fast(-X).data, -0.5 * X)


def test_an_equal_dict_in_a_layer_is_followed_from_then_on():
    class Holder(tg.Module):
        def __init__(self):
            self.factors = {"k": 2.0}

    holder, w = Holder(), tg.Tensor(np.ones(3), requires_grad=True)
    fast = tg.compile(lambda x: np.sum(w * holder.factors["k"] * x))
    assert fast(np.ones(3)).item() == 6.0
    holder.factors = {"k": 2.0}
    assert fast(np.ones(3)).item() == 6.0
    holder.factors["k"] = 3.0
    assert fast(np.ones(3)).item() == 9.0
