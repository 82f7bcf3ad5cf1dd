"""Augmentation (row T7): what each change keeps, and that every image gets its own draw."""

import inspect

import numpy as np
import pytest

from tinygrad_reg.data import augmentation
from tinygrad_reg.data.augmentation import (
    Augmentation,
    color_shift,
    compose,
    contrast,
    flip,
    information_loss,
    noise,
    random_crop,
    resize,
    rotate,
    shift,
)

IMAGES = np.random.default_rng(0).uniform(0.1, 1, (40, 3, 9, 8))
ALL = [shift(2), random_crop(5), rotate(20), resize(), flip(), color_shift(), contrast(), noise(), information_loss(3)]


@pytest.mark.parametrize("change", [*ALL, compose(*ALL)], ids=lambda change: type(change).__name__)
def test_T7_own_draws_seeds_dtypes_and_untouched_input(change):
    before = IMAGES.copy()
    changed = change(IMAGES, rng=1)
    assert np.array_equal(IMAGES, before)
    assert np.array_equal(changed, change(IMAGES, rng=np.random.default_rng(1)))
    assert not np.array_equal(changed, change(IMAGES, rng=2))
    same = change(np.repeat(IMAGES[:1], 40, axis=0), rng=1)
    assert len(np.unique(same.round(12), axis=0)) >= 2  # the same image, changed in different ways
    assert change(IMAGES.astype(np.float32), rng=1).dtype == np.float32
    assert changed.dtype == np.float64 and changed.shape[:2] == IMAGES.shape[:2]
    assert change(IMAGES[:0], rng=1).shape[0] == 0


def test_every_change_is_tested_here():
    found = {c for _, c in inspect.getmembers(augmentation, inspect.isclass) if issubclass(c, Augmentation)}
    assert found - {Augmentation, compose} == {type(change) for change in ALL}


def test_T7_shift_moves_whole_images_and_fills_the_edge():
    changed = shift(2, fill=-1)(IMAGES, rng=3)
    moves = set()
    for old, new in zip(IMAGES, changed, strict=True):
        padded = np.pad(old, ((0, 0), (2, 2), (2, 2)), constant_values=-1)
        fits = [(i, j) for i in range(5) for j in range(5) if np.array_equal(padded[:, i : i + 9, j : j + 8], new)]
        assert len(fits) == 1
        moves.add(fits[0])
    assert np.array_equal(shift(0)(IMAGES), IMAGES)
    assert len(moves) > 10 and {i for i, _ in moves} == {j for _, j in moves} == set(range(5))


def test_T7_random_crop_gives_windows_of_the_image():
    changed = random_crop((4, 5))(IMAGES, rng=3)
    assert changed.shape == (40, 3, 4, 5)
    for old, new in zip(IMAGES, changed, strict=True):
        assert any(np.array_equal(old[:, i : i + 4, j : j + 5], new) for i in range(6) for j in range(4))
    assert random_crop((9, 8), padding=2)(IMAGES, rng=3).shape == IMAGES.shape
    assert np.array_equal(random_crop((9, 8))(IMAGES), IMAGES)
    assert random_crop((9, 5))(IMAGES, rng=3).shape == (40, 3, 9, 5)
    places = np.arange(72.0).reshape(1, 1, 9, 8).repeat(300, axis=0)
    corners = random_crop((4, 5))(places, rng=3)[:, 0, 0, 0].astype(int)
    assert {(int(c) // 8, int(c) % 8) for c in corners} == {(i, j) for i in range(6) for j in range(4)}
    with pytest.raises(ValueError, match=r"a window of 10 × 10 does not fit into images of \(9, 8\)"):
        random_crop(10)(IMAGES)


def test_T7_rotation_by_0_is_the_identity_and_by_90_degrees_a_quarter_turn():
    square = IMAGES[:, :, :8]
    assert np.array_equal(rotate(0)(square), square)

    class Quarter(np.random.Generator):
        def uniform(self, low, high, size):
            return np.full(size, high)

    turned = rotate(90)(square, rng=Quarter(np.random.PCG64(0)))
    np.testing.assert_allclose(turned, np.rot90(square, axes=(2, 3)), atol=1e-12)


def test_T7_rotation_keeps_a_disc_and_the_range_of_values():
    rows, columns = np.mgrid[-7:8, -7:8]
    disc = np.clip(6 - np.hypot(rows, columns), 0, 1)[None, None]
    turned = rotate(180)(np.repeat(disc, 20, axis=0), rng=0)
    assert np.abs(turned - disc).max() < 0.25
    np.testing.assert_allclose(turned.sum((1, 2, 3)), disc.sum(), rtol=0.02)
    changed = rotate(45, fill=0.5)(IMAGES, rng=0)
    assert changed.min() >= IMAGES.min() and changed.max() <= IMAGES.max()


def test_T7_resizing_scales_the_area_about_the_centre():
    rows, columns = np.mgrid[-15:16, -15:16]
    disc = np.clip(8 - np.hypot(rows, columns), 0, 1)[None, None]
    assert np.array_equal(resize(1, 1)(disc), disc)
    for factor in (0.5, 1.5):
        np.testing.assert_allclose(resize(factor, factor)(disc).sum(), factor**2 * disc.sum(), rtol=0.03)
    smaller = resize(0.5, 0.5, fill=7)(disc)
    assert (smaller[0, 0, 0] == 7).all() and smaller[0, 0, 15, 15] == disc[0, 0, 15, 15]


def test_T7_flipping_mirrors_some_images_whole():
    for axis, number in (("horizontal", 3), ("vertical", 2)):
        assert np.array_equal(flip(axis, 1.0)(IMAGES), np.flip(IMAGES, number))
        assert np.array_equal(flip(axis, 0.0)(IMAGES), IMAGES)
        changed = flip(axis)(IMAGES, rng=0)
        stayed = (changed == IMAGES).all((1, 2, 3))
        mirrored = (changed == np.flip(IMAGES, number)).all((1, 2, 3))
        assert (stayed ^ mirrored).all() and 8 < mirrored.sum() < 32


def test_T7_colour_shift_adds_one_number_to_each_channel():
    added = color_shift(0.2)(IMAGES, rng=0) - IMAGES
    per_channel = added[:, :, :1, :1]
    np.testing.assert_allclose(added, np.broadcast_to(per_channel, added.shape), atol=1e-12)
    assert 0.15 < np.abs(per_channel).max() <= 0.2 and len(np.unique(per_channel.round(12))) == 120
    assert color_shift(2, limits=(0, 1))(IMAGES, rng=0).max() == 1


def test_T7_contrast_keeps_each_images_mean_and_scales_its_spread():
    changed = contrast(0.5, 1.5)(IMAGES, rng=0)
    np.testing.assert_allclose(changed.mean((1, 2, 3)), IMAGES.mean((1, 2, 3)))
    factors = changed.std((1, 2, 3)) / IMAGES.std((1, 2, 3))
    assert 0.5 <= factors.min() < 0.7 and 1.3 < factors.max() <= 1.5
    mean = IMAGES.mean((1, 2, 3), keepdims=True)
    assert ((changed - mean) * (IMAGES - mean) >= 0).all()  # what was bright stays bright


def test_T7_noise_has_the_mean_0_and_the_spread_asked_for():
    added = noise(0.2)(np.zeros((50, 1, 20, 20)), rng=0)
    assert added.mean() == pytest.approx(0, abs=0.01) and added.std() == pytest.approx(0.2, rel=0.02)
    assert (added != added.astype(np.float32)).any()  # float64 gets all its digits
    assert noise(5, limits=(0, 1))(IMAGES, rng=0).min() == 0
    assert noise(5, limits=(0, np.inf))(IMAGES, rng=0).max() > 1
    limits = np.float64(0), np.float64(1)  # weak, as NumPy's scalars are everywhere
    assert noise(5, limits=limits)(IMAGES.astype(np.float32), rng=0).dtype == np.float32


def test_T7_information_loss_blanks_one_square_in_all_channels():
    changed = information_loss(3, fill=-1)(IMAGES, rng=0)
    lost = changed == -1
    assert (lost.sum((2, 3)) == 9).all() and np.array_equal(changed[~lost], IMAGES[~lost])
    assert (lost.any(3).sum(2) == 3).all() and (lost.any(2).sum(2) == 3).all()
    assert (lost == lost[:, :1]).all()
    assert len(np.unique(lost[:, 0], axis=0)) > 15
    with pytest.raises(ValueError, match="a square of 9 pixels does not fit"):
        information_loss(9)(IMAGES)
    many = information_loss(3, fill=-1)(np.zeros((400, 1, 9, 8)), rng=0)[:, 0] == -1
    assert {int(i) for i in many.any(2).argmax(1)} == set(range(7))
    assert {int(j) for j in many.any(1).argmax(1)} == set(range(6))
    assert (information_loss(8, fill=-1)(IMAGES, rng=0) == -1).sum() == 64 * 3 * 40  # as large as there is room for


def test_composition_is_one_after_the_other_from_one_generator():
    rng = np.random.default_rng(5)
    by_hand = noise(0.1)(flip()(IMAGES, rng), rng)
    assert np.array_equal(compose(flip(), noise(0.1))(IMAGES, rng=5), by_hand)
    assert repr(compose(shift(1), flip("vertical"))) == (
        "compose(shift(pixels=1, fill=0.0), flip(axis='vertical', probability=0.5))"
    )
    with pytest.raises(TypeError, match="augmentations such as"):
        compose(lambda x: x)


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (IMAGES[:, 0], ValueError, r"\(N, C, H, W\), not \(40, 9, 8\); write x\[:, None\] for grey ones"),
        (IMAGES[0, 0], ValueError, r"not \(9, 8\); what is no image is changed by a function of your own$"),
        (np.ones((3, 64)), ValueError, r"not \(3, 64\); grey ones are x\.reshape\(-1, 1, 8, 8\), .* tg\.Flatten\(\)"),
        (np.ones(9), ValueError, r"not \(9,\); what is no image"),
        ((255 * IMAGES).astype(np.uint8), TypeError, "write x / 255"),
    ],
)
def test_what_is_no_batch_of_images_is_refused(images, error, message):
    with pytest.raises(error, match=message):
        shift(1)(images)


@pytest.mark.parametrize(
    "make",
    [
        lambda: shift(-1), lambda: shift(1.5), lambda: random_crop(0), lambda: random_crop(3, padding=-1),
        lambda: rotate(np.nan), lambda: resize(0, 1), lambda: resize(1.2, 0.9), lambda: flip("diagonal"),
        lambda: flip(probability=1.1), lambda: color_shift(-0.1), lambda: contrast(-1, 1), lambda: noise(np.inf),
        lambda: information_loss(0), lambda: random_crop((2, 3, 4)), lambda: noise(0.1, limits=(1, 0)),
        lambda: noise(0.1, limits=(1, 1)), lambda: noise(0.1, limits=(0, "1")), lambda: noise(0.1, limits=(0, 1, 2)),
        lambda: contrast(limits=1), lambda: color_shift(limits=(0, np.nan)), lambda: shift(1, fill=np.nan),
        lambda: rotate(fill=np.inf), lambda: resize(fill=np.nan), lambda: information_loss(2, fill=np.nan),
        lambda: random_crop(2, fill=np.nan),
    ],
)  # fmt: skip
def test_impossible_settings_are_refused(make):
    with pytest.raises(ValueError, match="not"):
        make()
