"""tg.compile(step): what may be compiled and how, one program for all calls alike, in threads, copies and pickles."""

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

from .steps import ALL, digits, equal, same_bits


@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
def test_one_capture_serves_all_batches_of_a_shape(make):
    made = make()
    fast = tg.compile(made.step)
    for batch in made.batches:
        fast(*batch)
    assert len(fast._programs) == 1


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


def test_no_program_before_the_first_call():
    with pytest.raises(RuntimeError, match="no program yet"):
        tg.compile(lambda x: x).source  # noqa: B018


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
