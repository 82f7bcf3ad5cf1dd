"""The benchmarks: contenders compute the same, and a table comes out. Times are not judged here."""

import importlib

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.contenders import CONTENDERS
from benchmarks.race import ROWS, check
from benchmarks.rows import matmul
from benchmarks.worker import numbers

MODULES = [pytest.param(importlib.import_module(f"benchmarks.rows.{name}"), id=name) for name in ROWS]


@pytest.fixture(autouse=True)
def small_matrices(monkeypatch):
    for factor in ("X", "W", "G"):
        monkeypatch.setattr(matmul, factor, getattr(matmul, factor)[:300, :300])


@pytest.mark.parametrize("row", MODULES)
def test_contenders_compute_the_same(row):
    answers = {}
    for name in ("limit", "program", "eager"):
        if hasattr(row, CONTENDERS[name].library):
            work = CONTENDERS[name].work(row, getattr(row, "GIVEN", {}))
            answers[name] = [numbers(work()) for _ in range(3)]
    assert len(answers) >= 2
    assert np.isfinite(answers["eager"]).all()
    check(row.__name__, answers, getattr(row, "TOLERANCE", 2e-4))


@pytest.mark.parametrize("row", [row for row in MODULES if hasattr(row.values[0], "TRAINING")])
def test_a_training_row_moves_its_parameters(row):
    work = CONTENDERS["eager"].work(row, getattr(row, "GIVEN", {}))
    losses = [numbers(work())[0] for _ in range(3)]
    assert losses[2] < losses[1] < losses[0]


def test_another_answer_is_refused():
    with pytest.raises(AssertionError, match="digits: eager computes something else than limit"):
        check("digits", {"limit": [[1.0]], "eager": [[1.001]]}, 2e-4)


def test_unknown_names_are_refused(monkeypatch, capsys):
    for arguments, complaint in (
        (["speed"], "no row is called speed"),
        (["--only", "me"], "no contender is called me"),
    ):
        monkeypatch.setattr("sys.argv", ["benchmarks", *arguments])
        with pytest.raises(SystemExit):
            main()
        assert complaint in capsys.readouterr().err
