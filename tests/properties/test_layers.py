"""What layers must not care about: shifts, scales, orders, neighbours in the batch, and how a model is put together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_reg as tg

from .examples import examples

seeds = st.integers(0, 2**32 - 1)
shifts = st.floats(-50, 50)
scales = st.floats(0.1, 10)


def close(a, b, digits=1e-9):
    np.testing.assert_allclose(a.data, b.data, rtol=digits, atol=digits)


@examples(30)
@given(seeds, shifts, scales)
def test_batch_norm_does_not_see_shift_and_scale(seed, shift, scale):
    x = np.random.default_rng(seed).normal(size=(6, 3))
    layer = tg.BatchNorm(3, epsilon=0)
    close(layer(scale * x + shift), layer(x), 1e-7)
    t = tg.Tensor(x, requires_grad=True)
    (layer(t) ** 3).sum().backward()
    np.testing.assert_allclose(t.grad.sum(0), 0, atol=1e-8)  # moving all samples together changes nothing
    np.testing.assert_allclose((t.grad * x).sum(0), t.grad.sum(0) * x.mean(0), atol=1e-7)  # nor does stretching them


@examples(30)
@given(seeds, shifts, scales)
def test_layer_norm_does_not_see_shift_and_scale_of_a_sample(seed, shift, scale):
    x = np.random.default_rng(seed).normal(size=(4, 5))
    layer = tg.LayerNorm(5, epsilon=0)
    moved = x.copy()
    moved[1] = scale * moved[1] + shift
    close(layer(moved), layer(x), 1e-7)


@examples(30)
@given(seeds, shifts, st.sampled_from([0, 1, -1, (0, 1)]))
def test_softmax_does_not_see_a_shift(seed, shift, axis):
    x = tg.Tensor(np.random.default_rng(seed).normal(size=(3, 4)), requires_grad=True)
    close(tg.ops.softmax(x + shift, axis=axis), tg.ops.softmax(x, axis=axis))
    close(tg.ops.log_softmax(x + shift, axis=axis), tg.ops.log_softmax(x, axis=axis))
    close(tg.ops.logsumexp(x + shift, axis=axis), tg.ops.logsumexp(x, axis=axis) + shift)
    weights = np.random.default_rng(seed + 1).normal(size=(3, 4))
    grad = tg.gradients(tg.ops.softmax(x, axis=axis), x, gradient=weights)
    np.testing.assert_allclose(grad.sum(axis=axis), 0, atol=1e-12)
    labels = np.array([0, 3, 1])
    close(tg.losses.softmax_crossentropy(x + shift, labels), tg.losses.softmax_crossentropy(x, labels))


@examples(30)
@given(seeds, st.integers(0, 3), st.integers(0, 3))
def test_a_convolution_moves_with_its_image(seed, down, right):
    rng = np.random.default_rng(seed)
    small = rng.normal(size=(2, 2, 4, 5))
    layer = tg.Conv2D(2, 3, (3, 2), use_bias=False, rng=seed)

    def placed(top, left):
        image = np.zeros((2, 2, 14, 14))
        image[:, :, 4 + top : 8 + top, 4 + left : 9 + left] = small
        return image

    close(np.roll(layer(placed(0, 0)), (down, right), (2, 3)), layer(placed(down, right)))
    a, b = (tg.Tensor(placed(*at), requires_grad=True) for at in ((0, 0), (down, right)))
    for t in (a, b):
        (layer(t) ** 2).sum().backward()
    np.testing.assert_allclose(np.roll(a.grad, (down, right), (2, 3)), b.grad, rtol=1e-9, atol=1e-9)


@examples(20)
@given(seeds)
def test_a_convolution_is_a_sum_over_its_windows(seed):
    """Linear in the image and in the kernel, and a kernel as large as the image is a dense layer."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 2, 2, 5, 4))
    w = rng.normal(size=(3, 2, 2, 3))
    conv = tg.ops.conv2d
    close(conv(2 * x - y, tg.Tensor(w)), 2 * conv(x, tg.Tensor(w)) - conv(y, tg.Tensor(w)))
    whole = rng.normal(size=(3, 2, 5, 4))
    close(conv(x, tg.Tensor(whole))[:, :, 0, 0], tg.Tensor(x.reshape(2, -1) @ whole.reshape(3, -1).T))


LAYERS = {
    "Dense": lambda rng: (tg.Dense(12, 3, "tanh", rng=rng), (12,)),
    "Conv2D": lambda rng: (tg.Conv2D(2, 3, 2, padding="same", activation="relu", rng=rng), (2, 4, 5)),
    "MaxPool2D": lambda rng: (tg.MaxPool2D(2, 1), (2, 4, 5)),
    "AvgPool2D": lambda rng: (tg.AvgPool2D((2, 3)), (2, 4, 5)),
    "LayerNorm": lambda rng: (tg.LayerNorm((2, 4, 5)), (2, 4, 5)),
    "Residual": lambda rng: (tg.Residual(tg.Dense(5, 5, "elu", rng=rng)), (5,)),
    "PReLU": lambda rng: (tg.PReLU(channels=2), (2, 4, 5)),
    "GlobalAvgPool2D": lambda rng: (tg.GlobalAvgPool2D(), (2, 4, 5)),
    "Softmax": lambda rng: (tg.Softmax(), (5,)),
    "BatchNorm in eval": lambda rng: (tg.BatchNorm(2).eval(), (2, 4, 5)),
    "Dropout in eval": lambda rng: (tg.Dropout(0.5).eval(), (5,)),
    "FractionalMaxPool2D in eval": lambda rng: (tg.FractionalMaxPool2D().eval(), (2, 6, 5)),
}


@examples(60)
@given(st.sampled_from(sorted(LAYERS)), seeds, st.integers(2, 5))
def test_samples_of_a_batch_do_not_know_of_each_other(name, seed, n):
    """Permuting the batch permutes the outputs; a sample alone gives what it gives in a batch; gradients likewise."""
    rng = np.random.default_rng(seed)
    layer, shape = LAYERS[name](np.random.default_rng(seed))
    x = rng.normal(size=(n, *shape))
    order = rng.permutation(n)
    out = layer(x)
    close(layer(x[order]), out[order])
    close(layer(x[:1]), out[:1])
    t = tg.Tensor(x, requires_grad=True)
    (layer(t)[0] ** 2).sum().backward()
    assert not t.grad[1:].any()


@examples(20)
@given(seeds)
def test_batch_norm_knows_the_batch_but_not_its_order(seed):
    rng = np.random.default_rng(seed)
    x, order = rng.normal(size=(5, 2, 3, 3)), rng.permutation(5)
    a, b = tg.BatchNorm(2), tg.BatchNorm(2)
    close(b(x[order]), a(x)[order])
    for name, value in a.state_dict().items():
        np.testing.assert_allclose(b.state_dict()[name], value, rtol=1e-12)


@examples(30)
@given(seeds, st.integers(0, 3))
def test_a_model_cut_in_two_is_the_same_model(seed, place):
    rng = np.random.default_rng(seed)
    model = tg.Sequential(
        [tg.Dense(4, 6, "relu", rng=rng), tg.BatchNorm(6), tg.Dense(6, 3, "tanh", rng=rng), tg.Softmax()]
    )
    x = rng.normal(size=(5, 4))
    whole = model(x)
    close(tg.Sequential([model[:place], model[place:]])(x), whole, 1e-12)


@examples(30)
@given(seeds)
def test_hidden_units_may_change_places(seed):
    rng = np.random.default_rng(seed)
    first, second = tg.Dense(4, 6, "sigmoid", rng=rng), tg.Dense(6, 3, rng=rng)
    first.bias.data = rng.normal(size=6)
    x, order = rng.normal(size=(5, 4)), rng.permutation(6)
    before = second(first(x))
    first.kernel.data, first.bias.data = first.kernel.data[:, order], first.bias.data[order]
    second.kernel.data = second.kernel.data[order]
    close(second(first(x)), before, 1e-12)


@examples(30)
@given(seeds, st.sampled_from(["mse", "mae", "half_mse", "sigmoid_crossentropy", "softmax_crossentropy"]))
def test_the_loss_of_a_batch_is_the_mean_of_the_losses_of_its_parts(seed, name):
    rng = np.random.default_rng(seed)
    loss = getattr(tg.losses, name)
    p, y = rng.normal(size=(6, 3)), rng.integers(0, 2, size=(6, 3)).astype(float)
    y = rng.integers(0, 3, size=6) if name == "softmax_crossentropy" else y
    halves = [loss(p[s], y[s]) for s in (slice(0, 3), slice(3, 6))]
    close(loss(p, y), (halves[0] + halves[1]) / 2, 1e-12)
    order = rng.permutation(6)
    close(loss(p[order], y[order]), loss(p, y), 1e-12)
    close(
        loss(p, y, reduction="none").sum() if name != "half_mse" else loss(p, y, reduction="sum"),
        loss(p, y, reduction="sum"),
        1e-12,
    )
