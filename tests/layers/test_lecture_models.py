"""Row T15: the models of the lectures' slides, line for line, and what their noise does to real images."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import tinygrad_reg as tg
from tinygrad_reg.diagnostics import layer_outputs
from tinygrad_reg.optim import SGD, Adam

l1, l2, l1_l2 = tg.penalties.l1, tg.penalties.l2, tg.penalties.l1_l2


def two_four_three():  # 002
    model = tg.Sequential()
    model.add(tg.Dense(2, 4, activation="relu"))
    model.add(tg.Dense(4, 3, activation="softmax"))
    return model


def image_model(*middle, first=None, width=784):  # 002
    return tg.Sequential(
        [
            tg.Flatten(),
            *([first] if first else []),
            tg.Dense(width, 128, activation="relu"),
            *middle,
            tg.Dense(128, 10, activation="softmax"),
        ]
    )


def review_model(*, dropout=None, **options):  # 004, for 10 000 words
    layers = [tg.Dense(10000, 16, activation="relu", **options), tg.Dense(16, 16, activation="relu", **options)]
    noise = [] if dropout is None else [tg.Dropout(dropout)]
    return tg.Sequential([layers[0], *noise, layers[1], *noise, tg.Dense(16, 1, activation="sigmoid")])


def leaky():  # 002
    return tg.Sequential(
        [
            tg.Flatten(),
            tg.Dense(784, 128, kernel_initializer="he_normal"),
            tg.LeakyReLU(),
            tg.Dense(128, 10, activation="softmax"),
        ]
    )


def layer_of_100(**options):  # 002, with a head so that it learns something
    return tg.Sequential([tg.Dense(20, 100, activation="relu", **options), tg.Dense(100, 3, activation="softmax")])


MODELS = {
    "2-4-3": (two_four_three, (2,)),
    "dropout": (lambda: image_model(tg.Dropout(0.2), first=tg.Dropout(0.2)), (28, 28)),
    "batch norm": (lambda: image_model(tg.BatchNorm(128), first=tg.BatchNorm(784)), (28, 28)),
    "leaky relu": (leaky, (28, 28)),
    "elu": (lambda: tg.Sequential([tg.Dense(20, 10, activation="elu"), tg.Dense(10, 3, "softmax")]), (20,)),
    "l1": (lambda: layer_of_100(kernel_regularizer=l1(0.1)), (20,)),
    "l2": (lambda: layer_of_100(kernel_regularizer=l2(0.01)), (20,)),
    "max norm": (lambda: layer_of_100(kernel_constraint=tg.constraints.max_norm(1.0)), (20,)),
    "he": (lambda: layer_of_100(kernel_initializer="he_normal"), (20,)),
    "uniform": (lambda: layer_of_100(kernel_initializer="uniform", bias_initializer="zeros"), (20,)),
    "words": (review_model, (10000,)),
    "words, l2": (lambda: review_model(kernel_regularizer=l2(0.001)), (10000,)),
    "words, l1": (lambda: review_model(kernel_regularizer=l1(0.001)), (10000,)),
    "words, both": (lambda: review_model(kernel_regularizer=l1_l2(l1=0.001, l2=0.001)), (10000,)),
    "words, dropout": (lambda: review_model(dropout=0.5), (10000,)),
}


@pytest.mark.parametrize("name", MODELS)
def test_T15_each_model_trains(name):
    make, shape = MODELS[name]
    tg.seed(0)
    model, rng = make(), np.random.default_rng(0)
    reviews = shape == (10000,)
    x = (rng.random((8, *shape)) < 0.01).astype(float) if reviews else rng.normal(size=(8, *shape))
    y = rng.integers(0, 2, (8, 1)).astype(float) if reviews else rng.integers(0, 3, 8)
    options = {"loss": "binary_crossentropy" if reviews else "categorical_crossentropy", "batch_size": 4, "verbose": 0}
    before = model.state_dict()
    history = tg.fit(model, x, y, optimizer="rmsprop" if reviews else "sgd", epochs=10, **options)
    after, losses = model.state_dict(), np.sum([history[part] for part in history], axis=0)
    assert losses[-1] < losses[0]
    assert all(not np.array_equal(after[path], before[path]) for path, _ in model.named_parameters())
    assert tg.predict(model, x).shape == (8, 1 if reviews else model[len(model) - 1].out_features)


def test_T15_the_form_for_8_by_8_digits_trains():
    x, y = load_digits(return_X_y=True)
    x = x.reshape(-1, 8, 8) / 16
    tg.seed(0)
    model = image_model(tg.BatchNorm(128), first=tg.BatchNorm(64), width=64)
    optimizer, rng = SGD(model.parameters(), lr=0.1, momentum=0.9), np.random.default_rng(0)
    for _ in range(150):
        batch = rng.integers(0, 1500, 64)
        loss = tg.losses.categorical_crossentropy(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with tg.no_grad():
        found = np.argmax(model.eval()(x[1500:]), axis=1)
    assert np.mean(found == y[1500:]) > 0.9


def test_N8_dropout_makes_activations_sparse():
    x = load_digits().data[:600] / 16

    def share_near_zero(rate):
        tg.seed(0)
        layers = [tg.Dense(64, 64, "relu", kernel_initializer="he_normal"), tg.Dropout(rate), tg.Dense(64, 64)]
        model, rng = tg.Sequential(layers), np.random.default_rng(0)
        optimizer = Adam(model.parameters(), lr=0.01)
        for _ in range(200):
            batch = x[rng.integers(0, 600, 64)]
            loss = tg.losses.mse(model(batch), batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        hidden = layer_outputs(model, x)["0"]
        return np.mean(hidden < 0.05 * hidden.max())

    assert share_near_zero(0.5) > share_near_zero(0.0) + 0.1
