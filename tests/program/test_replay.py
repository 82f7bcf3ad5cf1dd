"""A program gives what the step gives, to the last bit, and leaves the same behind."""

from __future__ import annotations

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
