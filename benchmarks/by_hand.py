"""What the hand-written NumPy programs share: every result goes to an array that is there already.

They are the limit that the table compares with, so each takes the fastest calls that NumPy has:

- `out=` everywhere, and constants as arrays without axes: a Python number has to be converted at each call;
- arrays that begin with a cache line, where memory comes at any 16 bytes;
- all parameters in one flat array, so that an optimizer costs a few calls for all of them together;
- a.dot(b, out=…) and not np.matmul, which asks more before it multiplies; ones.dot(g) for a sum along the first axis;
- np.maximum with an array of zeros: with a single 0, NumPy has no fast loop for it;
- relu's derivative from its output: the sign of h in small arrays, h > 0 in large ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .setting import SGD, Adam, Training

LINE = 64  # bytes of a cache line


def empty(*shape: int, dtype: Any = np.float32) -> Any:
    """An array to write into, which begins with a cache line."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.empty(size + LINE, np.uint8)
    first = -room.ctypes.data % LINE
    return room[first : first + size].view(dtype).reshape(shape)


def zeros(*shape: int) -> Any:
    """Zeros."""
    return full(0, shape)


def ones(*shape: int) -> Any:
    """Ones: what sums are made with."""
    return full(1, shape)


def full(x: float, shape: Sequence[int]) -> Any:
    """An array of one number."""
    array = empty(*shape)
    array.fill(x)
    return array


def number(x: float) -> Any:
    """A constant as an array without axes."""
    return np.array(x, np.float32)


def flat(arrays: Sequence[np.ndarray]) -> tuple[Any, list[Any]]:
    """One array with the numbers of all, and the views that have their shapes."""
    whole = empty(sum(x.size for x in arrays))
    np.concatenate([x.ravel() for x in arrays], out=whole)
    parts = np.split(whole, np.cumsum([x.size for x in arrays])[:-1])
    return whole, [part.reshape(x.shape) for part, x in zip(parts, arrays, strict=True)]


def trained(training: Training) -> tuple[list[Any], list[Any], Callable[[], None]]:
    """The parameters, their gradients, and the step that moves the ones by the others: views of flat arrays."""
    w, parameters = flat(training.parameters)
    g, gradients = flat([np.zeros_like(p) for p in training.parameters])
    return parameters, gradients, optimizer(training.optimizer, w, g)


def relu(*shape: int) -> tuple[Callable[[Any], None], Callable[[Any, Any], None]]:
    """forward(z): z becomes max(z, 0). backward(h, g): g becomes 0 where h is 0."""
    floor, zero, small = zeros(*shape), number(0), math.prod(shape) <= 2048
    on = empty(*shape, dtype=np.float32 if small else bool)

    def forward(z: Any) -> None:
        np.maximum(z, floor, out=z)

    def backward(h: Any, g: Any) -> None:
        np.greater(h, zero, out=on)
        np.multiply(g, on, out=g)

    def backward_of_few(h: Any, g: Any) -> None:
        np.sign(h, out=on)  # 1 where h is above 0, as a float: nothing has to be converted
        np.multiply(g, on, out=g)

    return forward, backward_of_few if small else backward


def softmax_crossentropy(classes: int, samples: int) -> Callable[[Any, Any], Any]:
    """loss(z, labels), the mean; z becomes its derivative by z.

    z is (classes, samples): NumPy works along rows, and these are the long ones.
    """
    one_hot = empty(classes, classes)
    one_hot[...] = np.eye(classes) / samples
    chosen, row, total = empty(classes, samples), ones(classes), empty(samples)
    share, n = ones(samples) / np.float32(samples), number(samples)

    def loss(z: Any, labels: Any) -> Any:
        np.maximum.reduce(z, axis=0, out=total)
        np.subtract(z, total, out=z)
        one_hot.take(labels, 1, chosen, "clip")
        of_labels = np.vdot(z, chosen)
        np.exp(z, out=z)
        row.dot(z, out=total)
        np.multiply(total, n, out=total)
        np.divide(z, total, out=z)
        np.subtract(z, chosen, out=z)
        np.log(total, out=total)
        return share.dot(total) - of_labels - log_n

    log_n = np.float32(np.log(samples))
    return loss


def two_layers(parameters: Sequence[Any], gradients: Sequence[Any], samples: int) -> Callable[[Any, Any], Any]:
    """loss(x, labels) of dense, relu, dense and softmax cross-entropy, forward and backward: `gradients` are filled."""
    (w1, b1, w2, b2), (g1, gb1, g2, gb2) = parameters, gradients
    units, classes = w2.shape
    h, gh, z = empty(samples, units), empty(samples, units), empty(classes, samples)
    forward, backward = relu(samples, units)
    crossentropy, row = softmax_crossentropy(classes, samples), ones(samples)
    w2_t, b2_column, h_t, z_t = w2.T, b2[:, None], h.T, z.T

    def loss(x: Any, labels: Any) -> Any:
        x.dot(w1, out=h)
        np.add(h, b1, out=h)
        forward(h)
        w2_t.dot(h_t, out=z)
        np.add(z, b2_column, out=z)
        value = crossentropy(z, labels)
        h_t.dot(z_t, out=g2)
        z.dot(row, out=gb2)
        z_t.dot(w2_t, out=gh)
        backward(h, gh)
        x.T.dot(gh, out=g1)
        row.dot(gh, out=gb1)
        return value

    return loss


def sigmoid(*shape: int) -> tuple[Callable[[Any], None], Callable[[Any, Any], None]]:
    """forward(z): z becomes 1 / (1 + exp(−z)). backward(h, g): g becomes g · h · (1 − h)."""
    one, slope = number(1), empty(*shape)

    def forward(z: Any) -> None:
        np.negative(z, out=z)
        np.exp(z, out=z)
        np.add(z, one, out=z)
        np.reciprocal(z, out=z)

    def backward(h: Any, g: Any) -> None:
        np.subtract(one, h, out=slope)
        np.multiply(slope, h, out=slope)
        np.multiply(g, slope, out=g)

    return forward, backward


def mse(samples: int, width: int) -> Callable[[Any, Any, Any], Any]:
    """loss(a, target, g), the mean over all numbers; g becomes its derivative by a."""
    factor, numbers = number(2 / (samples * width)), np.float32(samples * width)

    def loss(a: Any, target: Any, g: Any) -> Any:
        np.subtract(a, target, out=g)
        total = np.vdot(g, g)
        np.multiply(g, factor, out=g)
        return total / numbers

    return loss


def batch_norm(samples: int, width: int, epsilon: float) -> tuple[Callable[..., None], Callable[..., None]]:
    """forward(x, γ, β, y, μ, σ²): x becomes x − μ, y = γ · (x − μ) / sqrt(σ² + ε) + β, μ and σ² go where they belong.

    backward(centered, γ, g, gγ, gβ): g becomes γ/σ · (g − mean g − (x − μ)/σ² · mean (g · (x − μ))).
    """
    share, ones_, work = ones(samples) / np.float32(samples), ones(samples), empty(samples, width)
    inverse, factor, small = empty(width), empty(width), empty(width)
    eps, one = number(epsilon), number(1)

    def forward(x: Any, gamma: Any, beta: Any, y: Any, mean: Any, var: Any) -> None:
        share.dot(x, out=mean)
        np.subtract(x, mean, out=x)
        np.multiply(x, x, out=work)
        share.dot(work, out=var)
        np.add(var, eps, out=inverse)
        np.sqrt(inverse, out=inverse)
        np.divide(one, inverse, out=inverse)
        np.multiply(inverse, gamma, out=factor)
        np.multiply(x, factor, out=y)
        np.add(y, beta, out=y)

    def backward(centered: Any, gamma: Any, g: Any, ggamma: Any, gbeta: Any) -> None:
        np.multiply(g, centered, out=work)
        ones_.dot(g, out=gbeta)
        share.dot(work, out=small)
        np.multiply(small, inverse, out=small)
        np.multiply(small, n, out=ggamma)
        np.multiply(small, inverse, out=small)
        np.multiply(centered, small, out=work)
        np.subtract(g, work, out=g)
        share.dot(g, out=small)  # of centered numbers the mean is 0: what was taken away changes nothing
        np.subtract(g, small, out=g)
        np.multiply(g, factor, out=g)

    n = number(samples)
    return forward, backward


def bernoulli(keep: float, kept: Any) -> Callable[[], None]:
    """draw(): each place of kept is true with this probability, from 16 random bits."""
    generator, below = np.random.SFC64(0), np.array(round(keep * 2**16), np.uint16)

    def draw() -> None:
        np.less(generator.random_raw(kept.size // 4).view(np.uint16).reshape(kept.shape), below, out=kept)

    return draw


def convolution(channels: int, images: int, side: int) -> tuple[Callable[[Any], None], Callable[[Any, Any], None], Any]:
    """lay_out(x), gather(gmet, gx), and met: what each place of a 3 × 3 kernel meets.

    x is (channels, images · side · side), met is (channels · 9, images · side · side).
    """
    size = images * side * side
    met = zeros(channels, 9, size)
    shifts = [row * side + column for row in range(3) for column in range(3)]
    places = [(met[:, i, : size - shift], shift) for i, shift in enumerate(shifts)]

    def lay_out(x: Any) -> None:
        for place, shift in places:
            np.copyto(place, x[:, shift:])

    def gather(gmet: Any, gx: Any) -> None:
        parts = gmet.reshape(met.shape)
        np.copyto(gx, parts[:, 0])
        for i, shift in enumerate(shifts[1:], 1):
            np.add(gx[:, shift:], parts[:, i, : size - shift], out=gx[:, shift:])

    return lay_out, gather, met.reshape(channels * 9, size)


def max_pool(channels: int, images: int, side: int, pooled: int) -> tuple[Callable[..., None], Callable[..., None]]:
    """forward(y, h), backward(y, gh, gy): the largest of 2 × 2, rows first, since they are long and lie together.

    y and gy are (channels, images · side · side), h and gh (channels, images · pooled · pooled).
    """
    used = 2 * pooled
    larger, glarger = zeros(channels, images, pooled, side), zeros(channels, images, pooled, side)
    left, right = larger[..., 0:used:2], larger[..., 1:used:2]
    gleft, gright = glarger[..., 0:used:2], glarger[..., 1:used:2]
    right_wins, below_wins = empty(*left.shape, dtype=bool), empty(*larger.shape, dtype=bool)

    def rows(y: Any) -> tuple[Any, Any]:
        image = y.reshape(channels, images, side, side)
        return image[:, :, 0:used:2], image[:, :, 1:used:2]

    def forward(y: Any, h: Any) -> None:
        above, below = rows(y)
        np.maximum(above, below, out=larger)
        np.maximum(left, right, out=h.reshape(left.shape))

    def backward(y: Any, gh: Any, gy: Any) -> None:
        above, below = rows(y)
        g_above, g_below = rows(gy)
        g = gh.reshape(left.shape)
        np.greater(right, left, out=right_wins)
        np.multiply(g, right_wins, out=gright)
        np.subtract(g, gright, out=gleft)
        np.greater(below, above, out=below_wins)
        np.multiply(glarger, below_wins, out=g_below)
        np.subtract(glarger, g_below, out=g_above)

    return forward, backward


def optimizer(rule: SGD | Adam, w: Any, g: Any) -> Callable[[], None]:
    """The step that moves w by its gradient g."""
    return adam(rule, w, g) if isinstance(rule, Adam) else sgd(rule, w, g)


def sgd(rule: SGD, w: Any, g: Any) -> Callable[[], None]:
    """SGD in two calls, with momentum in four."""
    a, v, lr, momentum = empty(w.size), zeros(w.size), number(rule.lr), number(rule.momentum)

    def plain() -> None:
        np.multiply(g, lr, out=a)
        np.subtract(w, a, out=w)

    def with_momentum() -> None:
        np.multiply(v, momentum, out=v)
        np.add(v, g, out=v)
        np.multiply(v, lr, out=a)
        np.subtract(w, a, out=w)

    return with_momentum if rule.momentum else plain


def adam(rule: Adam, w: Any, g: Any) -> Callable[[], None]:
    """Adam in ten calls: m and s are kept without their factors 1 − β, which go into ε and the rate."""
    m, s, a = zeros(w.size), zeros(w.size), empty(w.size)
    beta1, beta2, eps, rate = (number(x) for x in (rule.beta1, rule.beta2, rule.eps, rule.lr))
    t = 0

    def step() -> None:
        nonlocal t
        t += 1
        root = ((1 - rule.beta2) / (1 - rule.beta2**t)) ** 0.5
        eps[()] = rule.eps / root
        rate[()] = rule.lr * (1 - rule.beta1) / (1 - rule.beta1**t) / root
        np.multiply(m, beta1, out=m)
        np.add(m, g, out=m)
        np.multiply(s, beta2, out=s)
        np.multiply(g, g, out=a)
        np.add(s, a, out=s)
        np.sqrt(s, out=a)
        np.add(a, eps, out=a)
        np.divide(m, a, out=a)
        np.multiply(a, rate, out=a)
        np.subtract(w, a, out=w)

    return step
