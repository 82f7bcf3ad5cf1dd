"""A run that is resumed is compared with the call of fit that it was begun by."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.training import container


def test_a_run_that_goes_on_otherwise_than_it_was_begun_is_told(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)

    def script(epochs, x=x, rate=0.5, penalty=0.1, batch_size=5):
        tg.seed(0)
        dense = tg.Dense(3, 2, kernel_regularizer=tg.penalties.l2(penalty))
        options = {"loss": "softmax_crossentropy", "optimizer": "sgd", "verbose": 0, "resume": tmp_path / "run"}
        tg.fit(tg.Sequential(tg.Dropout(rate), dense), x, y[: len(x)], epochs=epochs, batch_size=batch_size, **options)

    script(1)
    assert tg.load(tmp_path / "run").settings["batch_size"] == 5
    script(2)  # as it was begun
    with pytest.warns(
        UserWarning, match=r"run' holds a run with 0: Dropout\(0\.5\), not 0: Dropout\(0\.2\): give what"
    ):
        script(3, rate=0.2)
    with pytest.warns(
        UserWarning, match=r"a run with batch_size 5, not 4, and 0: Dropout\(0\.2\), not .* the file to start"
    ):
        script(4, batch_size=4)
    with pytest.warns(UserWarning, match=r"with 1: .*kernel_regularizer=l2\(0\.1\)\), not 1: .*l2\(0\.3\)\): give"):
        script(5, penalty=0.3, batch_size=4)
    with pytest.warns(UserWarning, match="with other values of x: give what"):
        script(6, x=x + 1, penalty=0.3, batch_size=4)
    with pytest.warns(UserWarning, match="with samples 20, not 16: give what"):
        script(7, x=x[:16] + 1, penalty=0.3, batch_size=4)
    state = container.read(tmp_path / "run")
    del state["settings"]  # as a file of tg.save
    container.write(tmp_path / "run", state)
    script(8, x=x * 2)
    for damage in ({"model": [1.5]}, {"samples": {}}, [3]):
        container.write(tmp_path / "run", {**state, "settings": damage})
        with pytest.raises(ValueError, match="run', nothing was changed: "):
            script(9)


def test_a_seed_of_noise_is_none_to_compare(tmp_path):
    """Who sets no seed gets another one from the system each time, and the generator's state from the file."""

    def script(epochs, rng):
        options = {"loss": "mse", "optimizer": "sgd", "verbose": 0, "resume": tmp_path / "run"}
        tg.fit(tg.Dense(1, 1), np.ones((4, 1)), np.ones((4, 1)), epochs=epochs, rng=rng, **options)

    script(1, np.random.default_rng())
    script(2, np.random.default_rng())
    script(3, 5)
    with pytest.warns(UserWarning, match="a run with seed 5, not 6: give what it was begun with, or delete the file"):
        script(4, 6)
