"""A few tries of each attack; python -m tests.attacks makes thousands."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.attacks import attack, moments

# They fork, which does not go well with the threads of a test run, or they count all objects that there are.
APART = {"kill_while_saving", "kill_while_training", "read_only_folder", "forks", "pools", "broken_dot"}
APART |= {"a_hundred_steps", "no_memory", "forks_among_threads"}
ATTACKS = [a for a in attack.load().values() if a.short]


@pytest.mark.parametrize("a", [a for a in ATTACKS if a.name not in APART], ids=lambda a: a.name)
def test_holds(a):
    outcome = attack.run(a, range(a.short))
    assert not outcome.failures, "\n".join(outcome.failures)
    assert outcome.cases


@pytest.mark.parametrize("name", moments.WAYS)
def test_ctrl_c_at_a_few_places(name):
    few = np.random.default_rng(0)
    count, complaints = moments.complaints_of(
        name, lambda points: [points[i] for i in few.integers(len(points), size=9)]
    )
    assert count == 9 and not complaints, "\n".join(complaints)


def test_those_in_a_process_of_their_own_hold():
    root = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-W", "error", "-m", "tests.attacks", "--short", *sorted(APART)]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_failing_try_is_found_and_can_be_made_again():
    def once(rng, folder):
        assert rng.integers(3) > 0

    fails = attack.Attack("fails", "fails now and then", once, long=1, short=1)
    outcome = attack.run(fails, range(20))
    numbers = [int(text.split("try ")[1].split(":")[0]) for text in outcome.failures]
    assert 0 < len(numbers) < 20 and outcome.cases == 20 - len(numbers)
    assert all(attack.run(fails, range(n, n + 1)).failures for n in numbers)
