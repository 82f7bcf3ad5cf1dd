"""Checkpoints: all or nothing, in writing and in reading; a resumed run equals the uninterrupted one bit for bit."""

import errno
import io
import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.modes import generator
from tinygrad_reg.training import container

RNG = np.random.default_rng(3)
X, Y = RNG.random((24, 1, 4, 4)), RNG.integers(0, 3, 24)


def make(seed=0, width=5, dtype=None):
    tg.seed(seed)
    model = tg.Sequential(
        tg.Flatten(),
        tg.Dense(16, width, activation="relu", dtype=dtype),
        tg.BatchNorm(width, momentum=0.9, dtype=dtype),
        tg.Dropout(0.2, rng=seed),
        tg.GaussianNoise(0.1),
        tg.Dense(width, 3, dtype=dtype),
    )
    return model, tg.optim.Adam(model.parameters(), lr=0.02)


def everything(model, optimizer, *callbacks):
    """All that may change, as comparable data."""
    rngs = [generator(), *(rng for _, rng in model.named_generators())]
    states = [model.state_dict(), optimizer.state_dict(), *(callback.state_dict() for callback in callbacks)]
    return json.dumps([states, [rng.bit_generator.state for rng in rngs]], default=lambda a: np.asarray(a).tolist())


def train(model, optimizer, epochs, resume=None, callbacks=(), rng=9, augment=None, **options):
    return tg.fit(
        model, X, Y, loss="softmax_crossentropy", optimizer=optimizer, epochs=epochs, batch_size=7, resume=resume,
        callbacks=callbacks, validation_data=(X[:6], Y[:6]), verbose=0, rng=rng,
        augment=augment or tg.data.augmentation.noise(0.05), **options,
    )  # fmt: skip


# ---- saving and loading by hand


def test_load_restores_model_optimizer_callbacks_generators_and_epoch(tmp_path):
    path = tmp_path / "run.npz"
    model, optimizer = make()
    early = tg.EarlyStopping(patience=9, restore_best=True)
    history = train(model, optimizer, 3, callbacks=[early])
    rng = np.random.Generator(np.random.MT19937(5))
    rng.random(3)
    tg.save(path, model=model, optimizer=optimizer, epoch=3, callbacks=[early], history=history, rng=rng)
    expected, numbers = everything(model, optimizer, early), rng.random(3)

    other, its_optimizer = make(seed=1)
    fresh, its_rng = tg.EarlyStopping(patience=9, restore_best=True), np.random.Generator(np.random.MT19937(6))
    checkpoint = tg.load(path, model=other, optimizer=its_optimizer, callbacks=[fresh], rng=its_rng)
    assert checkpoint.epoch == 3 and checkpoint.path == str(path)
    assert checkpoint.history == history and checkpoint.history.best_epoch == history.best_epoch
    assert checkpoint.history.start_loss == history.start_loss
    assert everything(other, its_optimizer, fresh) == expected
    np.testing.assert_array_equal(its_rng.random(3), numbers)


def test_a_hand_written_loop_resumes_bit_for_bit(tmp_path):
    def epochs(model, optimizer, first, last):
        for epoch in range(first, last):
            for x, y in tg.data.batches(X, Y, batch_size=7):
                optimizer.zero_grad()
                tg.losses.softmax_crossentropy(model(x), y).backward()
                optimizer.step()
            tg.save(tmp_path / "run", model=model, optimizer=optimizer, epoch=epoch + 1)

    whole = make()
    epochs(*whole, 0, 4)
    expected = everything(*whole)
    epochs(*make(), 0, 2)
    model, optimizer = make(seed=1)
    start = tg.load(tmp_path / "run", model=model, optimizer=optimizer).epoch
    epochs(model, optimizer, start, 4)
    assert start == 2 and everything(model, optimizer) == expected


def test_a_model_is_loaded_from_a_file_that_holds_more(tmp_path):
    model, optimizer = make()
    train(model, optimizer, 1, callbacks=[tg.ModelCheckpoint(tmp_path / "best.npz", save_best_only=True)])
    other, _ = make(seed=1)
    assert tg.load(tmp_path / "best.npz", model=other).epoch == 1
    np.testing.assert_array_equal(tg.predict(other, X), tg.predict(model, X))


def test_the_arrays_can_be_read_with_numpy_alone(tmp_path):
    model = tg.Dense(2, 3)
    tg.save(tmp_path / "model.npz", model=model)
    with np.load(tmp_path / "model.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["model/model/kernel"], model.kernel.data)


def test_two_optimizers_are_saved_and_loaded(tmp_path):
    model, _ = make()
    parameters = model.parameters()
    two = [tg.optim.SGD(parameters[:2], lr=0.1, momentum=0.9), tg.optim.Adam(parameters[2:])]
    tg.losses.softmax_crossentropy(model(X), Y).backward()
    for optimizer in two:
        optimizer.step()
    tg.save(tmp_path / "two", model=model, optimizer=two)
    fresh = [tg.optim.SGD(parameters[:2], lr=0.5, momentum=0.9), tg.optim.Adam(parameters[2:])]
    tg.load(tmp_path / "two", model=model, optimizer=fresh)
    assert [o.steps for o in fresh] == [1, 1] and fresh[0].lr == 0.1
    with pytest.raises(ValueError, match="holds 2 optimizers, and is to be loaded into 1 optimizer"):
        tg.load(tmp_path / "two", model=model, optimizer=fresh[0])


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_every_kind_of_generator_is_saved_and_loaded(bits, tmp_path):
    rng = np.random.Generator(bits(3))
    rng.integers(0, 2**16, 3, dtype=np.uint16)  # leaves half a word for the next draw
    tg.save(tmp_path / "x", model=tg.Dense(1, 1), rng=rng)
    expected = rng.integers(0, 2**16, 5, dtype=np.uint16)
    other = np.random.Generator(bits(4))
    tg.load(tmp_path / "x", model=tg.Dense(1, 1), rng=other)
    np.testing.assert_array_equal(other.integers(0, 2**16, 5, dtype=np.uint16), expected)


# ---- resuming fit


AUGMENT = np.random.default_rng(0)


def with_a_generator_of_its_own(x):
    return x + 0.05 * AUGMENT.standard_normal(x.shape)


@pytest.mark.filterwarnings("ignore:nothing was trained")
@pytest.mark.parametrize("stop", [1, 3, 5])
@pytest.mark.parametrize("augment", [None, with_a_generator_of_its_own], ids=["the house's", "a user's"])
def test_fit_resumes_bit_for_bit(stop, augment, tmp_path):
    def callbacks():
        return [
            tg.EarlyStopping("loss", patience=3, restore_best=True),
            tg.ReduceLROnPlateau("val_loss", patience=1, factor=0.5),
            tg.GradientRecorder(),
        ]

    global AUGMENT
    AUGMENT = np.random.default_rng(0)
    whole, its_callbacks = make(), callbacks()
    history = train(*whole, 5, tmp_path / "whole", its_callbacks, augment=augment)
    expected = everything(*whole, *its_callbacks)

    AUGMENT = np.random.default_rng(0)
    train(*make(), stop, tmp_path / "part", callbacks()[:], augment=augment)
    model, optimizer = make(seed=1)
    AUGMENT = np.random.default_rng(1)
    others = callbacks()
    with pytest.warns(UserWarning, match="holds a run with seed 9, not 77: give what|nothing was trained"):
        resumed = train(model, optimizer, 5, tmp_path / "part", others, rng=77, augment=augment)
    assert resumed == history and resumed.best_epoch == history.best_epoch
    assert everything(model, optimizer, *others) == expected


def test_a_run_that_stopped_early_stays_stopped_and_ends_in_the_best_weights(tmp_path):
    def early():
        return tg.EarlyStopping("val_loss", min_delta=10, patience=2, restore_best=True)

    first = make()
    history = train(*first, 9, tmp_path / "run", [early()])
    assert len(history["loss"]) == 3 and history.best_epoch == 1
    again = make(seed=1)
    with pytest.warns(UserWarning, match=r"nothing was trained: .* ended after epoch 3 \(val_loss .*delete the file"):
        resumed = train(*again, 9, tmp_path / "run", [early()])
    assert resumed == history and resumed.stop_reason == history.stop_reason
    np.testing.assert_array_equal(again[0][1].kernel.data, first[0][1].kernel.data)


@pytest.mark.parametrize("epochs", [2, 1])
def test_a_run_whose_epochs_are_done_says_that_nothing_was_trained(epochs, tmp_path):
    train(*make(), 2, tmp_path / "run")
    with pytest.warns(UserWarning, match=f"nothing was trained: epoch 2 of '.*run' is done, and epochs={epochs}; give"):
        assert train(*make(), epochs, tmp_path / "run").epochs == 2


def test_a_learning_rate_that_the_file_replaces_is_told(tmp_path):
    train(*make(), 1, tmp_path / "run")
    model, _ = make()
    optimizer = tg.optim.Adam(model.parameters(), lr=0.5)
    with pytest.warns(UserWarning, match="lr is 0.02 from '.*run', not 0.5: .*delete the file to start anew") as told:
        assert train(model, optimizer, 2, tmp_path / "run").start_lr == 0.02
    assert told[0].filename == __file__ and optimizer.lr == 0.02


def test_a_rate_that_the_training_itself_has_lowered_is_no_reason_for_a_warning(tmp_path):
    def lower(epoch, logs):
        optimizer.lr /= 2

    model, optimizer = make()
    train(model, optimizer, 1, tmp_path / "run", lower)
    train(model, optimizer, 2, tmp_path / "run", lower)  # the same optimizer, whose rate is what the file holds
    model, optimizer = make()
    assert train(model, optimizer, 3, tmp_path / "run", lower).start_lr == 0.02  # another, as the script makes it
    assert optimizer.lr == 0.02 / 8


def test_an_interrupted_run_is_resumed_from_its_last_complete_epoch(tmp_path):
    class Interrupt(tg.Callback):
        def on_batch_end(self, batch, logs):
            if (self.run.epoch, batch) == (3, 2):
                signal.raise_signal(signal.SIGINT)

    whole = make()
    history = train(*whole, 4, tmp_path / "whole")
    assert len(train(*make(), 4, tmp_path / "part", [Interrupt()])["loss"]) == 2
    again = make(seed=1)
    assert train(*again, 4, tmp_path / "part") == history
    assert everything(*again) == everything(*whole)


def test_a_loaded_callback_remembers_its_best_in_the_next_fit(tmp_path):
    early = tg.EarlyStopping(patience=1)
    early.best, early.best_epoch = 1e-9, 4
    model, optimizer = make()
    tg.save(tmp_path / "x", model=model, callbacks=[early])
    fresh = tg.EarlyStopping(patience=1)
    tg.load(tmp_path / "x", model=model, callbacks=[fresh])
    history = train(model, optimizer, 5, callbacks=[fresh])
    assert len(history["loss"]) == 1 and "after epoch 4 (1e-09)" in history.stop_reason


# ---- what is refused changes nothing


def unchanged(path, message, model, optimizer, callbacks=()):
    before = everything(model, optimizer, *callbacks)
    loss = tg.losses.softmax_crossentropy(model.eval()(X), Y)
    model.train()
    with pytest.raises(ValueError, match=message) as caught:
        tg.load(path, model=model, optimizer=optimizer, callbacks=callbacks)
    assert str(path) in str(caught.value)
    assert everything(model, optimizer, *callbacks) == before
    loss.backward()  # a graph from before still holds


@pytest.fixture
def file(tmp_path):
    model, optimizer = make()
    early = tg.EarlyStopping(restore_best=True)
    train(model, optimizer, 2, callbacks=[early])
    tg.save(tmp_path / "run.npz", model=model, optimizer=optimizer, epoch=2, callbacks=[early])
    return tmp_path / "run.npz"


def test_a_file_cut_anywhere_is_refused(file):
    data = file.read_bytes()
    target = make(seed=1)
    for length in [0, 1, 10, *np.linspace(20, len(data) - 1, 40).astype(int)]:
        file.write_bytes(data[:length])
        unchanged(file, "nothing was changed", *target, [tg.EarlyStopping(restore_best=True)])


def test_a_byte_changed_anywhere_is_refused_or_harmless(file):
    data = file.read_bytes()
    early = tg.EarlyStopping(restore_best=True)
    model, optimizer = make(seed=1)
    tg.load(file, model=model, optimizer=optimizer, callbacks=[early])
    right = everything(model, optimizer, early)
    refused = 0
    for place in np.random.default_rng(0).integers(0, len(data), 150):
        file.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        model, optimizer = make(seed=1)
        early = tg.EarlyStopping(restore_best=True)
        before = everything(model, optimizer, early)
        try:
            tg.load(file, model=model, optimizer=optimizer, callbacks=[early])
        except ValueError as error:
            refused += 1
            assert str(file) in str(error)
            assert everything(model, optimizer, early) == before
        else:  # a date, say
            assert everything(model, optimizer, early) == right
    assert refused > 100


def test_other_files_are_refused(tmp_path):
    target = make()
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    unchanged(text, "damaged, or no checkpoint", *target)
    np.savez(tmp_path / "arrays.npz", a=np.arange(3))
    unchanged(tmp_path / "arrays.npz", "it is no checkpoint", *target)
    np.save(tmp_path / "pickle.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    unchanged(tmp_path / "pickle.npy", "damaged, or no checkpoint", *target)
    with pytest.raises(ValueError, match="no ordinary file"):
        tg.load(tmp_path, model=target[0])
    with pytest.raises(
        FileNotFoundError, match=r"there is no file '.*absent': tg\.save\(path, model=model\) makes one"
    ):
        tg.load(tmp_path / "absent", model=target[0])
    with pytest.raises(FileNotFoundError, match=r"did you mean '.*arrays\.npz'\?"):
        tg.load(tmp_path / "arrays", model=target[0])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: make(width=6), r"1.kernel is \(16, 5\) there, \(16, 6\) here"),
        (lambda: make(dtype="float32"), "1.kernel is float64 there, float32 here"),
        (lambda: (make()[0], None), "saved with Adam as its optimizer, this is SGD"),
    ],
    ids=["shape", "dtype", "optimizer"],
)
def test_a_file_of_another_model_or_optimizer_is_refused(file, other, message):
    model, optimizer = other()
    if optimizer is None:
        optimizer = tg.optim.SGD(model.parameters(), lr=0.1)
    unchanged(file, message, model, optimizer, [tg.EarlyStopping(restore_best=True)])


def test_other_callbacks_are_refused(file):
    unchanged(file, "the callbacks 0 EarlyStopping, and is to be loaded into the callbacks 0 Reduce", *make(),
              [tg.ReduceLROnPlateau()])  # fmt: skip
    unchanged(file, "monitor of EarlyStopping is 'val_loss' there, 'loss' here", *make(), [tg.EarlyStopping("loss")])


def test_a_failing_callback_takes_the_others_back(file, tmp_path):
    class Fragile(tg.Callback):
        state = 0

        def state_dict(self):
            return {"state": self.state}

        def load_state_dict(self, state):
            self.state = state["state"]
            if self.state:
                raise RuntimeError("broken")

    model, optimizer = make()
    fragile, early = Fragile(), tg.EarlyStopping(restore_best=True)
    fragile.state = 1
    tg.save(tmp_path / "x", model=model, optimizer=optimizer, callbacks=[fragile, early])
    unchanged(tmp_path / "x", "broken", *make(seed=1), [Fragile(), tg.EarlyStopping(restore_best=True)])


# ---- hostile files


def forge(path, state, arrays=(), compression=zipfile.ZIP_STORED, document=None):
    with zipfile.ZipFile(path, "w", compression) as archive:
        outer = {"format": container.FORMAT, "version": container.VERSION, "state": state}
        archive.writestr("state.json", json.dumps(outer) if document is None else document)
        for name, data in arrays:
            archive.writestr(name, data)


def npy(array, **changes):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=True)
    data = stream.getvalue()
    for old, new in changes.get("replace", ()):
        data = data.replace(old, new)
    return data


GENERATORS = {"thread": np.random.default_rng(0).bit_generator.state}
KERNEL, BIAS = npy(np.zeros((1, 2))), npy(np.zeros(2))
STATE = {
    "epoch": 1,
    "generators": GENERATORS,
    "model": {"model": {"kernel": {"$array": "k"}, "bias": {"$array": "b"}}},
}
DEEP = '{"a":' * 100_000
BOTH = [("k.npy", KERNEL), ("b.npy", BIAS)]


def kernel(old, new):
    """A kernel whose header lies."""
    return [("k.npy", npy(np.zeros((1, 2)), replace=[(old, new)])), ("b.npy", BIAS)]


@pytest.mark.parametrize(
    ("state", "arrays", "options", "message"),
    [
        (STATE, [("k.npy", npy(np.array([{}], object))), ("b.npy", BIAS)], {}, "holds object, not numbers"),
        (STATE, kernel(b"(1, 2)", b"(9**9,"), {}, "nothing was changed"),
        (STATE, kernel(b"(1, 2), }    ", b"(1, 9999999)}"), {}, "should hold 9999999 numbers"),
        (STATE, kernel(b"(1, 2), }              ", b"(1, 99999999999999999)}"), {}, "should hold 9999999999"),
        (STATE, kernel(b"(1, 2), }", b"(-1,-2)} "), {}, "should hold"),
        (STATE, [("k.npy", KERNEL)], {}, "the array 'b' is missing"),
        (STATE, [("k.npy", KERNEL), ("b.npy", BIAS), ("../../evil.npy", BIAS)], {}, "belong to nothing"),
        (STATE, BOTH, {"compression": zipfile.ZIP_DEFLATED}, "compressed"),
        ({**STATE, "epoch": -3}, BOTH, {}, "its epoch is -3"),
        ({**STATE, "epoch": "1"}, BOTH, {}, "its epoch is '1'"),
        ({**STATE, "generators": {}}, BOTH, {}, "no state of the random generator"),
        ({**STATE, "generators": {"thread": {**GENERATORS["thread"], "state": {"state": -1, "inc": 2}}}},
         BOTH, {}, "random generator 'thread'"),
        ({**STATE, "generators": {"thread": {"bit_generator": "MT19937"}}}, BOTH, {},
         "random generator 'thread' does not fit"),
        ({**STATE, "model": {"model": {"kernel": "zeros", "bias": {"$array": "b"}}}}, [("b.npy", BIAS)], {}, "kernel"),
        ({**STATE, "model": []}, [], {}, "nothing was changed"),
        ({**STATE, "history": {"figures": {"loss": 3}}}, BOTH, {}, "history of 'loss'"),
        ([], [], {}, "nothing was changed"),
        (None, [], {"document": DEEP}, "nothing was changed"),
        (None, [], {"document": "[" + "9" * 5000 + "]"}, "nothing was changed"),
        (None, [], {"document": "{}"}, "state.json is something else's"),
        (None, [], {"document": json.dumps({"format": container.FORMAT, "version": 99})}, "version 99"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused(state, arrays, options, message, tmp_path):
    path = tmp_path / "evil.npz"
    forge(path, state, arrays, **options)
    tg.seed(0)
    model = tg.Dense(1, 2)
    before = model.kernel.data.copy(), generator().bit_generator.state
    with pytest.raises(ValueError, match=message) as caught:
        tg.load(path, model=model)
    assert str(path) in str(caught.value)
    np.testing.assert_array_equal(model.kernel.data, before[0])
    assert generator().bit_generator.state == before[1]


def test_the_forged_file_would_be_loaded_if_it_were_right(tmp_path):
    forge(tmp_path / "x", STATE, BOTH)
    assert tg.load(tmp_path / "x", model=tg.Dense(1, 2)).epoch == 1


def test_a_file_that_names_itself_larger_than_it_is(tmp_path):
    path = tmp_path / "bomb.npz"
    forge(path, STATE, BOTH)
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 20 : entry + 28] = (2**31).to_bytes(4, "little") * 2
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match="nothing was changed"):
        tg.load(path, model=tg.Dense(1, 2))


# ---- writing: the old file stays whole


def test_what_can_not_be_saved_leaves_the_old_file(tmp_path):
    class Odd(tg.Callback):
        def state_dict(self):
            return {"things": [1, {"a": {1, 2}}]}

    path = tmp_path / "run"
    tg.save(path, model=tg.Dense(1, 1), epoch=1)
    with pytest.raises(TypeError, match=r"callbacks.0 Odd.things.1.a' is a set, which can't be saved"):
        tg.save(path, model=tg.Dense(1, 1), epoch=2, callbacks=[Odd()])
    assert tg.load(path, model=tg.Dense(1, 1)).epoch == 1
    assert os.listdir(tmp_path) == ["run"]


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "run"
    tg.save(path, model=tg.Dense(1, 1), epoch=1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            tg.save(path, model=tg.Dense(100, 100), epoch=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert tg.load(path, model=tg.Dense(1, 1)).epoch == 1
    assert os.listdir(tmp_path) == ["run"]


def test_when_the_disk_fills_up_while_training_history_and_the_last_file_are_left(tmp_path, monkeypatch):
    real, saves = os.replace, []

    def full(*names):
        saves.append(names)
        if len(saves) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(*names)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left") as caught:
        train(*make(), 5, tmp_path / "run")
    assert len(caught.value.history["loss"]) == 3
    assert tg.load(tmp_path / "run", model=make()[0], rng=np.random.default_rng()).epoch == 2
    assert os.listdir(tmp_path) == ["run"]


def test_the_file_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, name=name, real=real: (calls.append(name), real(*given))[1])
    tg.save(tmp_path / "run", model=tg.Dense(1, 1))
    assert calls == ["fsync", "replace", "fsync"]


def test_a_link_is_followed_and_modes_are_the_users(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "run")
    tg.save(tmp_path / "link", model=tg.Dense(1, 1))
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real" / "run").is_file()
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "real" / "run").stat().st_mode & 0o777 == 0o666 & ~umask


def test_places_where_nothing_can_be_saved(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="it is a folder"):
        tg.save(tmp_path, model=tg.Dense(1, 1))
    with pytest.raises(FileNotFoundError, match="make it first"):
        tg.save(tmp_path / "a" / "b", model=tg.Dense(1, 1))
    with pytest.raises(ValueError, match="no ordinary file"):
        tg.save("/dev/null", model=tg.Dense(1, 1))

    def refused(path, mode):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(container, "open", refused, raising=False)
    model, optimizer = make()
    before = everything(model, optimizer)
    for options in ({"resume": tmp_path / "run"}, {"callbacks": tg.ModelCheckpoint(tmp_path / "run")}):
        with pytest.raises(PermissionError, match=r"nothing can be saved in the folder '.*' \(Permission denied\)"):
            train(model, optimizer, 1, **options)
        assert everything(model, optimizer) == before  # before the first epoch, not after it
    monkeypatch.undo()
    with pytest.raises(TypeError, match="nothing to save"):
        tg.save(tmp_path / "x")
    with pytest.raises(ValueError, match="epoch, how many are complete, must be"):
        tg.save(tmp_path / "x", model=tg.Dense(1, 1), epoch=1.5)


# ---- kill -9

SAVER = """
    import sys, numpy as np, tinygrad_reg as tg
    model = tg.Dense(200, 200)
    n = 0
    while True:
        n += 1
        model.kernel.data = np.full((200, 200), float(n))
        tg.save(sys.argv[1], model=model, epoch=n)
        print(n, flush=True)
"""

RUNNER = """
    import sys
    import numpy as np
    import tinygrad_reg as tg

    tg.seed(0)
    rng = np.random.default_rng(0)
    x = rng.random((600, 1, 8, 8))
    y = (x.reshape(600, 64) @ rng.normal(size=(64, 10))).argmax(axis=1)
    train, validation = tg.data.split(x, y, (0.7, 0.3), rng=0)
    model = tg.Sequential(
        tg.Flatten(), tg.Dense(64, 32, activation="relu"), tg.BatchNorm(32), tg.Dropout(0.2), tg.Dense(32, 10)
    )
    run, best, weights = sys.argv[1:]
    tg.fit(
        model, *train, loss="softmax_crossentropy", optimizer="adam", epochs=60, batch_size=64,
        validation_data=validation, metrics=["accuracy"], verbose=0, compile=True, resume=run,
        augment=tg.data.augmentation.compose(tg.data.augmentation.shift(1), tg.data.augmentation.noise(0.1)),
        callbacks=[
            tg.EarlyStopping(patience=20, restore_best=True),
            tg.ModelCheckpoint(best, save_best_only=True),
        ],
    )
    tg.save(weights, model=model)
"""


def start(program, *arguments):
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
           "PYTHONPATH": str(Path(tg.__file__).parents[1])}  # fmt: skip
    command = [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE)


def test_T3_killed_while_saving_the_file_is_whole(tmp_path):
    path = tmp_path / "run"
    model = tg.Dense(200, 200)
    for delay in (0.0, 0.003, 0.011):
        with start(SAVER, path) as process:
            for _ in range(3):
                said = int(process.stdout.readline())
            time.sleep(delay)
            process.kill()
        assert tg.load(path, model=model).epoch >= said
        assert len(np.unique(model.kernel.data)) == 1


def arrays(path):
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def test_60_epochs_killed_at_any_moment_and_started_again_end_in_the_same_weights(tmp_path):
    assert len(RUNNER.strip().splitlines()) <= 25
    with start(RUNNER, *(tmp_path / name for name in ("whole", "whole.best", "whole.weights"))):
        pass
    part = tmp_path / "part"
    ours = part, tmp_path / "part.best", tmp_path / "part.weights"
    kills = 0
    for _ in range(3):
        with start(RUNNER, *ours) as process:
            seen = part.stat().st_mtime_ns if part.exists() else 0
            while process.poll() is None and not (part.exists() and part.stat().st_mtime_ns > seen):
                time.sleep(0.002)
            time.sleep(0.017 * (kills + 1))
            process.kill()
        kills += process.returncode == -signal.SIGKILL
    with start(RUNNER, *ours):
        pass
    assert kills >= 2
    assert tg.load(part).epoch > 20
    for kind in ("", ".best", ".weights"):
        expected, found = arrays(tmp_path / f"whole{kind}"), arrays(tmp_path / f"part{kind}")
        assert found.keys() == expected.keys()
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array, err_msg=f"{name} of part{kind}")
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".draft")]
