"""A program gives what the step gives, to the last bit, and leaves the same behind."""

from __future__ import annotations

import copy
import functools
import gc
import pickle
import signal
import threading
import weakref

import numpy as np
import pytest

import tinygrad_reg as tg

from .steps import ALL, agree, digits, equal, normalized, numbers, same_bits


@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
def test_a_program_gives_and_leaves_what_its_step_does(make):
    def step_and_state():
        made = make()
        return made.step, lambda: list(made.state())

    agree(step_and_state, make().batches)


@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
def test_source_gives_the_numbers_of_the_planned_program(make):
    made = make()
    fast = tg.compile(made.step)
    fast(*made.batches[0])
    fast(*made.batches[0])  # dampening leaves out the first step
    for i, batch in enumerate(made.batches):
        inputs, scope = fast.inputs(*batch), {}
        exec(fast.source, scope)
        tg.seed(i)
        with np.errstate(all="ignore"):
            read = scope[made.step.__name__](**inputs)
        tg.seed(i)
        ran = [x for x in numbers(fast(*batch)) if x is not None]
        assert same_bits(numbers(read)[: len(ran)], ran), fast.source
        if made.optimizer is not None:  # the optimizer's array, which the program changes in place
            assert equal(inputs["w"], fast.inputs(*batch)["w"]), fast.source


@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
def test_one_capture_serves_all_batches_of_a_shape(make):
    made = make()
    fast = tg.compile(made.step)
    for batch in made.batches:
        fast(*batch)
    assert len(fast._programs) == 1


def test_a_constant_that_divides_by_zero_is_as_quiet_as_in_the_step():
    w, x = tg.Tensor([1.0, 2.0], requires_grad=True), np.array([1.0, 2.0])

    def step():
        loss = (w * x / 0.0).sum()
        w.grad = None
        loss.backward()
        return loss

    fast = tg.compile(step)
    with np.errstate(all="raise"):
        assert fast().item() == fast().item() == np.inf
        assert np.geterr()["divide"] == "raise"
    assert w.grad.tolist() == [np.inf, np.inf]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("number", [np.array(0.1), np.float64(0.1), np.float32(0.1), np.array(1), np.array(1e300)])
def test_a_number_that_is_compared_is_as_weak_as_in_the_step(number, shape, dtype):
    w = tg.Tensor(np.full(shape, 0.1, dtype), requires_grad=True)

    def step(x):
        return np.where(w > x, w, 2.0).sum() + np.where(x >= w, w, 5.0).sum() + np.where(x == w, w, 7.0).sum()

    fast = tg.compile(step)
    fast(number)
    assert fast(number).item() == step(number).item()


def test_what_was_returned_is_not_overwritten():
    made = digits()
    model = made.model

    def step(x):
        out = model(x)
        return out, np.maximum(out, 0), x, model[0].kernel.data, np.reshape(out, -1)

    fast = tg.compile(step)
    first = fast(made.batches[0][0])
    copies = [x.copy() for x in numbers(first)]
    fast(made.batches[1][0])
    made.step(*made.batches[0])
    assert same_bits(first, copies)


def test_gradients_accumulate_and_are_cleared_as_eagerly():
    def make():
        w = tg.Tensor([1.0, 2.0], requires_grad=True)

        def before(i):
            if i in (3, 4):
                w.grad = None if i == 3 else np.array([5.0, 6.0])

        return lambda x: np.sum(x * w * w).backward(), lambda: w.grad, before

    agree(make, [(np.array([1.0, i]),) for i in range(6)])


def test_gradients_of_a_step_without_optimizer_reach_the_optimizer_outside():
    def make():
        made = digits()

        def loss_and_gradient(x, y):
            loss = tg.losses.softmax_crossentropy(made.model(x), y)
            loss.backward()
            return loss

        def state():
            made.optimizer.step()
            return list(made.state())

        return loss_and_gradient, state, lambda i: made.optimizer.zero_grad()

    agree(make, digits().batches)


def test_a_gradient_that_was_read_is_not_overwritten():
    made = digits()
    fast = tg.compile(made.step)
    fast(*made.batches[0])
    kept = made.model[0].kernel.grad
    copy = kept.copy()
    fast(*made.batches[1])
    assert equal(kept, copy)


def test_two_steps_in_one_are_two_steps():
    def make():
        made = digits()
        return lambda x, y: (made.step(x, y), made.step(x, y)), lambda: list(made.state())

    agree(make, digits().batches)


def test_a_tensor_that_was_made_anew_is_read_anew():
    w = tg.Tensor([1.0], requires_grad=True)
    fast = tg.compile(lambda x: np.sum(x * w))
    x = np.array([2.0])
    assert fast(x).item() == 2.0
    w.data = np.array([3.0])
    assert fast(x).item() == 6.0
    w = tg.Tensor([4.0], requires_grad=True)
    assert fast(x).item() == 8.0


def test_an_optimizers_parameters_may_be_given_new_values():
    eager, captured = digits(), digits()
    fast = tg.compile(captured.step)
    for batch in eager.batches:
        for made in (eager, captured):
            made.model[0].kernel.data = made.model[0].kernel.data * 0.5
            made.model.load_state_dict({name: value + 0.25 for name, value in made.model.state_dict().items()})
        assert equal(eager.step(*batch).data, fast(*batch).data)
    assert len(fast._programs) == 1


def test_the_same_seed_draws_the_same_masks_and_another_call_others():
    made = normalized()
    model = made.model
    fast = tg.compile(lambda x: model(x))
    x = made.batches[0][0]
    tg.seed(3)
    first, second = fast(x).data, fast(x).data
    tg.seed(3)
    assert equal(first, fast(x).data) and not equal(first, second)


def test_a_method_may_be_compiled():
    class Trainer:
        def __init__(self, w):
            self.w = tg.Tensor(w, requires_grad=True)

        @tg.compile
        def step(self, x):
            """A step."""
            return np.sum(x * self.w)

    one, two = Trainer([1.0, 2.0]), Trainer([3.0, 4.0])
    x = np.array([1.0, 1.0])
    assert [one.step(x).item(), two.step(x).item(), one.step(2 * x).item()] == [3.0, 7.0, 6.0]
    assert "w" in one.step.source and one.step.__doc__ == "A step." and len(Trainer.step._programs) == 2


def test_debug_and_transforms_see_the_ops():
    one = tg.Tensor(1.0)
    fast = tg.compile(lambda x: np.sum(np.log(x * one)))
    assert fast(np.array([0.0])).item() == -np.inf
    with tg.debug(), pytest.raises(FloatingPointError, match="log"):
        fast(np.array([0.0]))
    assert equal(tg.grad(fast)(np.array([2.0, 4.0])), np.array([0.5, 0.25]))


def test_a_compiled_step_inside_another_is_part_of_it():
    inner = tg.compile(lambda x: np.exp(x * w))
    w = tg.Tensor([2.0], requires_grad=True)
    outer = tg.compile(lambda x: np.sum(inner(x)))
    for x in (np.array([1.0]), np.array([0.5])):
        assert equal(outer(x).data, np.exp(x * 2.0).sum())


def test_threads_take_turns():
    made = digits()
    model = made.model
    fast = tg.compile(lambda x: model(x))
    batches = [np.full((5, 6), n, np.float32) for n in range(8)]
    wanted = [model(x).data for x in batches]
    given: list = [None] * 8

    def work(i):
        for _ in range(20):
            given[i] = fast(batches[i]).data

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same_bits(given, wanted)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals for one thread here")
def test_ctrl_c_while_another_thread_has_its_turn():
    fast, x = tg.compile(plain), np.array([1.0, 2.0])
    fast(x)
    inside, go_on = threading.Event(), threading.Event()

    def hold():
        with fast._lock:
            inside.set()
            go_on.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    timer = threading.Timer(0.05, signal.pthread_kill, [threading.get_ident(), signal.SIGINT])
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            fast(x)
    finally:
        go_on.set()
        thread.join()
        timer.join()
    assert equal(fast(x), x * 2)


def test_what_is_given_must_be_callable():
    with pytest.raises(TypeError, match="takes a function"):
        tg.compile(3)


def test_a_step_that_stops_in_between_is_refused():
    def generated(x):
        yield x

    async def awaited(x):
        return x

    class Stepper:
        def __call__(self, x):
            yield x

    for step in (generated, awaited, Stepper(), functools.partial(generated)):
        with pytest.raises(TypeError, match="not a generator or an async function"):
            tg.compile(step)


@tg.compile
def decorated(x):
    return x * 2


def plain(x):
    return x * 2


class Owner:
    def __init__(self):
        self.w = tg.Tensor([1.0, 2.0], requires_grad=True)
        self.step = tg.compile(self.forward)

    def forward(self, x):
        return np.sum(x * self.w)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_pickles_hold_the_step(copied):
    x = np.array([1.0, 2.0])
    assert copied(decorated) is decorated
    fast = tg.compile(plain)
    fast(x)
    again = copied(fast)
    assert again is not fast and again.step is plain and equal(again(x), fast(x))


def test_a_copied_owner_has_a_step_of_its_own():
    one, x = Owner(), np.array([1.0, 2.0])
    one.step(x)
    for other in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        other.w.data = np.array([10.0, 20.0])
        assert [one.step(x).item(), other.step(x).item()] == [5.0, 50.0]


def test_shallow_copies_and_integer_operators_are_recorded():
    def step(x):
        q, r = divmod(x, 3)
        return copy.copy(x) << 1, x >> 1, 1 << x, q, r

    fast, n = tg.compile(step), np.array([1, 5, 9])
    for x in (n, n + 1, n + 2):
        assert same_bits(fast(x), step(x))


def test_no_program_before_the_first_call():
    with pytest.raises(RuntimeError, match="no program yet"):
        tg.compile(lambda x: x).source  # noqa: B018


def test_gradients_left_by_hand_move_the_parameters():
    def make():
        a, b = (tg.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
        optimizer = tg.optim.SGD([a, b], lr=0.1, momentum=0.9)

        def step(x):
            np.sum(x * a).backward()
            optimizer.step()

        def before(i):
            if i == 2:
                b.grad = np.ones(2)
            if i == 4:
                a.grad = b.grad = None

        return step, lambda: [a.data, b.data, a.grad, b.grad], before

    agree(make, [(np.array([1.0, i]),) for i in range(6)])


def single_numbers():
    w = tg.Tensor(3.0, requires_grad=True)

    def step():
        w.grad = None
        (w * w).backward()
        return w.grad

    return step, ()


def training():
    made = digits()
    return made.step, made.batches[0]


@pytest.mark.parametrize("make", [training, single_numbers])
def test_a_program_that_is_dropped_is_gone_with_its_arrays(make):
    """At once: buffers, parameters and the optimizer's arrays must not wait for the garbage collector."""

    def used():
        step, arguments = make()
        fast = tg.compile(step)
        for _ in range(3):  # captured, and run
            fast(*arguments)
        return [weakref.ref(x) for x in (fast, step, fast._programs[0])]

    gc.collect()
    gc.disable()
    try:
        assert [reference() for reference in used()] == [None, None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize("extreme", [np.max, np.min])
def test_the_largest_of_each_of_many_short_rows(extreme, keepdims):
    """A program goes through the columns, which is quicker: what comes out is the same, NaN and infinities, too."""

    def step(x):
        return np.exp(-extreme(x * 2, axis=1, keepdims=keepdims))

    fast = tg.compile(step)
    x = np.random.default_rng(0).normal(size=(64, 10))
    x[3, 1], x[5], x[7, 2] = np.nan, -np.inf, np.inf
    for given in (x, x[::-1], np.asfortranarray(x)):
        assert np.array_equal(fast(given), step(given), equal_nan=True)
    assert "columns" in fast.planned_source
