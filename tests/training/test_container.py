"""The file of a checkpoint: what is no such file is refused, and an old one stays whole while a new one is written."""

import errno
import io
import json
import os
import resource
import signal
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.modes import generator
from tinygrad_reg.training import container

from .remembered import everything, make, train


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


# ---- paths, drafts, modes


@pytest.mark.parametrize("save", ["hand", "resume", "callback"])
def test_a_path_that_ends_like_a_folders_is_refused_and_not_begun_anew(save, tmp_path):
    path = f"{tmp_path / 'run'}{os.sep}"
    train(*make(), 2, tmp_path / "run")
    with pytest.raises(ValueError, match=r"must be that of a file, not '.*run/': write '.*run'$"):
        if save == "hand":
            tg.save(path, model=make()[0])
        else:
            train(*make(), 1, **({"resume": path} if save == "resume" else {"callbacks": tg.ModelCheckpoint(path)}))
    with pytest.raises(ValueError, match="must be that of a file"):
        tg.load(path, model=make()[0])
    assert tg.load(tmp_path / "run").epoch == 2


@pytest.mark.parametrize("path", ["", "a\0b", "a\ud800"])
def test_what_can_be_no_path_is_refused(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for call in (tg.save, tg.load):
        with pytest.raises(ValueError, match="a checkpoint's path must"):
            call(path, model=tg.Dense(1, 1))


def test_long_names(tmp_path):
    for name in ("n" * 255, "ä" * 127):
        tg.save(tmp_path / name, model=tg.Dense(1, 1), epoch=3)
        assert tg.load(tmp_path / name).epoch == 3
    with pytest.raises(ValueError, match="must have 255 bytes at most"):
        tg.save(tmp_path / ("ä" * 128), model=tg.Dense(1, 1))


def test_only_what_dead_processes_of_this_machine_left_is_removed(tmp_path, monkeypatch):
    def draft(name, pid):
        made = container._draft(tmp_path / name)
        made = made.with_name(made.name.replace(f"-{os.getpid()}-", f"-{pid}-"))
        made.write_bytes(b"half")
        return made

    dead = 2**22 + 1
    alive, of_another_file = draft("run", os.getppid()), draft("run.x", os.getppid())
    left, own_number_of_a_dead_one = draft("run", dead), draft("run", os.getpid())
    monkeypatch.setattr(container.platform, "node", lambda: "another machine")
    elsewhere = draft("run", dead)
    monkeypatch.undo()
    (tmp_path / ".run.notes.draft").write_bytes(b"the user's")
    with container._replacing(tmp_path / "run") as file:  # what another thread is writing
        file.write(b"whole")
        container.remove_drafts(tmp_path / "run")
    assert not left.exists() and not own_number_of_a_dead_one.exists()
    kept = {alive.name, of_another_file.name, elsewhere.name, ".run.notes.draft", "run"}
    assert set(os.listdir(tmp_path)) == kept and (tmp_path / "run").read_bytes() == b"whole"


def test_who_may_read_the_old_file_may_read_the_new_one(tmp_path):
    path = tmp_path / "run"
    tg.save(path, model=tg.Dense(1, 1), epoch=1)
    path.chmod(0o600)
    tg.save(path, model=tg.Dense(1, 1), epoch=2)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="nobody may write it: choose another path"):
        tg.save(path, model=tg.Dense(1, 1), epoch=3)
    assert tg.load(path).epoch == 2


def test_states_with_odd_keys_come_back_and_what_would_not_is_refused(tmp_path):
    class Odd(tg.Callback):
        state = None

        def state_dict(self):
            return self.state

        def load_state_dict(self, state):
            self.state = state

    odd, again = Odd(), Odd()
    odd.state = {"a\0b": np.arange(2), "k" * 70_000: np.arange(3), "\ud800": np.arange(4), "n": 2**9999}
    tg.save(tmp_path / "x", callbacks=[odd])
    tg.load(tmp_path / "x", callbacks=[again])
    assert {key: np.size(value) for key, value in again.state.items()} == {
        "a\0b": 2,
        "k" * 70_000: 3,
        "\ud800": 4,
        "n": 1,
    }
    odd.state = {"n": -(10**4400)}
    with pytest.raises(ValueError, match=r"state 'callbacks\.0 Odd\.n' is a whole number of 14617 bits"):
        tg.save(tmp_path / "x", callbacks=[odd])
    odd.state = {"m": np.ma.masked_array([1.0, 2.0], [True, False])}
    with pytest.raises(TypeError, match=r"Odd\.m' is a masked array"):
        tg.save(tmp_path / "x", callbacks=[odd])


@pytest.mark.parametrize("year", [1970, 2200])
def test_a_clock_that_is_wrong_loses_no_checkpoint(year, tmp_path, monkeypatch):
    """Nor does it make other bytes of the same state."""
    tg.save(tmp_path / "now", model=tg.Dense(1, 1, rng=0), rng=np.random.default_rng(0))
    monkeypatch.setattr("time.localtime", lambda *_: (year, 1, 1, 0, 0, 0, 3, 1, 0))
    tg.save(tmp_path / "then", model=tg.Dense(1, 1, rng=0), rng=np.random.default_rng(0))
    assert (tmp_path / "then").read_bytes() == (tmp_path / "now").read_bytes()


def test_a_state_that_holds_itself_is_refused_before_the_first_epoch(tmp_path):
    class Odd(tg.Callback):
        def state_dict(self):
            state = {}
            state["itself"] = state
            return state

    model, optimizer = make()
    before = everything(model, optimizer)
    with pytest.raises(TypeError, match="the state holds itself, or lists and dicts too deep"):
        train(model, optimizer, 2, tmp_path / "run", [Odd()])
    assert everything(model, optimizer) == before and not os.listdir(tmp_path)


def test_a_folder_that_may_be_written_and_not_read(tmp_path, monkeypatch):
    real = os.open

    def closed(path, *rest):
        if os.path.isdir(path):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *rest)

    def unseen(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", closed)
    monkeypatch.setattr(Path, "iterdir", unseen)
    train(*make(), 2, tmp_path / "run")
    assert tg.load(tmp_path / "run").epoch == 2
