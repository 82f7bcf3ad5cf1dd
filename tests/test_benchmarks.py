"""The benchmarks: contenders compute the same, and tables come out. Times are not judged here."""

import importlib
import sys

import numpy as np
import pytest

from benchmarks import growth
from benchmarks.__main__ import main
from benchmarks.contenders import CONTENDERS
from benchmarks.plot import STYLES, plot
from benchmarks.race import ROWS, VARIABLES, Result, check, environment, race
from benchmarks.report import RATIOS, block, growth_block, markdown, number
from benchmarks.rows import matmul, mnist
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
        work = CONTENDERS[name].work(row, getattr(row, "GIVEN", {}))
        answers[name] = [numbers(work()) for _ in range(3)]
    assert np.isfinite(answers["eager"]).all()
    check(row.__name__, answers, getattr(row, "TOLERANCE", 2e-4))


@pytest.mark.parametrize("row", [row for row in MODULES if hasattr(row.values[0], "TRAINING")])
def test_a_training_row_moves_its_parameters(row):
    work = CONTENDERS["eager"].work(row, getattr(row, "GIVEN", {}))
    losses = [numbers(work())[0] for _ in range(3)]
    assert losses[2] < losses[1] < losses[0]


@pytest.mark.parametrize("row", [row for row in MODULES if hasattr(row.values[0], "GIVEN")])
def test_what_is_given_for_the_check_is_drawn_when_timed(row):
    for name in ("limit", "program", "eager"):
        given, drawn = CONTENDERS[name].work(row, row.GIVEN), CONTENDERS[name].work(row, {})
        assert numbers(given()) != numbers(drawn())


@pytest.mark.parametrize("row", MODULES)
def test_every_function_of_a_row_is_a_contender(row):
    libraries = {how.library for how in CONTENDERS.values()}
    functions = {name for name, f in vars(row).items() if getattr(f, "__module__", "") == row.__name__ and callable(f)}
    assert functions - libraries <= {"expression"}
    assert {"by_hand", "tinygrad_reg", "torch", "jax"} <= functions


def test_another_answer_is_refused():
    with pytest.raises(AssertionError, match="digits: eager computes something else than limit"):
        check("digits", {"limit": [[1.0]], "eager": [[1.001]]}, 2e-4)


def test_a_race_in_processes_of_their_own():
    result = race("scalars", ["limit", "eager", "torch-fused"], turns=3)
    assert list(result.times) == ["limit", "eager"]  # no optimizer in this row
    assert all(len(times) == 3 and min(times) > 0 for times in result.times.values())


def test_threads_are_one_for_each_library_or_left_to_it(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert {environment("one")[name] for name in VARIABLES} == {"1"}
    assert not environment("default").keys() & set(VARIABLES)
    assert "One thread" in markdown([RESULT], None, "one")
    assert "As many threads" in markdown([RESULT], None, "default")


def test_a_function_among_results_is_asked_for_the_check_alone():
    assert numbers((np.float32(1), lambda: [np.array([2.0, 3.0])])) == [1, 2, 3]
    work = CONTENDERS["limit"].work(importlib.import_module("benchmarks.rows.pass"), {})
    assert len(numbers(work())) == 1 + 64 * 128 + 128 + 128 * 10 + 10


def test_what_is_missing_or_fails_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "torch" else sys)
    monkeypatch.setattr("benchmarks.race.Runner.hear", lambda self: (_ for _ in ()).throw(RuntimeError("too small")))
    result = race("scalars", ["limit", "torch"], turns=3)
    assert result.times == {}
    assert result.absent == {"limit": "too small", "torch": "not installed"}


RESULT = Result(
    "digits", "a network", {"limit": [1e-5, 2e-5, 3e-5], "program": [2e-5, 4e-5, 9e-5], "jax": [6e-5, 8e-5, 9e-5]}
)


def test_a_ratio_is_taken_turn_by_turn():
    assert RESULT.ratio("program", "limit") == 2  # of 2, 2 and 3: the turns follow each other, the medians need not
    assert RESULT.ratio("jax", "program") == 2  # of 3, 2 and 1
    assert RESULT.quartiles("program", "limit") == (2, 3)
    assert RESULT.ratio("torch", "limit") is None


def test_the_report_has_ratios_and_no_times():
    shown = block(RESULT)
    assert "tinygrad_reg, tg.compile      2.00 × the limit   2.00 – 3.00" in shown
    assert "program faster than JAX         2.00" in shown
    table = markdown([RESULT], None, "one")
    assert table.count("| digits |") == 2
    assert len(RATIOS) + 2 == next(line for line in table.splitlines() if line.startswith("| work")).count("|")
    assert not [text for text in (shown, table) if "µs" in text or "ms" in text]
    assert [number(x) for x in (None, 0.5, 12.34, 41234.5)] == ["", "0.50", "12.3", "41234"]


def test_every_contender_has_a_mark(tmp_path):
    pytest.importorskip("matplotlib")
    assert STYLES.keys() == CONTENDERS.keys()
    assert len(set(STYLES.values())) == len(STYLES)
    plot([RESULT], str(tmp_path / "run.svg"))
    assert "digits" in (tmp_path / "run.svg").read_text(encoding="utf-8")


def test_growth_fits_a_power():
    sizes = [10, 100, 1000]
    assert growth.exponent(sizes, [2.0 * n**1.5 for n in sizes]) == pytest.approx(1.5)
    found = {name: {"exponent": 1.0} for name in ("forward", "backward", "bare forward", "bare backward", "parameters")}
    shown = growth_block(
        found | {"bytes": 240.1, "batch": {"eager": [1, 1.5]}, "width": {}, "memory": {"eager": 1.05, "program": 0.8}}
    )
    assert "bytes a node" in shown
    assert "240" in shown
    assert "eager" in shown
    assert "1.00, 1.50" in shown


def test_plain_numpy_computes_what_the_row_does():
    import tinygrad_reg as tg

    p = [tg.Tensor(x.copy(), requires_grad=True) for x in mnist.TRAINING.parameters]
    loss = mnist.tinygrad_reg(p)(*mnist.TRAINING.batch)
    loss.backward()
    plain, gradients = growth.plainly(mnist.TRAINING.parameters, *mnist.TRAINING.batch)
    np.testing.assert_allclose(plain, loss.data, rtol=1e-5)
    for parameter, gradient in zip(p, gradients, strict=True):
        np.testing.assert_allclose(gradient, parameter.grad, rtol=1e-3, atol=1e-6)


def test_a_node_of_the_chain_is_one_op():
    import tinygrad_reg as tg

    end = growth.chain(tg.Tensor(1.0, requires_grad=True), 3)
    assert end.item() == pytest.approx(0.999**3)
    assert end.parents[0].parents[0].parents[0].op is None


def test_bare_objects_go_the_way_of_a_graph():
    x = growth.Bare()
    end = growth.bare_chain(x, 3)
    growth.go_back_bare(x, end)
    assert end.data == pytest.approx(0.999**3)
    assert x.grad == pytest.approx(0.999**3)


def test_unknown_names_are_refused(monkeypatch, capsys):
    for arguments, complaint in (
        (["speed"], "no part is called speed"),
        (["--only", "me"], "no contender is called me"),
        (["--turns", "1"], "--turns must be at least 3"),
    ):
        monkeypatch.setattr("sys.argv", ["benchmarks", *arguments])
        with pytest.raises(SystemExit):
            main()
        assert complaint in capsys.readouterr().err


def test_tables_are_written(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("benchmarks.__main__.race", lambda name, contenders, turns, threads: RESULT)
    monkeypatch.setattr("sys.argv", ["benchmarks", "digits", "--markdown", str(tmp_path / "run.md")])
    assert main() == 0
    assert "digits: a network" in capsys.readouterr().out
    assert (tmp_path / "run.md").read_text(encoding="utf-8").startswith("# Benchmarks: one run")


def test_the_hand_written_programs_write_into_arrays_that_are_there():
    """A pass of the limit allocates less than one layer's output: no more than NumPy's own buffers for broadcasting."""
    import tracemalloc

    step, batch = mnist.by_hand()
    step(*batch)
    tracemalloc.start()
    step(*batch)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 128 * 512 * 4
