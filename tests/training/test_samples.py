"""What fit makes of its samples: batches, validation, augmentation."""

import numpy as np
import pytest

import tinygrad_reg as tg

from .small import RNG, X, Y, same, trained


@pytest.mark.parametrize(("batch_size", "updates"), [(None, 1), (40, 1), (100, 1), (1, 40), (16, 3), (8, 5)])
def test_O1_updates_in_an_epoch(batch_size, updates):
    model = tg.Dense(6, 3)
    optimizer = tg.optim.SGD(model.parameters(), lr=0.01)
    tg.fit(model, X, Y, loss="softmax_crossentropy", optimizer=optimizer, epochs=2, batch_size=batch_size, verbose=0)
    assert optimizer.steps == 2 * updates


def test_drop_last_leaves_the_smaller_batch_out():
    model = tg.Dense(6, 3)
    optimizer = tg.optim.SGD(model.parameters(), lr=0.01)
    tg.fit(model, X, Y, loss="softmax_crossentropy", optimizer=optimizer, batch_size=16, drop_last=True, verbose=0)
    assert optimizer.steps == 2


def test_augmentation_changes_training_batches_only():
    seen = []

    def double(x):
        seen.append(len(x))
        return 2 * x

    a, b = tg.Dense(6, 3, kernel_initializer="ones"), tg.Dense(6, 3, kernel_initializer="ones")
    common = {"loss": "softmax_crossentropy", "optimizer": "sgd", "epochs": 2, "shuffle": False, "verbose": 0}
    history = tg.fit(a, X, Y, augment=double, validation_data=(X, Y), **common)
    tg.fit(b, 2 * X, Y, **common)
    same(a, b)
    assert seen == [32, 8, 32, 8]
    assert history["val_loss"][-1] == tg.evaluate(a, X, Y, loss="softmax_crossentropy")["loss"]


def test_the_augmentations_of_the_house_draw_from_rng():
    images = RNG.random((8, 1, 4, 4))
    runs = []
    for thread_seed in (1, 2):
        model = tg.Sequential(tg.Flatten(), tg.Dense(16, 3, kernel_initializer="ones"))
        tg.seed(thread_seed)
        tg.fit(
            model, images, Y[:8], loss="softmax_crossentropy", optimizer="sgd", verbose=0, rng=1,
            augment=tg.data.augmentation.noise(0.1),
        )  # fmt: skip
        runs.append(model)
    same(*runs)


def test_validation_split_keeps_the_last_samples():
    model = tg.Dense(6, 3)
    history = tg.fit(model, X, Y, loss="softmax_crossentropy", optimizer="sgd", validation_split=0.25, verbose=0)
    assert history["val_loss"] == [tg.evaluate(model, X[30:], Y[30:], loss="softmax_crossentropy")["loss"]]


@pytest.mark.parametrize("shuffle", [True, False])
def test_augment_may_write_into_its_batch_and_the_users_samples_stay(shuffle):
    x = np.arange(12.0).reshape(6, 2)
    before, seen = x.copy(), []

    def augment(batch):
        seen.append(batch.sum())
        batch *= 0.0
        return batch

    options = {"loss": "mse", "optimizer": "sgd", "epochs": 2, "batch_size": None, "verbose": 0}
    tg.fit(tg.Dense(2, 1), x, x[:, :1], augment=augment, shuffle=shuffle, **options)
    assert seen == [before.sum()] * 2
    np.testing.assert_array_equal(x, before)


def test_what_augment_spoils_is_said_of_augment():
    x = np.ones((4, 2))
    with pytest.raises(
        FloatingPointError, match="augment gave NaN or infinite values in epoch 1, batch 1, where the s"
    ):
        tg.fit(tg.Dense(2, 1), x, x[:, :1], augment=lambda x: x * np.nan, loss="mse", optimizer="sgd", verbose=0)


def test_one_sample_may_be_left_to_train_on():
    assert trained(validation_split=0.97, y=np.zeros(40, int)) != trained(y=np.zeros(40, int))


def test_training_images_that_are_cropped_go_with_smaller_ones_in_validation():
    images, labels = RNG.random((8, 1, 6, 6)), np.arange(8) % 2
    model = tg.Sequential(tg.Flatten(), tg.Dense(16, 2))
    options = {"loss": "softmax_crossentropy", "optimizer": "sgd", "verbose": 0}
    crop, smaller = tg.data.augmentation.random_crop(4), images[:, :, 1:5, 1:5]
    assert "val_loss" in tg.fit(model, images, labels, augment=crop, validation_data=(smaller, labels), **options)
    with pytest.raises(ValueError, match=r"y has samples of shape \(\) for training, but \(2,\) in validation_data"):
        tg.fit(model, images, labels, augment=crop, validation_data=(smaller, np.eye(2)[labels]), **options)


def test_all_targets_of_a_large_set_are_looked_at_before_the_first_step():
    x, y = np.zeros((9000, 1)), np.zeros(9000, int)
    model = tg.Dense(1, 2)
    options = {"loss": "softmax_crossentropy", "optimizer": "sgd", "batch_size": 3000, "verbose": 0}
    assert "val_loss" in tg.fit(model, x, y, validation_data=(x, y), **options)
    before = model.state_dict()
    for place in (0, 4095, 4096, 8191, 8192, 8999):
        with pytest.raises(ValueError, match=r"in validation_data, .* these go from 0 to 2$"):
            tg.fit(model, x, y, validation_data=(x, np.where(np.arange(9000) == place, 2, 0)), **options)
    assert all(np.array_equal(array, before[path]) for path, array in model.state_dict().items())
