"""Checkpoints: all that is saved is loaded, or nothing."""

import time

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.training.saving import randomness

from .remembered import X, Y, everything, make, start, train

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
    def another():
        return *make(seed=1), tg.EarlyStopping(restore_best=True)

    def load(model, optimizer, early):
        tg.load(file, model=model, optimizer=optimizer, callbacks=[early])

    data = file.read_bytes()
    load(*(target := another()))
    right = everything(*target)
    before, refused = everything(*(target := another())), 0
    for place in np.random.default_rng(0).integers(0, len(data), 150):
        file.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            load(*target)
        except ValueError as error:
            refused += 1
            assert str(file) in str(error)
            assert everything(*target) == before
        else:  # a date, say
            assert everything(*target) == right
            target = another()
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
        (lambda: (make()[0][:3], None), r"it is of another model: there is a \S+, and none here"),
        (lambda: (make()[0], None), "saved with Adam as its optimizer, this is SGD"),
    ],
    ids=["shape", "dtype", "fewer layers", "optimizer"],
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


@pytest.mark.parametrize("what", ["model", "optimizer", "generator"])
def test_ctrl_c_while_loading_leaves_all_as_it_was(what, file, monkeypatch):
    model, optimizer = make(seed=1)
    before = everything(model, optimizer)

    def interrupted(load):
        def loads(*arguments):
            if loads.once:
                loads.once = False
                load(*arguments)
                raise KeyboardInterrupt
            load(*arguments)

        loads.once = True
        return loads

    if what == "generator":  # set_state is tried on copies before, by fitting
        monkeypatch.setattr(randomness, "fitting", lambda own, saved: [(own[name], saved[name]) for name in own])
        monkeypatch.setattr(randomness, "set_state", interrupted(randomness.set_state))
    else:
        thing = {"model": model, "optimizer": optimizer}[what]
        vars(thing)["load_state_dict"] = interrupted(thing.load_state_dict)
    with pytest.raises(KeyboardInterrupt):
        tg.load(file, model=model, optimizer=optimizer)
    assert everything(model, optimizer) == before


def test_a_callback_whose_state_can_not_be_told_takes_the_others_back(tmp_path):
    class Late(tg.Callback):
        def state_dict(self):
            return {"best": self.best}

        def load_state_dict(self, state):
            self.best = state["best"]

    model, optimizer = make()
    late, early = Late(), tg.EarlyStopping(restore_best=True)
    late.best = 1.0
    early.bad = 3
    tg.save(tmp_path / "x", model=model, optimizer=optimizer, callbacks=[late, early])
    model, optimizer = make(seed=1)
    early = tg.EarlyStopping(restore_best=True)
    before = everything(model, optimizer, early)
    with pytest.raises(ValueError, match="nothing was changed: 'Late' object has no attribute 'best'"):
        tg.load(tmp_path / "x", model=model, optimizer=optimizer, callbacks=[Late(), early])
    assert everything(model, optimizer, early) == before and not early.loaded


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


@pytest.mark.parametrize(
    "use",
    [
        lambda loaded, x: loaded(x),
        lambda loaded, x: loaded.predict(x),
        lambda loaded, x: loaded.model,
        lambda loaded, x: loaded["model"],
        lambda loaded, x: loaded.parameters(),
        lambda loaded, x: tg.predict(loaded, x),
    ],
)
def test_what_load_returns_is_no_model_and_says_how_to_load_one(tmp_path, use):
    tg.save(tmp_path / "m.npz", model=tg.Sequential(tg.Dense(2, 1)), epoch=3)
    loaded = tg.load(tmp_path / "m.npz")
    with pytest.raises(
        (TypeError, AttributeError), match=r"write tg\.load\(path, model=model\), which loads into a model"
    ):
        use(loaded, np.ones((1, 2)))
    assert loaded.epoch == 3 and "predict" not in dir(loaded) and not hasattr(loaded, "model")
