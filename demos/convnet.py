"""A convolution net, with spatial dropout, fractional pooling, stochastic depth.

    convolution             out[n, o, i, j] = Σ_c Σ_k Σ_l x[n, c, i + k, j + l] · kernel[o, c, k, l] + bias[o]
    spatial dropout         a whole channel of an image is dropped: its pixels say much the same
    fractional pooling      the largest number of regions of random size: the image shrinks by a ratio between 1 and 2
    stochastic depth        x + b·block(x), b = 0 with probability `rate`: the block is skipped; 1 − rate at test time

All three draw anew in each step of training. At test time all channels stay, and regions are as even as can be.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
import viz
from demos._lesson import Lesson, framed

lesson = Lesson(
    __file__, __doc__,
    samples=(400, 100, "digits to train on"),
    epochs=(40, 1, "passes over them"),
    channels=(16, 8, "channels of the convolutions"),
    rate=(0.2, 0.2, "of spatial dropout and of stochastic depth"),
)  # fmt: skip
tg.set_default_dtype("float32")  # half the memory, and faster
c, rate = lesson.channels, lesson.rate

x, y = tg.data.digits(images=True)
x = x.astype(np.float32)
share = lesson.samples / len(y)
(x_train, y_train), (x_test, y_test), _ = tg.data.split(x, y, (share, 0.4, 0.6 - share), stratify=y, rng=lesson.seed)


def block():
    """Two convolutions that keep the shape."""
    return tg.Sequential(
        tg.Conv2D(c, c, 3, padding="same", activation="relu", kernel_initializer="he_normal"),
        tg.Conv2D(c, c, 3, padding="same", activation="relu", kernel_initializer="he_normal"),
    )


def convnet(drop=False, fractional=False, depth=False):
    layers = [
        tg.Conv2D(1, c, 3, padding="same", activation="relu", kernel_initializer="he_normal"),
        tg.StochasticDepth(block(), rate) if depth else tg.Residual(block()),
        tg.FractionalMaxPool2D(1.5) if fractional else tg.MaxPool2D(2),
        *([tg.SpatialDropout2D(rate)] if drop else []),
        tg.StochasticDepth(block(), rate) if depth else tg.Residual(block()),
        tg.GlobalAvgPool2D(),
        tg.Dense(c, 10),
    ]
    return tg.Sequential(*layers)


dense = tg.Sequential(tg.Flatten(), tg.Dense(64, 128, activation="relu"), tg.Dense(128, 10))
cases = {
    "dense, 64-128-10": lambda: dense,
    "convolution net": convnet,
    "+ spatial dropout": lambda: convnet(drop=True),
    "+ fractional max pooling": lambda: convnet(fractional=True),
    "+ stochastic depth": lambda: convnet(depth=True),
    "+ all three": lambda: convnet(drop=True, fractional=True, depth=True),
}
print(f"{len(y_train)} digits to train on, {len(y_test)} to test, {lesson.epochs} epochs of Adam:")
print(f"{'':26}{'parameters':>11}{'training loss':>15}{'test loss':>11}{'accuracy':>10}")
figure, ax = plt.subplots()
models, steps = {}, lesson.epochs * len(tg.data.batches(x_train))
for name, make in cases.items():
    tg.seed(lesson.seed)
    model = models[name] = make()
    falling = tg.optim.schedules.cosine(0.005, steps=steps)
    history = tg.fit(
        model, x_train, y_train, loss="softmax_crossentropy", optimizer=tg.optim.Adam(model.parameters(), lr=falling),
        epochs=lesson.epochs, validation_data=(x_test, y_test), verbose=0,
    )  # fmt: skip
    train = tg.evaluate(model, x_train, y_train, loss="softmax_crossentropy")["loss"]
    test = tg.evaluate(model, x_test, y_test, loss="softmax_crossentropy", metrics=["accuracy"])
    count = sum(p.size for p in model.parameters())
    print(f"{name:26}{count:11,}{train:15.4f}{test['loss']:11.3f}{test['accuracy']:10.1%}")
    ax.plot(range(1, lesson.epochs + 1), history["val_loss"], label=f"{name}: {test['accuracy']:.1%}")
ax.legend(fontsize=10)
ax.set(yscale="log", xlabel="epoch", ylabel="test loss", title="As many parameters, better answers: filters fit images")
lesson.picture(
    ax, "curves", "The loss on the test digits, of a dense net and of convolution nets with the three noises."
)

# What the first layer looks for, and what it finds.
net = models["convolution net"]
kernels = net.layers[0].kernel.data[:8, 0]
example = x_test[:1]
found = net.layers[0](example).data[0, :8]
figure, axes = plt.subplots(2, len(kernels) + 1, figsize=(13, 3.6))
framed(axes)
axes[0, 0].axis("off")
axes[1, 0].imshow(example[0, 0], cmap="gray_r")
axes[1, 0].set_title("image", fontsize=11, loc="center")
for column, (kernel, seen) in enumerate(zip(kernels, found, strict=True), start=1):
    axes[0, column].imshow(kernel, cmap="RdBu", vmin=-np.abs(kernels).max(), vmax=np.abs(kernels).max())
    axes[1, column].imshow(seen, cmap="gray_r", vmin=0, vmax=found.max())
    axes[0, column].set_title(f"filter {column}", fontsize=11, loc="center")
figure.suptitle("Filters of 3×3 that were learned (red −, blue +), and where they answer")
lesson.picture(axes, "filters", "The filters of the first layer after training, and what each makes of one digit.")

# The three noises on one image.
tg.seed(lesson.seed)
digit = np.kron(x_test[0, 0], np.ones((2, 2), np.float32))[None, None]  # 16×16
pool = tg.FractionalMaxPool2D(1.4)
shown = [("16×16", digit), *((f"pooled {n}", pool(digit).data) for n in (1, 2, 3)), ("test", pool.eval()(digit).data)]
eight = np.repeat(found[None], 3, axis=0)  # eight channels of the same image, three times
dropped = tg.SpatialDropout2D(0.4)(eight).data
figure = plt.figure(figsize=(13, 6.0))
top, bottom = figure.subfigures(2, 1, height_ratios=[1, 1.25])
for ax, (name, picture) in zip(top.subplots(1, len(shown)), shown, strict=True):
    ax.imshow(picture[0, 0], cmap="gray_r")
    ax.set_title(
        f"{name}: {picture.shape[2]}×{picture.shape[3]}" if name != "16×16" else name, fontsize=11, loc="center"
    )
    ax.axis("off")
top.suptitle("Fractional max pooling: regions of random size, drawn anew each time")
axes = bottom.subplots(3, 8)
framed(axes)
for row, picture in zip(axes, dropped, strict=True):
    for ax, channel in zip(row, picture, strict=True):
        ax.imshow(channel, cmap="gray_r", vmin=0, vmax=dropped.max())
bottom.suptitle("Spatial dropout: eight channels, three draws; whole channels go")
lesson.picture(ax, "noises", "Fractional max pooling of one digit, and spatial dropout of eight channels.")

depth = tg.StochasticDepth(tg.Lambda(lambda x: x), 0.3)  # the block is the identity: x + b·x is 1 or 2
draws = np.array([depth(np.ones((1, 1))).item() for _ in range(1000)])
print(f"\nStochastic depth 0.3: of 1000 passes {np.mean(draws == 1):.1%} skip the block; ", end="")
print(f"x + b·x of 1 is {draws.mean():.3f} on average, {depth.eval()(np.ones((1, 1))).item():.3f} at test time")
spatial = np.abs(dropped).max(axis=(2, 3)) == 0
print(f"Spatial dropout 0.4: {spatial.mean():.0%} of {spatial.size} channels are dropped whole")

model = models["+ all three"].train()
loss = tg.losses.softmax_crossentropy(model(x_train[:8]), y_train[:8])
loss.backward()
graph = viz.graph(loss, depth=1, title="A step of training, layer by layer")
lesson.picture(graph, "graph", "The graph of one step, layers closed.")
lesson.finish()
