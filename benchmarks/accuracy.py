"""Test accuracy on real data, beside scikit-learn and PyTorch: the same network, optimizer, batches and epochs.

    python -m benchmarks.accuracy --seeds 10

Each seed is a stratified split of its own (three fifths and two fifths), which all contenders share; it also seeds the
weights and the order of the samples. Weights start as each library starts them by default. Features are standardised
with the training part alone. Adam with a rate of 0.001, batches of 32, no penalty, no early stopping.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

import tinygrad_reg as tg

BATCH, RATE = 32, 0.001


class Row(NamedTuple):
    """A data set, the units of the hidden layers, and the passes over the training set."""

    data: Callable[[], tuple[np.ndarray, np.ndarray]]
    hidden: tuple[int, ...]
    epochs: int


class Task(NamedTuple):
    """A row's work for one seed."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    hidden: tuple[int, ...]
    epochs: int
    seed: int


ROWS = {"digits": Row(tg.data.digits, (64, 64), 30), "breast cancer": Row(tg.data.breast_cancer, (32, 16), 40)}


def task(row: Row, seed: int) -> tuple[Task, np.ndarray]:
    """What a contender is given, and the labels that it has to find."""
    x, y = row.data()
    (x, y), (x_test, y_test) = tg.data.split(x, y, (0.6, 0.4), stratify=y, rng=seed)
    x, x_test = tg.data.standardize(x, x_test)
    return Task(x, y, x_test, row.hidden, row.epochs, seed), y_test


def ours(given: Task, compile: bool = False) -> np.ndarray:
    """Our labels for the test set."""
    tg.seed(given.seed)
    model, units = tg.Sequential(), given.x.shape[1]
    for wide in given.hidden:
        model.add(tg.Dense(units, wide, activation="relu"))
        units = wide
    model.add(tg.Dense(units, int(given.y.max()) + 1))
    tg.fit(
        model, given.x, given.y, loss="softmax_crossentropy", optimizer=tg.optim.Adam(model.parameters(), lr=RATE),
        epochs=given.epochs, batch_size=BATCH, compile=compile, verbose=0,
    )  # fmt: skip
    labels: np.ndarray = tg.predict(model, given.x_test).argmax(axis=1)
    return labels


def compiled(given: Task) -> np.ndarray:
    """The same with fit(compile=True): the figures must be the same."""
    return ours(given, compile=True)


def scikit_learn(given: Task) -> np.ndarray:
    """MLPClassifier's labels; it goes through all epochs, and has no penalty (alpha=0)."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        given.hidden, solver="adam", alpha=0, batch_size=BATCH, learning_rate_init=RATE, max_iter=given.epochs,
        tol=0, n_iter_no_change=given.epochs, random_state=given.seed,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        model.fit(given.x, given.y)
    return np.asarray(model.predict(given.x_test))


def pytorch(given: Task) -> np.ndarray:
    """PyTorch's labels, by the usual loop, in float64 as the others."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(given.seed)
    torch.set_default_dtype(torch.float64)
    layers: list[torch.nn.Module] = []
    units = given.x.shape[1]
    for wide in given.hidden:
        layers += [torch.nn.Linear(units, wide), torch.nn.ReLU()]
        units = wide
    model = torch.nn.Sequential(*layers, torch.nn.Linear(units, int(given.y.max()) + 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    x, y = torch.from_numpy(given.x), torch.from_numpy(given.y)
    for _ in range(given.epochs):
        for chosen in torch.randperm(len(x)).split(BATCH):
            loss = torch.nn.functional.cross_entropy(model(x[chosen]), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        return np.asarray(model(torch.from_numpy(given.x_test)).argmax(1))


class Contender(NamedTuple):
    """A library, and what must be installed for it."""

    labels: Callable[[Task], np.ndarray]
    needs: str


CONTENDERS = {
    "tinygrad_reg": Contender(ours, "tinygrad_reg"),
    "tinygrad_reg, compiled": Contender(compiled, "tinygrad_reg"),
    "scikit-learn": Contender(scikit_learn, "sklearn"),
    "PyTorch": Contender(pytorch, "torch"),
}


def accuracies(row: Row, seeds: Sequence[int]) -> dict[str, np.ndarray]:
    """Each contender's test accuracy by seed; none for what is not installed."""
    found = {}
    for name, contender in CONTENDERS.items():
        if find_spec(contender.needs):
            found[name] = np.array(
                [np.mean(contender.labels(given) == y) for given, y in (task(row, s) for s in seeds)]
            )
    return found


def table(name: str, found: dict[str, np.ndarray]) -> list[str]:
    """The lines of a row: mean and spread (standard deviation over the seeds), and ours minus the other's."""
    row, own = ROWS[name], found["tinygrad_reg"]
    units = "-".join(map(str, row.hidden))
    lines = [
        f"{name}, hidden {units}, {row.epochs} epochs, {len(own)} seeds",
        "  contender               test accuracy     ours − its",
    ]
    for contender in CONTENDERS:
        if contender not in found:
            lines.append(f"  {contender:22}  not installed")
            continue
        its = found[contender]
        text = f"  {contender:22}  {its.mean():.2%} ± {its.std(ddof=1):.2%}"
        if contender != "tinygrad_reg":
            text += f"   {(own - its).mean() * 100:+.2f} ± {(own - its).std(ddof=1) * 100:.2f} points"
        lines.append(text)
    return lines


def main() -> int:
    """Print the table of every row."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=10, help="how many splits and starts (default: 10)")
    count = parser.parse_args().seeds
    if count < 2:
        parser.error("--seeds must be at least 2: a spread needs two")
    for name, row in ROWS.items():
        print("\n".join(table(name, accuracies(row, range(count)))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
