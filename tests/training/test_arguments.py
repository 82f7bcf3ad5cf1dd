"""What fit refuses, it refuses before the first step: nothing has changed then, and the message says what to do."""

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.modes import generator

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(33, 4)), RNG.integers(0, 3, 33)
ONE = RNG.integers(0, 2, (33, 1)).astype(float)


def model(outputs=3):
    return tg.Sequential(tg.Dense(4, 5, activation="relu"), tg.BatchNorm(5), tg.Dropout(0.5), tg.Dense(5, outputs))


def plain():
    return tg.Sequential(tg.Dense(4, 3))


def with_nan(array, *index):
    changed = array.copy()
    changed[index] = np.nan
    return changed


class Late(tg.Module):
    def forward(self, x):
        return tg.Dense(4, 3)(x)


class Plain(tg.Module):
    def __init__(self):
        self.w = np.ones((4, 3))

    def forward(self, x):
        return x @ self.w


class Own:
    def __init__(self, params=()):
        self.params = params

    def step(self): ...


class Cut(tg.Module):
    def __init__(self):
        self.inner = tg.Dense(4, 3)

    def forward(self, x):
        return self.inner(x).detach()


def frozen():
    made = plain()
    for p in made.parameters():
        p.requires_grad = False
    return made


CASES = {
    "no parameters": ({"model": tg.Sequential(tg.ReLU())}, ValueError, r"add layers such as tg.Dense\(2, 1\)"),
    "layers made in forward": (
        {"model": Late()}, ValueError, r"no parameters to train: make its layers in __init__, as attributes",
    ),
    "an array for a parameter": (
        {"model": tg.Sequential(Plain())}, ValueError,
        r"the array 0\.w is none, but self\.w = tg\.Tensor\(w, requires_grad=True\) would be",
    ),
    "an optimizer of one's own": (
        {"optimizer": Own()}, TypeError, r"subclass of tg\.optim\.Optimizer that has update\(\), see docs/add-an-op",
    ),
    "a function that makes one": ({"optimizer": Own}, TypeError, r"not Own; one of your own is a subclass of"),
    "all frozen": ({"model": frozen()}, ValueError, "no parameters to train: all its tensors are frozen"),
    "a class": ({"model": tg.Dense}, TypeError, "takes a model, not the class Dense"),
    "a function": ({"model": lambda x: x}, TypeError, "fit takes a tg.Module"),
    "empty": ({"x": X[:0], "y": Y[:0]}, ValueError, "the data set is empty"),
    "lengths": ({"y": Y[:-1]}, ValueError, "as many samples as each other, not 33 and 32"),
    "no targets": ({"y": None}, TypeError, r"an autoencoder is trained with its inputs, fit\(model, x, x\)"),
    "words": ({"y": np.array(["a"] * 33)}, TypeError, "y must hold numbers, not text; number the cl"),
    "words in x": ({"x": np.array([["a", "b"]] * 33)}, TypeError, r"x must hold numbers, not text; tg\.data\.one_hot"),
    "NaN": ({"x": with_nan(X, 7, 2)}, ValueError, r"in 1 of 33 samples \(the first in sample 7: column 2 is nan"),
    "NaN in a column": ({"y": with_nan(ONE, 4)}, ValueError, r"y has NaN .* in 1 of 33 .*sample 4: it is nan\)"),
    "NaN in two columns": (
        {"x": with_nan(X[:, :2], [5, 9], [1, 0])}, ValueError, r"in 2 of 33 .*in sample 5: column 1 is nan\)",
    ),
    "NaN in validation": (
        {"validation_data": (with_nan(X, 0, 0), Y)}, ValueError, "in validation_data, x has NaN",
    ),
    "a label too many": ({"y": np.where(np.arange(33) == 32, 3, Y)}, ValueError, "these go from 0 to 3"),
    "a negative label": ({"y": Y - 1}, ValueError, "labels go from 0 to 2"),
    "the first label of the validation": (
        {"validation_data": (X, np.where(np.arange(33) == 0, 3, Y))}, ValueError, "in validation_data, .* 0 to 3$",
    ),
    "a label of the validation": (
        {"validation_data": (X, Y + 1)}, ValueError, "in validation_data, softmax_crossentropy has 3 classes",
    ),
    "labels as floats": ({"y": Y.astype(float)}, TypeError, r"write target.astype\(int\)"),
    "labels as words": ({"y": Y.astype(str)}, TypeError, r"names, y = np.unique\(y, return_inverse=True\)"),
    "labels as a column": ({"y": Y[:, None]}, ValueError, r"write target.reshape\(-1\)"),
    "(N,) against (N, 1)": (
        {"model": tg.Dense(4, 1), "y": ONE[:, 0], "loss": "mse"}, ValueError,
        r"write target.reshape\(-1, 1\): y has the shape \(33,\), so y = y.reshape\(-1, 1\) before fit$",
    ),
    "one-hot against one output": (
        {"model": tg.Dense(4, 1), "y": np.eye(2)[Y % 2], "loss": "mse"}, ValueError,
        r"has 2 numbers a sample, so .* needs 2 outputs; .* go to one output as target\[:, 1:\]$",
    ),
    "accuracy of logits": (
        {
            "model": tg.Dense(4, 1, kernel_initializer="zeros", bias_initializer=tg.initializers.constant(9.0)),
            "y": ONE, "metrics": ["accuracy"],
            "loss": lambda p, t: tg.losses.sigmoid_crossentropy(p, t),
        },
        ValueError,
        r"write threshold=0 .*: def accuracy_of_logits\(p, t\): return tg.metrics.accuracy\(p, t, threshold=0\)",
    ),
    "one output for softmax": ({"model": tg.Dense(4, 1)}, ValueError, "use sigmoid_crossentropy"),
    "logits for probabilities": (
        {"model": tg.Dense(4, 1, bias_initializer="ones"), "y": ONE, "loss": "binary_crossentropy"},
        ValueError, r"must lie in \[0, 1\].*sigmoid_crossentropy takes logits",
    ),
    "features": ({"model": tg.Dense(7, 3)}, ValueError, r"\(N, 7\)|7"),
    "a last batch of one": ({"batch_size": 8}, ValueError, r"one sample.*layer 1.*drop_last=True"),
    "batches of one": ({"batch_size": 1}, ValueError, "the last batch would hold one sample"),
    "unknown loss": ({"loss": "msee"}, ValueError, "no loss is called 'msee'; did you mean 'mse'"),
    "unknown optimizer": ({"optimizer": "adm"}, ValueError, "no optimizer is called 'adm'; did you mean 'adam'"),
    "unknown metric": ({"metrics": ["acc"]}, ValueError, "no metric is called 'acc'.* accuracy"),
    "a metric twice": ({"metrics": ["accuracy", tg.metrics.accuracy]}, ValueError, "would be called 'accuracy'"),
    "a metric of many numbers": ({"metrics": ["confusion_matrix"]}, TypeError, "must give one number, not an array"),
    "a metric that does not fit": ({"metrics": ["mse"]}, ValueError, "compares like with like"),
    "another model's optimizer": (
        {"optimizer": tg.optim.SGD(plain().parameters())}, ValueError, "it was made for another model",
    ),
    "no optimizer": ({"optimizer": lambda p: p}, TypeError, "must make an optimizer, not list"),
    "no epochs": ({"epochs": 0}, ValueError, "epochs must be a whole number ≥ 1, not 0"),
    "half a batch": ({"batch_size": 0.5}, ValueError, r"\(None is all samples\) must be a whole number ≥ 1"),
    "a batch that is true": ({"batch_size": True}, TypeError, "must be a whole number"),
    "masked": (
        {"x": np.ma.masked_greater(X, 1)}, ValueError, r"\d+ values of a masked array are masked.*fill the values in",
    ),
    "samples of different lengths": ({"x": [[1.0, 2.0], [3.0]]}, ValueError, "the samples are not all of one shape"),
    "an augmentation's class": (
        {"augment": tg.data.augmentation.shift}, TypeError, r"not the class shift: write shift\(...\)",
    ),
    "weights that the loss does not take": (
        {"loss": lambda a, y: tg.losses.softmax_crossentropy(a, y), "sample_weight": np.ones(33)},
        TypeError, r"reach the loss as weights=, which <lambda> does not take: write it as loss\(",
    ),
    "the best and the latest in one file": (
        {"resume": "run.npz", "callbacks": [tg.ModelCheckpoint("./run.npz")]}, ValueError,
        r"resume= and ModelCheckpoint would both save to './run.npz'.*give them different paths",
    ),
    "the best of two figures in one file": (
        {"callbacks": [tg.ModelCheckpoint("a.npz", "loss", True), tg.ModelCheckpoint("./a.npz")]}, ValueError,
        r"a ModelCheckpoint and ModelCheckpoint would both save to '\./a\.npz'.*give them different paths",
    ),
    "loud": ({"verbose": 3}, ValueError, "verbose must be 0"),
    "clip": ({"clip": -1}, ValueError, "clip must be the largest norm"),
    "clip kind": ({"clip": ("size", 1)}, ValueError, "'value', 'norm', 'global_norm'"),
    "augment": ({"augment": 3}, TypeError, "augment must be a function of a batch"),
    "augment without return": ({"augment": lambda x: None}, TypeError, "it returned None: end it with `return ...`"),
    "augment drops samples": ({"augment": lambda x: x[1:]}, ValueError, "augment must keep the number of samples"),
    "validation twice": ({"validation_data": (X, Y), "validation_split": 0.5}, ValueError, "not both"),
    "validation of x alone": ({"validation_data": X}, TypeError, r"must be a pair \(x_val, y_val\)"),
    "validation of other features": (
        {"validation_data": (X[:, :3], Y)}, ValueError, r"x has samples of shape \(4,\) for training, but \(3,\)",
    ),
    "a split that leaves nothing to train": ({"validation_split": 0.99}, ValueError, "leaves one of the two parts"),
    "a split that takes nothing": ({"validation_split": 0.01}, ValueError, "leaves one of the two parts empty"),
    "split too large": ({"validation_split": 1.0}, ValueError, "validation_split must be a number ≥ 0 and < 1"),
    "split of a sorted set that ends within a class": (
        {"y": np.sort(Y), "validation_split": 0.1}, ValueError, "takes the last 3 samples: the set is sorted",
    ),
    "split of a sorted set": ({"y": np.sort(Y), "validation_split": 0.4}, ValueError, "the set is sorted"),
    "split of sorted marks": (
        {"y": 1.0 * (np.arange(33) > 20)[:, None], "validation_split": 0.36}, ValueError, "class 1 is among them alone",
    ),
    "split of sorted marks of hinge": (
        {"y": np.where(np.arange(33) > 20, 1.0, -1.0)[:, None], "validation_split": 0.36}, ValueError,
        "class 1 is among them alone",
    ),
    "split of sorted rows": (
        {"y": np.eye(3)[np.sort(Y)], "validation_split": 0.4}, ValueError, "class 2 is among them alone",
    ),
    "masked weights": (
        {"sample_weight": np.ma.masked_less(np.arange(33.0), 3)}, ValueError, "3 values of a masked array are masked",
    ),
    "a generator of samples": (
        {"x": (row for row in X)}, TypeError, "must lie in an array or a list, not in generator objects",
    ),
    "a loss of one argument": (
        {"loss": lambda a: a}, TypeError, r"a loss is called with \(prediction, target\), and <lambda> takes \(a\)",
    ),
    "a metric of one argument": (
        {"metrics": lambda a: a}, TypeError, r"a metric is called with \(prediction, target\), and <lambda> takes",
    ),
    "an augmentation of two": (
        {"augment": lambda x, y: x}, TypeError, r"augment is called with \(x\), and <lambda> takes \(x, y\): write def",
    ),
    "a clipping of none": ({"clip": lambda: None}, TypeError, r"clip is called with \(parameters\), and <lambda>"),
    "an optimizer of none": ({"optimizer": lambda: None}, TypeError, r"is called with \(parameters\), and <lambda>"),
    "sample weights": ({"sample_weight": np.ones(3)}, ValueError, r"one number a sample, shape \(33,\), not \(3,\)"),
    "negative weights": ({"sample_weight": -np.ones(33)}, ValueError, "finite numbers ≥ 0"),
    "class weights": ({"class_weight": {0: 1.0, 1: 2.0}}, ValueError, "has none for 2: it has 0, 1"),
    "class weights of several labels": (
        {"y": 1 - np.eye(3)[Y], "loss": "sigmoid_crossentropy", "class_weight": {0: 1.0, 1: 2.0, 2: 3.0}},
        ValueError, r"one class a sample, but y of shape \(33, 3\) holds more than one label",
    ),
    "class weights of labels in rows": (
        {"y": np.broadcast_to(np.eye(2), (33, 2, 2)), "class_weight": {0: 1.0, 1: 1.0}}, ValueError,
        r"y of shape \(33, 2, 2\) holds more than one label",
    ),
    "weights without labels": ({"class_weight": [1, 2, 3]}, TypeError, "must be a dict label .* not list"),
    "a loss without a graph": ({"model": Cut()}, ValueError, "the loss does not depend on any parameter"),
    "a loss of many numbers": (
        {"loss": lambda a, y: tg.losses.softmax_crossentropy(a, y, reduction="none")}, TypeError, "one number",
    ),
    "a loss of NumPy": ({"loss": lambda a, y: 3.0}, TypeError, "must give one number as a Tensor, not float"),
    "nowhere to resume": ({"resume": "/absent/run"}, FileNotFoundError, "there is no folder"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_refused_before_the_first_step(case):
    changes, error, message = CASES[case]
    changes = dict(changes)
    tg.seed(0)
    trained = changes.pop("model", None) or model()
    before = trained.state_dict() if isinstance(trained, tg.Module) else {}
    draws = generator().bit_generator.state
    arguments = {"x": X, "y": Y, "loss": "softmax_crossentropy", "optimizer": "sgd", "verbose": 0}
    arguments |= {"batch_size": 16, "drop_last": "batch" not in case}
    with pytest.raises(error, match=message) as caught:
        tg.fit(trained, **{**arguments, **changes})
    assert "\n" not in str(caught.value)
    assert generator().bit_generator.state == draws
    if isinstance(trained, tg.Module):
        for name, array in trained.state_dict().items():
            np.testing.assert_array_equal(array, before[name], err_msg=name)


def test_drop_last_is_the_way_out_of_a_batch_of_one():
    tg.fit(model(), X, Y, loss="softmax_crossentropy", optimizer="sgd", batch_size=8, drop_last=True, verbose=0)
    tg.fit(plain(), X, Y, loss="softmax_crossentropy", optimizer="sgd", batch_size=8, verbose=0)


def test_a_softmax_before_a_loss_of_logits_gets_a_warning():
    twice = tg.Sequential(tg.Dense(4, 3, activation="softmax"))
    with pytest.warns(UserWarning, match="softmax_crossentropy applies a softmax, .* categorical_crossentropy"):
        tg.fit(twice, X, Y, loss="softmax_crossentropy", optimizer="sgd", verbose=0)


def test_counts_in_order_are_no_sorted_classes():
    x, y = np.arange(200.0)[:, None], np.arange(200)[:, None]
    scaled = tg.Sequential(tg.Dense(1, 1, kernel_initializer="zeros"))
    assert tg.fit(scaled, x / 200, y, loss="mse", optimizer="sgd", validation_split=0.2, verbose=0).epochs == 1
    fine = tg.fit(scaled, x / 200, y / 100, loss="mse", optimizer="sgd", validation_split=0.2, verbose=0)
    assert "val_loss" in fine
