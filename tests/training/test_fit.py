"""fit is the hand-written loop, to the last bit; rows O1 and T1 of the lectures."""

import functools

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.data import batches

from .small import OPTIMIZERS, X, Y, same, small


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_fit_equals_the_hand_written_loop_bit_for_bit(optimizer):
    a, b = small(), small()
    first, second = OPTIMIZERS[optimizer](a.parameters()), OPTIMIZERS[optimizer](b.parameters())

    tg.seed(1)
    history = tg.fit(
        a, X, Y, loss="softmax_crossentropy", optimizer=first, epochs=3, batch_size=16, verbose=0,
        validation_data=(X[:5], Y[:5]), metrics=["accuracy"],
    )  # fmt: skip

    tg.seed(1)
    losses = []
    for _ in range(3):
        for x, y in batches(X, Y, batch_size=16):

            def gradient(x=x, y=y):
                data_loss = tg.losses.softmax_crossentropy(b(x), y)
                loss = data_loss + b.penalty()
                second.zero_grad()
                loss.backward()
                losses.append((len(y), data_loss.item()))

            lr = second.lr
            if optimizer == "lookahead":
                second.step(gradient)
            else:
                gradient()
                second.step()
            b.project(lr)
    same(a, b)
    total = 0.0
    for n, loss in losses[-3:]:  # not sum(), which is more exact than fit from Python 3.12 on
        total += n * loss
    assert history["loss"][-1] == total / 40


def test_fit_draws_from_its_own_generator_where_one_is_given():
    runs = []
    for thread_seed in (1, 2):
        model = tg.Sequential(tg.Dense(6, 3, kernel_initializer="ones"))
        tg.seed(thread_seed)
        tg.fit(model, X, Y, loss="softmax_crossentropy", optimizer="sgd", epochs=2, verbose=0, rng=7)
        runs.append(model)
    same(*runs)


def test_no_metrics_and_no_callbacks_may_be_none_and_one_may_come_without_a_list():
    common = {"loss": "softmax_crossentropy", "optimizer": "sgd", "verbose": 0}
    assert list(tg.fit(tg.Dense(6, 3), X, Y, metrics=None, callbacks=None, **common)) == ["loss"]
    early = tg.EarlyStopping("accuracy")
    history = tg.fit(tg.Dense(6, 3), X, Y, metrics="accuracy", callbacks=early, epochs=50, **common)
    assert history.stop_reason is not None
    assert list(history) == ["loss", "accuracy"]


def test_the_loss_and_the_penalty_are_logged_apart():
    model = tg.Dense(6, 3, kernel_regularizer=tg.penalties.l2(0.5))
    data_loss, penalty = tg.losses.softmax_crossentropy(model(X), Y).item(), model.penalty().item()
    history = tg.fit(
        model, X, Y, loss="softmax_crossentropy", optimizer="sgd", batch_size=None, shuffle=False, verbose=0
    )
    assert history == {"loss": [data_loss], "penalty": [penalty]}
    assert history.start_loss == data_loss + penalty
    assert "penalty" not in tg.fit(tg.Dense(6, 3), X, Y, loss="softmax_crossentropy", optimizer="sgd", verbose=0)


@pytest.mark.parametrize(
    ("clip", "by_hand"),
    [
        (0.1, lambda p: tg.optim.clip_by_global_norm(p, 0.1)),
        (("norm", 0.1), lambda p: tg.optim.clip_by_norm(p, 0.1)),
        (("value", 0.01), lambda p: tg.optim.clip_by_value(p, 0.01)),
        (lambda p: tg.optim.clip_by_value(p, 0.02), lambda p: tg.optim.clip_by_value(p, 0.02)),
    ],
)
def test_clip_does_what_its_function_does(clip, by_hand):
    a, b = tg.Dense(6, 3, kernel_initializer="ones"), tg.Dense(6, 3, kernel_initializer="ones")
    tg.fit(a, X, Y, loss="softmax_crossentropy", optimizer="sgd", batch_size=None, shuffle=False, clip=clip, verbose=0)
    optimizer = tg.optim.SGD(b.parameters())
    tg.losses.softmax_crossentropy(b(X), Y).backward()
    by_hand(b.parameters())
    optimizer.step()
    same(a, b)


def test_frozen_parameters_stay():
    model = small()
    model[0].kernel.requires_grad = False
    before = model[0].kernel.data.copy()
    tg.fit(model, X, Y, loss="softmax_crossentropy", optimizer="adam", verbose=0)
    np.testing.assert_array_equal(model[0].kernel.data, before)


def test_float32_stays_float32():
    model = tg.Sequential(tg.Dense(6, 4, dtype="float32", activation="tanh"), tg.Dense(4, 3, dtype="float32"))
    tg.fit(model, X.astype("float32"), Y, loss="softmax_crossentropy", optimizer="adam", verbose=0)
    assert {array.dtype.name for array in model.state_dict().values()} == {"float32"}
    assert tg.predict(model, X.astype("float32")).dtype == np.float32


# ---- ending early


def test_a_function_that_returns_true_stops():
    seen = []

    def watch(epoch, logs):
        seen.append((epoch, logs["loss"]))
        return epoch == 3

    history = tg.fit(
        tg.Dense(6, 3), X, Y, loss="softmax_crossentropy", optimizer="sgd", epochs=9, callbacks=[watch], verbose=0
    )
    assert seen == list(enumerate(history["loss"], 1)) and len(seen) == 3
    assert history.stop_reason == "watch said so after epoch 3"


# ---- T1: the lectures' own snippets


def test_T1_early_stopping_of_lecture_002():
    model = tg.Sequential(tg.Dense(6, 3, activation="softmax"))
    early = tg.EarlyStopping(monitor="accuracy", min_delta=0.05, patience=1)
    history = tg.fit(
        model, X, Y, loss="categorical_crossentropy", optimizer="sgd", metrics=["accuracy"], epochs=500,
        callbacks=[early], verbose=0,
    )  # fmt: skip
    accuracy = history["accuracy"]
    assert len(accuracy) < 500 and accuracy[-1] - 0.05 <= max(accuracy[:-1])


def test_T1_callbacks_of_lecture_004(tmp_path):
    x, y = X, (Y > 0).astype(float).reshape(-1, 1)
    callbacks = [
        tg.EarlyStopping(monitor="accuracy", patience=1, rule="lecture"),
        tg.ModelCheckpoint(tmp_path / "my_model.npz", monitor="val_loss", save_best_only=True),
    ]
    model = tg.Sequential(tg.Dense(6, 4, activation="relu"), tg.Dense(4, 1, activation="sigmoid"))
    history = tg.fit(
        model, x, y, loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"], epochs=10, batch_size=32,
        callbacks=callbacks, validation_data=(x[:8], y[:8]), verbose=0,
    )  # fmt: skip
    best = int(np.argmin(history["val_loss"])) + 1
    assert tg.load(tmp_path / "my_model.npz", model=model).epoch == best


BINARY = (X[:, :1] > 0).astype(float)
SPARSE = {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}
COMPILE = {  # model.compile(...) on the slides, and the arguments of fit that say the same
    "000: binary_crossentropy, RMSprop(learning_rate=1e-4), acc": (
        1, "sigmoid", BINARY, {"loss": "binary_crossentropy", "metrics": ["accuracy"]},
        lambda p: tg.optim.RMSProp(p, lr=1e-4),
    ),
    "000: categorical_crossentropy, rmsprop, accuracy": (3, "softmax", tg.data.one_hot(Y), SPARSE, "rmsprop"),
    "002: mse, SGD(clipvalue=1.0)": (1, None, BINARY, {"loss": "mse", "clip": ("value", 1.0)}, "sgd"),
    "002: mse, SGD(clipnorm=1.0)": (1, None, BINARY, {"loss": "mse", "clip": ("norm", 1.0)}, "sgd"),
    "002: SGD(lr=0.001, momentum=0.9)": (
        3, "softmax", Y, SPARSE, lambda p: tg.optim.SGD(p, lr=0.001, momentum=0.9),
    ),
    "002: SGD(lr=0.001, momentum=0.9, nesterov=True)": (
        3, "softmax", Y, SPARSE, lambda p: tg.optim.SGD(p, lr=0.001, momentum=0.9, nesterov=True),
    ),
    "002: Adagrad(lr=0.001)": (3, "softmax", Y, SPARSE, lambda p: tg.optim.AdaGrad(p, lr=0.001)),
    "002: RMSprop(lr=0.001, rho=0.9)": (3, "softmax", Y, SPARSE, lambda p: tg.optim.RMSProp(p, lr=0.001, rho=0.9)),
    "002: Adam(lr=0.001, beta_1=0.9, beta_2=0.999)": (
        3, "softmax", Y, SPARSE, lambda p: tg.optim.Adam(p, lr=0.001, betas=(0.9, 0.999)),
    ),
    "004: fit(epochs=5, batch_size=128)": (3, "softmax", Y, {**SPARSE, "batch_size": 128}, "rmsprop"),
}  # fmt: skip


@pytest.mark.parametrize("snippet", COMPILE)
@pytest.mark.parametrize("compiled", [False, True], ids=["as it is", "compiled"])
def test_T1_what_the_slides_compile_trains(snippet, compiled):
    units, activation, y, options, optimizer = COMPILE[snippet]
    tg.seed(0)
    model = tg.Sequential([tg.Dense(6, 4, activation="relu"), tg.Dense(4, units, activation=activation)])
    before = tg.evaluate(model, X, y, loss=options["loss"])["loss"]
    history = tg.fit(model, X, y, optimizer=optimizer, epochs=5, compile=compiled, verbose=0, **options)
    assert list(history) == ["loss", *options.get("metrics", [])]
    assert tg.evaluate(model, X, y, loss=options["loss"])["loss"] < before


def test_a_loss_of_ones_own_in_which_a_column_meets_a_row_is_warned_of():
    x, y = np.ones((4, 2)), np.arange(4.0)

    def fit(loss):
        tg.fit(tg.Dense(2, 1), x, y, loss=loss, optimizer="sgd", epochs=2, verbose=0)

    told = r"subtract of .* has shape \(4, 4\), each element of one with each .*test_fit"
    with pytest.warns(UserWarning, match=told):
        fit(lambda prediction, target: ((prediction - target) ** 2).mean())
    # no warning, which would be an error here
    fit(lambda prediction, target: ((prediction[:, 0] - target) ** 2).mean())


def test_a_loss_that_sums_is_shown_as_a_mean_whatever_the_batches():
    x = np.random.default_rng(0).normal(size=(300, 2))
    model = tg.Dense(2, 1)
    summed, y = functools.partial(tg.losses.mse, reduction="sum"), x[:, :1]
    mean = tg.evaluate(model, x, y, loss="mse")["loss"]
    for batch_size in (1, 10, 256, 300):
        for loss in (summed, functools.partial(summed)):
            assert tg.evaluate(model, x, y, loss=loss, batch_size=batch_size)["loss"] == pytest.approx(mean, rel=1e-12)
    frozen = {"optimizer": lambda p: tg.optim.SGD(p, lr=0.0), "validation_data": (x, y), "verbose": 0}
    history = tg.fit(model, x, y, loss=summed, **frozen)
    assert [*history["loss"], *history["val_loss"]] == pytest.approx([mean, mean], rel=1e-12)
    assert history.start_loss < 10 * mean and not history.diverged()


def test_what_a_callback_logs_must_be_a_number():
    def says(epoch, logs):
        logs["a"] = "x"

    x = np.ones((4, 2))
    with pytest.raises(TypeError, match="a figure of an epoch must be a number, but 'a' in the logs is 'x'"):
        tg.fit(tg.Dense(2, 1), x, x[:, :1], loss="mse", optimizer="sgd", callbacks=says, verbose=0)


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("what", ["kernel_regularizer", "kernel_constraint"])
def test_what_a_callback_makes_a_layer_declare_counts_from_the_next_epoch(what, compile):
    declared = {"kernel_regularizer": tg.penalties.l2(0.1), "kernel_constraint": tg.constraints.max_norm(0.1)}[what]
    by_hand, fitted = small(), small()
    optimizer, loss = tg.optim.SGD(by_hand.parameters(), lr=0.1), tg.losses.softmax_crossentropy
    tg.seed(1)
    for _ in range(3):
        for x, y in tg.data.batches(X, Y, batch_size=16):
            value = loss(by_hand(x), y) + by_hand.penalty()
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            by_hand.project()
        setattr(by_hand[3], what, declared)

    def declare(epoch, logs):
        setattr(fitted[3], what, declared)

    tg.seed(1)
    options = {"loss": "softmax_crossentropy", "epochs": 3, "batch_size": 16, "verbose": 0, "compile": compile}
    tg.fit(fitted, X, Y, optimizer=tg.optim.SGD(fitted.parameters(), lr=0.1), callbacks=declare, **options)
    same(fitted, by_hand)
