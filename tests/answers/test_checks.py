"""Checks of arguments: what passes comes back as a plain Python value, the rest is refused by name."""

import functools
import math

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.answers import checks


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (checks.number, np.float32(-1.5), -1.5),
        (checks.number, 10**30, 1e30),
        (checks.positive, 1e-300, 1e-300),
        (checks.limit, math.inf, math.inf),
        (checks.fraction, 0, 0.0),
        (checks.whole, np.int64(3), 3),
        (checks.whole, 10**400, 10**400),
        (checks.steps, 1e4, 10_000),
        (checks.switch, True, True),
    ],
)
def test_what_fits_is_a_plain_value(check, value, expected):
    found = check("x", value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("check", "value", "error", "message"),
    [
        (checks.number, math.inf, ValueError, "x must be a finite number, not inf"),
        (checks.number, "1", TypeError, "x must be a finite number, not '1'"),
        (checks.number, True, TypeError, "x must be a finite number, not True"),
        (checks.positive, 0, ValueError, "x must be a finite number > 0, not 0"),
        (checks.positive, math.nan, ValueError, "x must be a finite number > 0, not nan"),
        (checks.limit, 0, ValueError, r"x must be a number > 0 \(math\.inf: no limit\), not 0"),
        (checks.fraction, 1, ValueError, "x must be a number ≥ 0 and < 1, not 1"),
        (checks.fraction, -0.1, ValueError, "x must be a number ≥ 0 and < 1, not -0.1"),
        (checks.whole, 0, ValueError, "x must be a whole number ≥ 1, not 0"),
        (checks.whole, 2.0, ValueError, "x must be a whole number ≥ 1, not 2.0"),
        (checks.whole, False, TypeError, "x must be a whole number ≥ 1, not False"),
        (checks.whole, None, TypeError, "x must be a whole number ≥ 1, not None"),
        (checks.steps, 0.5, ValueError, "x must be a number of steps, whole and ≥ 1, not 0.5"),
        (checks.switch, 1, TypeError, "x must be True or False, not 1"),
    ],
)
def test_what_does_not_fit_is_refused(check, value, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        check("x", value)


def test_bounds_are_part_of_what_they_bound():
    assert checks.number("x", 0, 0, 1) == 0 and checks.number("x", 1, 0, 1) == 1
    assert checks.whole("x", 0, 0) == 0
    assert checks.whole("x", 17, 1, 17) == 17
    with pytest.raises(ValueError, match=r"x must be a whole number from 1 to 17 \(None: all\), not 18"):
        checks.whole("x", 18, 1, 17, " (None: all)")
    with pytest.raises(ValueError, match="x must be a finite number from 0 to 1, not 2"):
        checks.number("x", 2, 0, 1)
    with pytest.raises(ValueError, match="x must be a finite number ≥ 5, not 0"):
        checks.number("x", 0, 5)


def test_one_of_names_the_words():
    assert checks.one_of("form", "a", ("a", "b")) == "a"
    with pytest.raises(ValueError, match="form must be one of 'a', 'b', not 'c'"):
        checks.one_of("form", "c", ("a", "b"))


def test_one_thing_or_several_are_a_list():
    several = functools.partial(checks.several, is_one=lambda x: isinstance(x, str), wanted="a word")
    assert (
        several("names", None) == [] and several("names", "a") == ["a"] and several("names", ("a", "b")) == ["a", "b"]
    )
    with pytest.raises(TypeError, match="names must be a word, or a list of them, not 3"):
        several("names", 3)
    with pytest.raises(TypeError, match="names must be a word, or a list of them, not 3"):
        several("names", ["a", 3])


MODEL = tg.Sequential(tg.Dense(2, 1))
DATA = {"x": np.ones((4, 2)), "y": np.ones((4, 1)), "loss": "mse", "optimizer": "sgd", "verbose": 0}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tg.fit(MODEL, **DATA, callbacks=3), TypeError, "callbacks must be a callback such as .* list of them"),
        (lambda: tg.fit(MODEL, **DATA, metrics=3), TypeError, "metrics must be a name such as 'accuracy', .* not 3"),
        (lambda: tg.fit(MODEL, **DATA, shuffle="no"), TypeError, "shuffle must be True or False, not 'no'"),
        (lambda: tg.fit(MODEL, **DATA, drop_last=1), TypeError, "drop_last must be True or False, not 1"),
        (lambda: tg.fit(MODEL, **DATA, class_weight={1: "a"}), TypeError, "class_weight must be a finite number ≥ 0"),
        (lambda: tg.save("x", optimizer=3), TypeError, r"optimizer must be an optimizer such as .* not 3"),
        (
            lambda: tg.save("x", callbacks=3),
            TypeError,
            "callbacks must be a callback such as .* or a list of them, not 3",
        ),
        (lambda: tg.save("x", model=MODEL, rng=3), TypeError, "rng must be a NumPy Generator such as .* not 3"),
        (lambda: tg.initializers.constant("a"), TypeError, "value must be a number, or an array of numbers, not 'a'"),
        (lambda: tg.Dense(2, 3, dtype="flot"), TypeError, "dtype must be a float such as 'float32', not 'flot'"),
        (lambda: tg.penalties.l2(0.1, half=3), TypeError, "half must be True or False, not 3"),
        (lambda: tg.History(loss=3), TypeError, "a list with a number for each epoch, but its 'loss' is 3"),
        (lambda: tg.History(loss=[1.0]).diagnosis(gap="a"), TypeError, "gap must be a finite number ≥ 0, not 'a'"),
        (
            lambda: tg.metrics.accuracy([0.1], [1], threshold="x"),
            TypeError,
            "threshold must be a finite number, not 'x'",
        ),
        (lambda: tg.data.batches(), TypeError, r"batches\(\) takes one array at least"),
        (lambda: tg.data.split([1, 2], fractions="a"), ValueError, "fractions must be positive numbers with sum 1"),
        (
            lambda: tg.Ensemble(lambda: MODEL, 1, ["a"]),
            TypeError,
            "seeds must be a whole number, or a list of them, not 'a'",
        ),
        (lambda: tg.Ensemble(MODEL), TypeError, "a new model at each call, not a Sequential"),
        (lambda: tg.data.read_csv("."), ValueError, r"\. can't be used: it is a folder"),
        (
            lambda: tg.diagnostics.chain_factors(3, MODEL[0].kernel),
            TypeError,
            r"chain_factors\(\) takes Tensors, .* int",
        ),
    ],
)
def test_what_is_no_such_thing_is_refused_by_its_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_path_is_a_string_or_a_path(tmp_path):
    assert checks.path("folder", tmp_path) == checks.path("folder", str(tmp_path)) == str(tmp_path)
    with pytest.raises(TypeError, match=r"folder must be a string or a pathlib\.Path, not None"):
        checks.path("folder", None)


def test_a_dtype_that_can_be_trained_is_a_float():
    assert checks.float_dtype("float32") == np.float32
    with pytest.raises(TypeError, match="dtype must be a float such as 'float32', not 'int64'"):
        checks.float_dtype(int)


def test_a_loss_or_a_penalty_is_one_number_with_a_graph():
    loss = tg.Tensor([2.0], requires_grad=True)
    assert checks.one_number("f", loss) is loss
    with pytest.raises(TypeError, match=r"f must give one number as a Tensor, not NoneType: end it with return"):
        checks.one_number("f", None)
    with pytest.raises(TypeError, match=r"not float: without \.data, \.numpy\(\), float\(\) the graph is kept"):
        checks.one_number("f", 2.0)
    with pytest.raises(TypeError, match=r"not one of shape \(3,\); reduce it with \.sum\(\) or \.mean\(\)"):
        checks.one_number("f", tg.Tensor(np.ones(3)))


def test_labels_are_whole_numbers_and_words_are_to_be_numbered():
    checks.labels("y", np.array([2, 0]))
    with pytest.raises(TypeError, match=r"y must hold whole numbers, .* not float64: write y.astype\(int\)"):
        checks.labels("y", np.array([2.0, 0.0]))
    with pytest.raises(TypeError, match=r"not <U3: write names, y = np.unique\(y, return_inverse=True\)"):
        checks.labels("y", np.array(["cat", "dog"]))


def test_a_generator_is_given_or_made_of_a_seed():
    rng = np.random.default_rng(0)
    assert checks.generator(rng) is rng
    assert checks.generator(None) is None
    assert checks.generator(5).random() == np.random.default_rng(5).random()
    for wrong in (0.5, True, "5"):
        with pytest.raises(TypeError, match="rng must be a NumPy Generator"):
            checks.generator(wrong)
    with pytest.raises(ValueError, match="rng, as a seed, must be a whole number ≥ 0, not -1"):
        checks.generator(-1)
