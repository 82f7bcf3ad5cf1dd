"""The gradient recorder: which steps, from the first on, and a state that goes on."""

import numpy as np
import pytest

import tinygrad_reg as tg

X, Y = np.random.default_rng(0).normal(size=(12, 2)), np.zeros((12, 1))


def test_the_recorder_starts_before_the_first_update():
    tg.seed(0)
    model = tg.Sequential(tg.Dense(2, 3, activation="tanh"), tg.Dense(3, 1))
    tg.losses.mse(model(X), Y).backward()
    first = tg.diagnostics.gradient_norms(model)
    recorder = tg.GradientRecorder(every=2)
    history = tg.fit(
        model, X, Y, loss="mse", optimizer="sgd", batch_size=None, shuffle=False, epochs=5, clip=1e-9,
        callbacks=[recorder], verbose=0,
    )  # fmt: skip
    assert history.gradients is recorder and recorder.steps == [0, 2, 4]
    assert list(recorder.norms) == ["0", "1"] and all(len(norms) == 3 for norms in recorder.norms.values())
    assert {layer: norms[0] for layer, norms in recorder.norms.items()} == pytest.approx(first, rel=1e-12)


@pytest.mark.parametrize("seen", [2**80, -1, 2, 3.0, "3", None])
def test_a_recorder_takes_no_impossible_number_of_steps(seen):
    recorder = tg.GradientRecorder()
    recorder.seen, recorder.steps, recorder.norms = 3, [0, 1, 2], {"0": [1.0, 2.0, 3.0]}
    state = recorder.state_dict()
    tg.GradientRecorder().load_state_dict(state)
    with pytest.raises(ValueError, match="the number of steps that GradientRecorder has seen is"):
        tg.GradientRecorder().load_state_dict({**state, "seen": seen})


def test_every_is_a_number_of_steps():
    with pytest.raises(ValueError, match="every must be a whole number ≥ 1"):
        tg.GradientRecorder(every=0)
