"""The lectures' Keras models, line for line.

    Keras                                             here
    Dense(4, input_shape=(2,), activation="relu")     tg.Dense(2, 4, activation="relu")
    kernel_regularizer=regularizers.l1(0.1)           kernel_regularizer=tg.penalties.l1(0.1)
    kernel_constraint=constraints.max_norm(1.)        kernel_constraint=tg.constraints.max_norm(1.0)
    BatchNormalization()                              tg.BatchNorm(128)
    compile(loss=…, optimizer=…), fit(x, y, …)        tg.fit(model, x, y, loss=…, optimizer=…, …)
    SGD(lr=0.001, momentum=0.9)                       lambda p: tg.optim.SGD(p, lr=0.001, momentum=0.9)
    SGD(clipvalue=1.0)                                tg.fit(…, clip=("value", 1.0))
    EarlyStopping(monitor="accuracy", patience=1)     tg.EarlyStopping(monitor="accuracy", patience=1)
    ModelCheckpoint(filepath="my_model.h5")           tg.ModelCheckpoint("my_model.npz")
    load_model("my_model.h5")                         tg.load("my_model.npz", model=model)

A layer says how many inputs it has, because its weights are made at once.
"""

import matplotlib.pyplot as plt
import numpy as np

import tinygrad_reg as tg
from demos._lesson import Lesson

lesson = Lesson(
    __file__, __doc__,
    epochs=(30, 2, "passes over the training set"),
    words=(10000, 500, "size of the vocabulary of the made-up reviews"),
)  # fmt: skip


# 2-4-3 (002): two features, three classes, the optimizers by name and by object.
x, y = tg.data.blobs(300, centers=[[-2, 0], [2, 0], [0, 3]], std=0.8, rng=lesson.seed)
print("2-4-3 on three clouds, sparse categorical cross-entropy, 30 epochs in the lecture:")
for name, optimizer in {
    "sgd": "sgd",
    "SGD(momentum=0.9)": lambda p: tg.optim.SGD(p, lr=0.001, momentum=0.9),
    "SGD(momentum=0.9, nesterov=True)": lambda p: tg.optim.SGD(p, lr=0.001, momentum=0.9, nesterov=True),
    "Adagrad": lambda p: tg.optim.AdaGrad(p, lr=0.001),
    "RMSprop(rho=0.9)": lambda p: tg.optim.RMSProp(p, lr=0.001, rho=0.9),
    "Adam(beta_1=0.9, beta_2=0.999)": lambda p: tg.optim.Adam(p, lr=0.001, betas=(0.9, 0.999)),
}.items():
    tg.seed(lesson.seed)
    model = tg.Sequential([tg.Dense(2, 4, activation="relu"), tg.Dense(4, 3, activation="softmax")])
    history = tg.fit(
        model, x, y, loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"],
        epochs=lesson.epochs, verbose=0,
    )  # fmt: skip
    print(f"  {name:34} accuracy {history['accuracy'][-1]:.1%}")

# 64-128-10 (002's 784-128-10, on digits of 8×8), each of its options.
images, digits = tg.data.digits(images=True)
(x_train, y_train), (x_val, y_val) = tg.data.split(images, digits, (0.7, 0.3), stratify=digits, rng=lesson.seed)
Dense, Flatten, Dropout, BatchNorm = tg.Dense, tg.Flatten, tg.Dropout, tg.BatchNorm
models = {
    "dropout": [
        Flatten(), Dropout(rate=0.2), Dense(64, 128, activation="relu"), Dropout(rate=0.2),
        Dense(128, 10, activation="softmax"),
    ],
    "batch norm": [
        Flatten(), BatchNorm(64), Dense(64, 128, activation="relu"), BatchNorm(128),
        Dense(128, 10, activation="softmax"),
    ],
    "leaky ReLU, He": [
        Flatten(), Dense(64, 128, kernel_initializer="he_normal"), tg.LeakyReLU(), Dense(128, 10, activation="softmax"),
    ],
    "ELU": [Flatten(), Dense(64, 128, activation="elu"), Dense(128, 10, activation="softmax")],
    "L2 of 0.01": [
        Flatten(), Dense(64, 128, activation="relu", kernel_regularizer=tg.penalties.l2(0.01)),
        Dense(128, 10, activation="softmax"),
    ],
    "max-norm of 1": [
        Flatten(), Dense(64, 128, activation="relu", kernel_constraint=tg.constraints.max_norm(1.0)),
        Dense(128, 10, activation="softmax"),
    ],
}  # fmt: skip
print("\n64-128-10 on the digits, with EarlyStopping(monitor='accuracy', min_delta=0.05, patience=1):")
for name, layers in models.items():
    model = tg.Sequential(layers)
    history = tg.fit(
        model, x_train, y_train, loss="categorical_crossentropy", optimizer="sgd", clip=("value", 1.0),
        metrics=["accuracy"], epochs=500 if not lesson.small else 3, verbose=0,
        callbacks=[tg.EarlyStopping(monitor="accuracy", min_delta=0.05, patience=1)],
    )  # fmt: skip
    score = tg.evaluate(model, x_val, y_val, metrics=["accuracy"])["accuracy"]
    print(f"  {name:16} stopped after {history.epochs:3} epochs, validation accuracy {score:.1%}")

# 10000-16-16-1 (004): reviews as bags of words, made up; 16-16 against 4-4, L2 and dropout, and a checkpoint.
V = lesson.words
frequency = np.minimum(0.5, 4 / np.arange(1, V + 1))  # as in language: few words are frequent, most are rare
meaning = lesson.rng.normal(0, 1, V) * (lesson.rng.random(V) < 0.3)  # a third of them tells what is thought of a film


def reviews(count):
    words = lesson.rng.random((count, V)) < frequency
    return words.astype(np.float32), (words @ meaning + lesson.rng.normal(0, 0.5, count) > 0).astype(float)[:, None]


(x_train, y_train), (x_val, y_val) = reviews(2000), reviews(500)
tg.set_default_dtype("float32")


def sentiment(units, regularizer=None, drop=0.0):
    tg.seed(lesson.seed)
    noise = [Dropout(drop)] if drop else []
    return tg.Sequential(
        Dense(V, units, activation="relu", kernel_regularizer=regularizer), *noise,
        Dense(units, units, activation="relu", kernel_regularizer=regularizer), *noise,
        Dense(units, 1, activation="sigmoid"),
    )  # fmt: skip


cases = {
    "16-16": sentiment(16), "4-4": sentiment(4), "16-16, L2": sentiment(16, tg.penalties.l2(0.001)),
    "16-16, L1": sentiment(16, tg.penalties.l1(0.0001)),
    "16-16, L1 and L2": sentiment(16, tg.penalties.l1_l2(l1=0.0001, l2=0.001)),
    "16-16, dropout": sentiment(16, drop=0.5),
}  # fmt: skip
file = lesson.folder / "my_model.npz"
print(f"\n{V}-16-16-1 on made-up reviews, RMSprop, the best epoch kept in {file.name}:")
figure, ax = plt.subplots()
for name, model in cases.items():
    history = tg.fit(
        model, x_train, y_train, epochs=max(2, lesson.epochs // 2), batch_size=128, validation_data=(x_val, y_val),
        optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"], verbose=0,
        callbacks=[tg.ModelCheckpoint(file, monitor="val_loss", save_best_only=True)],
    )  # fmt: skip
    last = history["val_accuracy"][-1]
    best = tg.load(file, model=model).epoch
    kept = tg.evaluate(model, x_val, y_val, loss="binary_crossentropy", metrics=["accuracy"])
    print(
        f"  {name:18} validation loss {history['val_loss'][-1]:.3f} at the end, {kept['loss']:.3f} in epoch {best:2}, "
        f"accuracy {last:.1%} and {kept['accuracy']:.1%}"
    )
    ax.plot(range(1, history.epochs + 1), history["val_loss"], label=name)
ax.legend()
ax.set(xlabel="epoch", ylabel="validation loss", title="Many words, few reviews: what each option does")
lesson.picture(ax, "reviews", "The validation loss on made-up reviews: less capacity, L2, L1, both, and dropout.")
lesson.finish()
