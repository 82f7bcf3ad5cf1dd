"""What is switched on in a thread comes back as it was, whatever happens in between."""

import sys
import threading

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import modes


@pytest.mark.parametrize("lines", range(1, 5))
def test_an_interrupt_on_the_way_into_quiet_leaves_the_warnings_on(lines):
    left = lines

    def interrupt(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename != modes.__file__:
            return None
        left -= event == "line"
        if left == 0:
            raise KeyboardInterrupt
        return interrupt

    before, tracing = np.geterr(), sys.gettrace()
    try:
        sys.settrace(interrupt)
        with modes.quiet():
            sys.settrace(tracing)
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(tracing)
    assert np.geterr() == before


@pytest.mark.parametrize(("wrong", "error"), [("zero", TypeError), (0.5, TypeError), (-1, ValueError)])
def test_a_seed_is_a_whole_number(wrong, error):
    with pytest.raises(error, match=f"a seed must be a whole number ≥ 0, not {wrong!r}"):
        modes.seed(wrong)


@pytest.mark.parametrize("wrong", ["zero", -1])
def test_a_generator_is_given_or_a_seed(wrong):
    with pytest.raises(TypeError, match=f"rng must be a NumPy Generator such as .*, or a seed, not {wrong!r}"):
        modes.generator(wrong)


def test_one_no_grad_stands_in_several_blocks_and_before_functions():
    w = tg.Tensor(2.0, requires_grad=True)
    quiet = tg.no_grad()
    for _ in range(2):
        with quiet, quiet:
            assert not (w * 2).requires_grad
        assert (w * 2).requires_grad

    @tg.no_grad()
    def constant(x):
        return (x * 2).requires_grad

    assert not constant(w) and (w * 2).requires_grad and constant.__name__ == "constant"


def test_no_grad_goes_before_a_function_without_brackets_too():
    w = tg.Tensor(2.0, requires_grad=True)

    @tg.no_grad
    def constant(x, *, factor):
        return x * factor

    assert constant(w, factor=3).item() == 6.0 and not constant(w, factor=3).requires_grad
    with pytest.raises(TypeError, match=r"goes around a block, `with tg\.no_grad\(\):`, or a function, not 3"):
        tg.no_grad(3)


def test_a_generator_can_not_be_put_under_no_grad():
    def pieces(x):
        yield x * 2

    with pytest.raises(TypeError, match="pieces runs in pieces, between which modes change: put `with` inside"):
        tg.no_grad()(pieces)


def test_generators_that_end_in_another_order_leave_nothing_switched():
    def off():
        with tg.no_grad():
            yield

    first, second = off(), off()
    next(first), next(second)
    first.close()
    second.close()
    assert (tg.Tensor(2.0, requires_grad=True) * 2).requires_grad


def test_threads_that_share_one_no_grad_do_not_end_each_others_blocks():
    shared, x = tg.no_grad(), tg.Tensor(1.0, requires_grad=True)
    entered, other_entered, ended = threading.Event(), threading.Event(), threading.Event()
    recorded = {}

    def first():
        with shared:
            entered.set()
            other_entered.wait(10)
        recorded["first, behind its block"] = (x * 2).requires_grad
        ended.set()

    def second():
        entered.wait(10)
        with shared:
            other_entered.set()
            ended.wait(10)
            recorded["second, in its block"] = (x * 2).requires_grad
        recorded["second, behind it"] = (x * 2).requires_grad

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorded == {
        "first, behind its block": True,
        "second, in its block": False,
        "second, behind it": True,
    }


def test_a_generator_begun_in_one_thread_and_ended_in_another_gives_its_thread_back():
    shared, x = tg.no_grad(), tg.Tensor(1.0, requires_grad=True)

    def values():
        with shared:
            yield 1

    begun = values()
    next(begun)
    assert not (x * 2).requires_grad
    thread = threading.Thread(target=begun.close)
    thread.start()
    thread.join()
    assert (x * 2).requires_grad
