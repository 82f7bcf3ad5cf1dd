"""How cost grows: with the nodes of a graph, and with the number of parameters; and how much memory a step takes.

python -m benchmarks.growth prints it as JSON. Each cost is fitted by a power, cost = c · size^exponent.
"""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Callable
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import numpy as np

import tinygrad_reg as tg

from .contenders import eager, program
from .rows import digits, mnist
from .setting import Adam, Training, Work, dense, normal
from .worker import stopwatch

NODES = [10**2, 10**3, 10**4, 10**5, 10**6]
COUNTS = [1, 3, 10, 30, 100, 300, 1000]
NUMBERS = 10**5  # in all parameters together, however many they are
SAMPLES = 512
BATCHES = [1, 8, 64, 512, 4096]  # of a network 64-128-10
WIDTHS = [8, 32, 128, 512, 2048]  # of the layer between, batch 32


def main() -> None:
    steps = parameters()
    found = {
        "parameters": {"sizes": COUNTS, "seconds": steps, "exponent": exponent(COUNTS, steps)},
        "bytes": bytes_a_node(),
        "batch": {name: multiples([step(how, batch, 128) for batch in BATCHES]) for name, how in WAYS.items()},
        "width": {name: multiples([step(how, 32, width) for width in WIDTHS]) for name, how in WAYS.items()},
        "memory": memory(),
    }
    forward, backward = nodes(chain, tg.Tensor(1.0, requires_grad=True), go_back)
    bare_forward, bare_backward = nodes(bare_chain, Bare(), go_back_bare)
    for name, seconds in {
        "forward": forward, "backward": backward, "bare forward": bare_forward, "bare backward": bare_backward,
    }.items():  # fmt: skip
        found[name] = {"sizes": NODES, "seconds": seconds, "exponent": exponent(NODES, seconds)}
    print(json.dumps(found))


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """The slope of log cost over log size."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def chain(x: Any, nodes: int) -> Any:
    """A graph of so many nodes, each made of the one before it."""
    for _ in range(nodes):
        x = x * 0.999
    return x


def go_back(x: Any, loss: Any) -> None:
    """The gradient of the first, anew."""
    x.grad = None
    loss.backward()


class Bare:
    """A Python object with as many attributes as a Tensor has, and nothing else: what the machine makes of so many."""

    __slots__ = (
        "arrays", "code", "cut", "data", "grad", "home", "inputs", "kept", "layer", "name", "options", "owned",
        "place", "primitive", "requires_grad", "time",
    )  # fmt: skip

    def __init__(self, data: Any = 1.0, inputs: Any = ()) -> None:
        self.data, self.inputs, self.arrays = np.float64(data), inputs, (data, 0.999)
        self.grad = self.home = self.name = self.kept = self.cut = self.code = self.primitive = self.options = None
        self.owned, self.requires_grad, self.time, self.place, self.layer = False, True, 0, 0, ""


def bare_chain(x: Bare, nodes: int) -> Bare:
    """The same chain of bare objects."""
    for _ in range(nodes):
        x = Bare(x.data * 0.999, (x, 0.999))
    return x


def go_back_bare(_: Bare, loss: Bare) -> None:
    """From the last to the first as the engine goes: once to count the users of each, once with the gradient."""
    users, found = {loss: 0}, [loss]
    while found:
        for x in found.pop().inputs:
            if type(x) is Bare:
                users[x] = users.get(x, 0) + 1
                found.append(x)
    ready: list[Any] = [(loss, np.float64(1))]
    reached = []
    while ready:
        reached.append(ready.pop())
        node, g = reached[-1]
        ready += [(x, g * 0.999) for x in node.inputs if type(x) is Bare and users[x] == 1]
    for node, g in reached:
        node.grad = g


def nodes(chain: Any, x: Any, go_back: Any) -> tuple[list[float], list[float]]:
    """Seconds that the way forward and the way back take, by number of nodes: the best of some."""
    forward, backward = [], []
    go_back(x, chain(x, 1000))  # warm
    for n in NODES:
        times = []
        for _ in range(max(3, min(300, 10**5 // n))):
            start = perf_counter()
            loss = chain(x, n)
            turn = perf_counter()
            go_back(x, loss)
            times.append((turn - start, perf_counter() - turn))
            del loss
        best = np.min(times, axis=0)
        forward.append(float(best[0]))
        backward.append(float(best[1]))
    return forward, backward


def bytes_a_node() -> float:
    """What a node takes, with its value."""
    n = 10**5
    x = tg.Tensor(1.0, requires_grad=True)
    gc.collect()
    tracemalloc.start()
    loss = chain(x, n)
    taken = tracemalloc.get_traced_memory()[0] / n
    tracemalloc.stop()
    assert loss.requires_grad
    return taken


def parameters() -> list[float]:
    """Seconds of a step of Adam, by number of parameters, whose numbers are as many in all."""
    rng = np.random.default_rng(0)
    seconds = []
    for count in COUNTS:
        made = [tg.Tensor(normal(rng, NUMBERS // count), requires_grad=True) for _ in range(count)]
        optimizer = tg.optim.Adam(made)
        for p in made:
            (p * p).sum().backward()
        optimizer.step()
        times = []
        for _ in range(200):
            start = perf_counter()
            optimizer.step()
            times.append(perf_counter() - start)
        seconds.append(min(times))
    return seconds


def step(work_of: Callable[[Any, Any], Work], batch: int, width: int) -> float:
    """Seconds of a step of Adam on a network 64-width-10: the best of some."""
    rng = np.random.default_rng(0)
    data = normal(rng, batch, 64), rng.integers(0, 10, batch)
    row = SimpleNamespace(TRAINING=Training(dense(rng, 64, width, 10), data, Adam()), tinygrad_reg=digits.tinygrad_reg)
    return stopwatch(work_of(row, {}))()


def multiples(seconds: list[float]) -> list[float]:
    """Of the first."""
    return [round(x / seconds[0], 2) for x in seconds]


WAYS = {"eager": eager, "program": program}


def memory() -> dict[str, float]:
    """The most that a step takes beyond parameters and batch, as a multiple of what NumPy written plainly takes."""
    rng = np.random.default_rng(0)
    x, labels = normal(rng, SAMPLES, 784), rng.integers(0, 10, SAMPLES)
    arrays = [p.copy() for p in mnist.TRAINING.parameters]
    tensors = [tg.Tensor(p.copy(), requires_grad=True) for p in arrays]
    loss_of = mnist.tinygrad_reg(tensors)

    def both_ways() -> Any:
        for p in tensors:
            p.grad = None
        loss = loss_of(x, labels)
        loss.backward()
        return loss

    plain = peak(lambda: plainly(arrays, x, labels))
    return {"eager": peak(both_ways) / plain, "program": peak(tg.compile(both_ways)) / plain}


def plainly(p: list[Any], x: Any, labels: Any) -> Any:
    """The network of the row mnist, forward and backward, as it is written down when nobody thinks of memory."""
    w1, b1, w2, b2, w3, b3 = p
    z1 = x @ w1 + b1
    h1 = np.maximum(z1, 0)
    z2 = h1 @ w2 + b2
    h2 = np.maximum(z2, 0)
    z3 = h2 @ w3 + b3
    e = np.exp(z3 - z3.max(axis=1, keepdims=True))
    softmax = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(softmax[np.arange(len(x)), labels]).mean()
    g3 = (softmax - np.eye(10, dtype=np.float32)[labels]) / len(x)
    gh2 = g3 @ w3.T
    g2 = gh2 * (z2 > 0)
    gh1 = g2 @ w2.T
    g1 = gh1 * (z1 > 0)
    gradients = [x.T @ g1, g1.sum(axis=0), h1.T @ g2, g2.sum(axis=0), h2.T @ g3, g3.sum(axis=0)]
    return loss, gradients


def peak(work: Callable[[], Any]) -> int:
    """The most memory that the second call finds taken or takes: what is kept between calls counts too."""
    gc.collect()
    tracemalloc.start()
    work()
    tracemalloc.reset_peak()
    work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


if __name__ == "__main__":
    main()
