"""In company: threads that train at once, forked processes, pools of processes, and a dot that is broken."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_reg as tg
import viz
import viz.ink.dot
from tinygrad_reg.modes import modes

from .attack import attack, same
from .kills import child
from .training import BATCH, Training, X, Y


def trained(seed: int, kind: int = 0, epochs: int = 3) -> dict[str, Any]:
    """A training by fit, by hand, or as a program, which may be disturbed by what other threads have switched on."""
    training = Training(seed)
    if kind == 0:
        training.fit(epochs=epochs)
        return training.state()

    def step(x: Any, y: Any) -> Any:
        loss = tg.losses.softmax_crossentropy(training.model(x), y) + training.model.penalty()
        training.optimizer.zero_grad()
        loss.backward()
        training.optimizer.step()
        return loss

    run = tg.compile(step) if kind == 1 else step
    for _ in range(epochs):
        for x, y in tg.data.batches(X, Y, batch_size=BATCH):
            run(x, y)
            with tg.no_grad():  # other threads must not see it
                training.model(x[:2])
            if kind == 2:
                with tg.debug():
                    step(x, y)
    return training.state()


@attack(long=100, short=1)
def threads(rng: np.random.Generator, folder: Path) -> int:
    """threads that train at once, in debug(), no_grad(), programs: the bits of each alone"""
    jobs = [(int(rng.integers(1000)), int(rng.integers(3))) for _ in range(6)]
    alone = [trained(*job) for job in jobs]
    together: dict[int, Any] = {}
    start = threading.Barrier(len(jobs))

    def work(i: int) -> None:
        start.wait()
        together[i] = trained(*jobs[i])

    workers = [threading.Thread(target=work, args=(i,)) for i in range(len(jobs))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for i, state in enumerate(alone):
        assert same(together.get(i), state), f"job {jobs[i]} differs"
    assert modes.recording and modes.watch is None and modes.layer == ""
    return len(jobs)


@attack(long=50, short=1)
def forks(rng: np.random.Generator, folder: Path) -> None:
    """a fork in the midst of a training: both go on to the same bits"""
    stop, seed = int(rng.integers(1, 12)), int(rng.integers(1000))
    wanted = trained(seed)

    class Fork(tg.Callback):
        steps, child = 0, None

        def on_batch_end(self, batch: int, logs: Any) -> None:
            Fork.steps += 1
            if Fork.steps == stop:
                Fork.child = os.fork()

    training = Training(seed)
    try:
        training.fit(callbacks=[Fork()], epochs=3)
        right = same(training.state(), wanted)
    finally:
        if Fork.child == 0:
            os._exit(not right)
    assert right, "the parent's training was disturbed"
    assert Fork.child is not None
    assert os.waitstatus_to_exitcode(os.waitpid(Fork.child, 0)[1]) == 0, "the child's training was disturbed"


@attack(long=50, short=1)
def forks_among_threads(rng: np.random.Generator, folder: Path) -> None:
    """a fork while other threads train and evaluate: the child trains to the same bits"""
    seed, ended = int(rng.integers(1000)), threading.Event()
    wanted = trained(seed, 0)

    def work(kind: int) -> None:
        training = Training(kind)
        while not ended.is_set():
            training.fit(epochs=1)
            tg.evaluate(training.model, X, Y, loss="softmax_crossentropy")

    def train_and_look() -> None:
        signal.alarm(60)  # where it waits for a thread that is not there
        assert same(trained(seed, 0), wanted)
        tg.evaluate(Training(seed).model, X, Y, loss="softmax_crossentropy")
        tg.compile(lambda: np.sum(tg.Tensor(X)))()

    others = [threading.Thread(target=work, args=(kind,)) for kind in range(3)]
    for other in others:
        other.start()
    try:
        time.sleep(float(rng.uniform(0, 0.05)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 advises against it
            assert child(train_and_look) == 0
    finally:
        ended.set()
        for other in others:
            other.join()


@attack(long=6, short=1)
def pools(rng: np.random.Generator, folder: Path) -> int:
    """pools of processes (fork, spawn) and threads: the bits of each member alone"""
    seeds = [int(s) for s in rng.integers(1000, size=4)]
    options: dict[str, Any] = {"loss": "softmax_crossentropy", "optimizer": "adam", "epochs": 2, "verbose": 0}
    states = []
    for executor in (
        None,
        ThreadPoolExecutor(2),
        ProcessPoolExecutor(2, multiprocessing.get_context("fork")),
        ProcessPoolExecutor(2, multiprocessing.get_context("spawn")),
    ):
        ensemble = tg.Ensemble(member, members=4, seeds=seeds)
        ensemble.fit(X, Y, executor=executor, **options)
        states.append(ensemble.state_dict())
        if executor is not None:
            executor.shutdown()
    assert all(same(state, states[0]) for state in states)
    return 3 * len(seeds)


def member() -> tg.Module:
    """What each member is built by, in whichever process."""
    return Training(0).model


BROKEN = {
    "stops": "exit 3",
    "complains": "echo 'libgvc.so.6: cannot open shared object file' >&2; exit 127",
    "says nothing": "exit 0",
    "answers nonsense": """echo '{"bb":"0,0,1,1","objects":[]}'""",
    "answers half": """echo '{"bb":"0,0,1,1","obj'""",
    "answers a list": "echo '[1, 2]'",
    "answers a number": "echo 7",
    "answers null": "echo null",
    "answers bytes": r"printf '\377\376\000'",
    "answers strings": """echo '{"bb":5,"objects":[{"name":"n0","pos":"x,y"}],"edges":[{"pos":"e"}]}'""",
    "answers nan": """echo '{"bb":"nan,nan,nan,nan","objects":[{"_gvid":0,"name":"n0","pos":"nan,nan"}]}'""",
    "is killed": "kill -9 $$",
    "hangs": "exec sleep 60",
    "ignores its input": "exec < /dev/null; exit 1",
    "floods": "head -c 3000000 /dev/zero",
}


@attack(long=100, short=5)
def broken_dot(rng: np.random.Generator, folder: Path) -> None:
    """a dot that fails, hangs, talks nonsense: the built-in layout draws, and says so"""
    script = list(BROKEN.values())[rng.integers(len(BROKEN))]
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    w = tg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    loss = (np.tanh(w) * w).sum()
    loss.backward()

    def draw() -> None:
        viz.ink.dot.TIMEOUT = 0.3
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            svg = viz.graph(loss).svg
        assert "<svg" in svg and "tanh" in svg
        assert any("built-in layout" in str(warning.message) for warning in told)
        for paint in (lambda: viz.graph(loss, engine="dot").svg, lambda: viz.graph(loss).save(folder / "g.png")):
            try:
                paint()
            except viz.DotNotFound:
                continue
            assert script.startswith(("echo", "printf", "head")), "a broken dot must be told"  # a picture of sorts

    assert child(draw) == 0, script
