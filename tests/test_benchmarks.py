"""The benchmarks: contenders compute the same, and a table comes out. Times are not judged here."""

import importlib

import numpy as np
import pytest

from benchmarks import digits, moons, network, scalars
from benchmarks.__main__ import TASKS, main


def test_every_contender_exists():
    for task, (_, contenders, _) in TASKS.items():
        module = importlib.import_module(f"benchmarks.{task}")
        assert all(callable(getattr(module, name)) for name in contenders)


def test_network_equals_the_hand_written_one():
    loss, gradients = network.tinygrad_reg()()
    expected_loss, expected = network.numpy()()
    assert all(g.dtype == np.float32 for g in gradients)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    for gradient, right in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, right, rtol=1e-4, atol=1e-6)


def test_passes_do_not_add_up():
    for contender in (network.tinygrad_reg(), scalars.tinygrad_reg()):
        first, again = contender(), contender()
        np.testing.assert_array_equal(first[0], again[0])
        for one, other in zip(first[1], again[1], strict=True):
            np.testing.assert_array_equal(one, other)


def test_unknown_task_is_refused(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "speed"])
    with pytest.raises(SystemExit):
        main()
    assert "no task is called speed" in capsys.readouterr().err


@pytest.mark.parametrize("task", [digits, moons], ids=lambda task: task.__name__)
def test_steps_equal_the_hand_written_one(task):
    hand, eager, program = task.numpy(), task.tinygrad_reg(), task.program()
    for _ in range(3):
        right, step, replayed = hand(), eager(), program()
        np.testing.assert_allclose(step[0], right[0], rtol=1e-5)
        np.testing.assert_array_equal(replayed[0], step[0])
        for ours, theirs, again in zip(step[1], right[1], replayed[1], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
            np.testing.assert_array_equal(again, ours)
