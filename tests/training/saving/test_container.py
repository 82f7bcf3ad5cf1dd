"""The file of a checkpoint: what is no such file is refused, and what can't be put into one."""

import errno
import io
import json
import os
import zipfile

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.modes import generator
from tinygrad_reg.training.saving import container

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
        ({**STATE, "settings": {"frozen": [1]}}, BOTH, {}, r"its frozen is \[1\]"),
        ({**STATE, "settings": {"clip": 0.5}}, BOTH, {}, "its clip is 0.5"),
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


def test_what_can_not_be_saved_leaves_the_old_file(tmp_path):
    class Odd(tg.Callback):
        def state_dict(self):
            return {"things": [1, {"a": {1, 2}}]}

        def load_state_dict(self, state):
            pass

    path = tmp_path / "run"
    tg.save(path, model=tg.Dense(1, 1), epoch=1)
    with pytest.raises(TypeError, match=r"callbacks.0 Odd.things.1.a' is a set, which can't be saved"):
        tg.save(path, model=tg.Dense(1, 1), epoch=2, callbacks=[Odd()])
    assert tg.load(path, model=tg.Dense(1, 1)).epoch == 1
    assert os.listdir(tmp_path) == ["run"]


def test_ctrl_c_between_two_writes_is_ctrl_c_and_leaves_the_old_file(tmp_path, monkeypatch):
    opened, handles = zipfile.ZipFile.open, []

    def interrupted(self, name, *arguments, **options):
        handles.append(opened(self, name, *arguments, **options))
        if str(name).endswith(".npy"):
            raise KeyboardInterrupt
        return handles[-1]

    tg.save(tmp_path / "run", model=tg.Dense(1, 1), epoch=1)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(zipfile.ZipFile, "open", interrupted)
        tg.save(tmp_path / "run", model=tg.Dense(1, 1), epoch=2)
    assert tg.load(tmp_path / "run", model=tg.Dense(1, 1)).epoch == 1
    assert os.listdir(tmp_path) == ["run"]


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

        def load_state_dict(self, state):
            pass

    model, optimizer = make()
    before = everything(model, optimizer)
    with pytest.raises(TypeError, match="the state holds itself, or lists and dicts too deep"):
        train(model, optimizer, 2, tmp_path / "run", [Odd()])
    assert everything(model, optimizer) == before and not os.listdir(tmp_path)


def test_a_disk_that_can_not_be_read_is_not_said_to_be_a_damaged_file(tmp_path, monkeypatch):
    tg.save(tmp_path / "run", model=tg.Dense(1, 1))

    def broken(file):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(container, "_read", broken)
    with pytest.raises(OSError, match="Input/output error"):
        tg.load(tmp_path / "run")
