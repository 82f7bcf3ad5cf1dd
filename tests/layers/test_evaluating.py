"""Eval mode for the time of a block: every mode comes back, whoever ends first."""

import gc
import os
from contextlib import ExitStack

import pytest

import tinygrad_reg as tg
from tinygrad_reg.layers import evaluating as module


def make():
    return tg.Sequential(tg.Dense(2, 2), tg.Dropout(0.5))


def modes(model):
    return [part.training for _, part in model.named_modules()]


@pytest.mark.parametrize("first_ends", [0, 1])
def test_blocks_that_overlap_leave_the_mode_of_before(first_ends):
    model = make()
    model[0].eval()
    before = modes(model)
    blocks = [module.evaluating(model), module.evaluating(model)]
    for block in blocks:
        block.__enter__()
    blocks[first_ends].__exit__(None, None, None)
    assert modes(model) == [False, False, False]
    blocks[1 - first_ends].__exit__(None, None, None)
    assert modes(model) == before == [True, False, True] and not module._lent


def test_a_model_in_eval_mode_is_not_written_to():
    class Watching(tg.Sequential):
        writes = ()

        def __setattr__(self, name, value):
            type(self).writes += (name,)
            super().__setattr__(name, value)

    model = Watching(tg.Dense(2, 1)).eval()
    Watching.writes = ()
    with module.evaluating(model):
        pass
    assert Watching.writes == () and not model.training


def test_an_error_ends_the_block_and_parts_are_shared():
    model = make()
    with pytest.raises(ZeroDivisionError), module.evaluating(model), module.evaluating(model[1]):
        raise ZeroDivisionError
    assert modes(model) == [True, True, True] and not module._lent


def test_a_block_that_vanishes_holds_nobody_up():
    model = make()
    lost = module._Block()
    module._lent[id(model)] = model, module.WeakSet([lost])  # as Ctrl-C may leave it, between two lines
    del lost
    gc.collect()
    with ExitStack() as stack:
        stack.enter_context(module.evaluating(model))
        assert not model.training
    assert model.training and not module._lent


@pytest.mark.filterwarnings("ignore:.*fork")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_while_another_thread_has_its_turn_does_not_hang():
    model = make()
    with module._turn:
        child = os.fork()
        if child == 0:
            with module.evaluating(model):
                os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
