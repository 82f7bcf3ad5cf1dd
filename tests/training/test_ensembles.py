"""Ensembles (row T9 of the lectures): independent members through any executor, failures reported, the rest kept."""

import multiprocessing
import os
import threading
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.modes import generator

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] + 0.5 * RNG.normal(size=60) > 0).astype(int)
FIT = {"loss": "categorical_crossentropy", "optimizer": "adam", "epochs": 3, "verbose": 0}


def build():
    return tg.Sequential(tg.Dense(4, 8, activation="relu"), tg.Dropout(0.2), tg.Dense(8, 2, activation="softmax"))


class Fragile(tg.Sequential):
    """Breaks on a seed's first draw, which differs from member to member."""

    how = "raise"

    def forward(self, x):
        if self.doomed and self.training:
            if self.how == "die":
                os._exit(3)
            raise ZeroDivisionError("this member is doomed")
        return super().forward(x)


def build_fragile():
    model = Fragile(build())
    model.doomed = generator().random() < 0.5
    return model


def build_deadly():
    model = build_fragile()
    model.how = "die"
    return model


class Here(Executor):
    """A cluster's executor, in small: runs what it is given at once, in the caller's own thread."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def state(ensemble):
    return {name: array.tolist() for name, array in ensemble.state_dict().items()}


def test_any_executor_trains_the_same_members():
    trained = []
    for executor in (None, Here(), ThreadPoolExecutor(2), ProcessPoolExecutor(1)):
        ensemble = tg.Ensemble(build, members=3, seeds=[1, 2, 3])
        histories = ensemble.fit(X, Y, executor=executor, **FIT)
        assert [len(history["loss"]) for history in histories] == [3, 3, 3]
        trained.append(state(ensemble))
        if executor is not None:
            executor.shutdown()
    assert trained[0] == trained[1] == trained[2] == trained[3]
    kernels = [member.parameters()[0].data for member in ensemble.members]
    assert not np.array_equal(kernels[0], kernels[1])


def test_what_is_no_executor_is_refused():
    with pytest.raises(TypeError, match=r"must be a concurrent\.futures\.Executor, such as ThreadPoolExecutor\(4\)"):
        tg.Ensemble(build, members=2).fit(X, Y, executor=4, **FIT)


def test_a_member_is_what_fit_makes_of_its_seed():
    ensemble = tg.Ensemble(build, members=2, seeds=[5, 6])
    ensemble.fit(X, Y, executor=Here(), **FIT)
    tg.seed(6)
    alone = build()
    tg.fit(alone, X, Y, **FIT)
    np.testing.assert_array_equal(tg.predict(ensemble.members[1], X), tg.predict(alone, X))


def test_seeds_come_from_the_threads_generator_and_training_leaves_it_alone():
    tg.seed(3)
    first = tg.Ensemble(build, members=2)
    tg.seed(3)
    second = tg.Ensemble(build, members=2)
    assert first.seeds == second.seeds and first.seeds[0] != first.seeds[1]
    before = generator().bit_generator.state
    second.fit(X, Y, executor=Here(), **FIT)
    assert generator().bit_generator.state == before


def test_seeds_that_are_drawn_fit_into_31_bits():
    tg.seed(0)
    seeds = tg.Ensemble(lambda: tg.Dense(1, 1), members=40).seeds
    assert 0 <= min(seeds) < 2**30 < max(seeds) < 2**31


def test_members_say_nothing_of_their_epochs(capfd):
    tg.Ensemble(build, members=2).fit(X, Y, executor=Here(), **FIT)
    assert capfd.readouterr() == ("", "")


def test_T9_the_mean_is_no_worse_than_the_members_are_on_average():
    ensemble = tg.Ensemble(build, members=5, seeds=range(5))
    ensemble.fit(X[:40], Y[:40], executor=Here(), **FIT)
    x, y = X[40:], Y[40:]
    outputs = [tg.predict(member, x) for member in ensemble.members]
    np.testing.assert_allclose(ensemble.predict(x), np.mean(outputs, axis=0), rtol=1e-12)
    own = tg.evaluate(ensemble, x, y, loss="categorical_crossentropy", metrics=["accuracy"])
    each = [tg.evaluate(member, x, y, loss="categorical_crossentropy")["loss"] for member in ensemble.members]
    assert own["loss"] <= np.mean(each)


@pytest.mark.parametrize("make", [build_fragile, build_deadly])
def test_a_failed_member_is_reported_and_the_others_are_kept(make):
    ensemble = tg.Ensemble(make, members=4, seeds=range(4))
    doomed = [i for i, member in enumerate(ensemble.members) if member.doomed]
    assert 0 < len(doomed) < 4
    they = ", ".join(map(str, doomed))
    with pytest.warns(RuntimeWarning, match=f"{len(doomed)} of 4 members failed and are left out: members {they} \\("):
        histories = ensemble.fit(X, Y, executor=Here() if make is build_fragile else None, **FIT)
    assert [i for i, history in enumerate(histories) if history is None] == doomed == sorted(ensemble.failures)
    kept = [tg.predict(member, X) for i, member in enumerate(ensemble.members) if i not in doomed]
    np.testing.assert_allclose(ensemble.predict(X), np.mean(kept, axis=0), rtol=1e-12)


@pytest.mark.parametrize("way", ["file", "state", "part of another model"])
def test_who_has_failed_is_part_of_the_state(way, tmp_path):
    def make():
        return tg.Ensemble(build_fragile, members=4, seeds=range(4))

    ensemble, again = make(), make()
    with pytest.warns(RuntimeWarning, match="members failed"):
        ensemble.fit(X, Y, executor=Here(), **FIT)
    if way == "file":
        tg.save(tmp_path / "x", model=ensemble)
        tg.load(tmp_path / "x", model=again)
    elif way == "state":
        again.load_state_dict(ensemble.state_dict())
    else:
        outer = tg.Sequential(again)
        outer.load_state_dict(tg.Sequential(ensemble).state_dict())
    np.testing.assert_array_equal(again.predict(X), ensemble.predict(X))
    assert again.left_out == sorted(ensemble.failures) and again.failures == {}
    again.load_state_dict(make().state_dict())  # and who has not
    assert again.left_out == []
    with pytest.raises(RuntimeError, match="every member failed: fit it anew"):
        again.load_state_dict({**again.state_dict(), "trained": np.zeros(4)})
        again.predict(X)


def test_a_captured_ensemble_follows_who_is_left_out():
    ensemble = tg.Ensemble(build, members=3, seeds=range(3)).eval()
    fast = tg.compile(ensemble)
    np.testing.assert_array_equal(fast(X).data, ensemble(X).data)
    ensemble.load_state_dict({**ensemble.state_dict(), "trained": [1, 0, 1]})
    np.testing.assert_array_equal(fast(X).data, ensemble(X).data)
    assert len(ensemble.kept()) == 2


class Noise:
    """Draws from a generator that it holds."""

    def __init__(self):
        self.rng = np.random.default_rng(3)

    def __call__(self, x):
        return x + self.rng.normal(size=x.shape)


def test_each_member_draws_from_a_copy_of_the_generators_given():
    losses = []
    rng, noise = np.random.default_rng(7), Noise()
    for executor in (Here(), ThreadPoolExecutor(2), ProcessPoolExecutor(1)):
        ensemble = tg.Ensemble(build, members=3, seeds=[1, 2, 3])
        losses.append(ensemble.fit(X, Y, executor=executor, rng=rng, augment=noise, **FIT))
        if not isinstance(executor, Here):
            executor.shutdown()
    assert losses[0] == losses[1] == losses[2]
    tg.seed(2)
    alone = tg.fit(build(), X, Y, rng=np.random.default_rng(7), augment=Noise(), **FIT)
    assert losses[0][1] == alone
    assert rng.random() == np.random.default_rng(7).random()  # the callers' own are where they were


def test_a_generator_that_members_would_share_is_refused():
    ensemble, rng = tg.Ensemble(build, members=2), np.random.default_rng(0)
    with pytest.raises(TypeError, match="augment draws from a random generator among a function's variables"):
        ensemble.fit(X, Y, augment=lambda x: x + rng.normal(size=x.shape), **FIT)


def test_each_fit_begins_anew():
    ensemble = tg.Ensemble(build, members=2, seeds=[1, 2])
    assert ensemble.fit(X, Y, executor=Here(), **FIT) == ensemble.fit(X, Y, executor=Here(), **FIT)


def test_members_that_build_makes_otherwise_by_now_leave_the_ensemble_as_it_was():
    made = []

    def changing():
        made.append(tg.Dense(4, 2, activation="softmax", use_bias=len(made) != 4))
        return made[-1]

    ensemble = tg.Ensemble(changing, 3, seeds=[1, 2, 3])
    before = ensemble.state_dict()
    with pytest.raises(ValueError, match=r"build\(\) made another model for member 1 than before, .*: missing: bias"):
        ensemble.fit(X, Y, executor=Here(), **FIT)
    for path, array in ensemble.state_dict().items():
        np.testing.assert_array_equal(array, before[path], err_msg=path)


def test_metrics_that_are_given_one_by_one_are_those_of_every_member():
    histories = tg.Ensemble(build, 2).fit(X, Y, executor=Here(), metrics=iter(["accuracy"]), **FIT)
    assert [list(history) for history in histories] == [["loss", "accuracy"]] * 2


def test_when_every_member_fails_that_is_an_error():
    ensemble = tg.Ensemble(build, members=2)
    with pytest.raises(
        RuntimeError, match=r"the training of every member failed: members 0, 1 .*labels go from 0 to 1"
    ):
        ensemble.fit(X, Y + 7, executor=Here(), **FIT)


class NeedsTwo(Exception):
    """One that pickle makes, and can't read."""

    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


class RaisesIt(tg.Callback):
    def on_epoch_end(self, epoch, logs):
        raise NeedsTwo("this", "that")


def test_an_error_that_can_not_be_sent_back_is_told_all_the_same():
    ensemble = tg.Ensemble(build, members=2)
    with pytest.raises(RuntimeError, match=r"failed: members 0, 1 \(RuntimeError: NeedsTwo: this and that\)"):
        ensemble.fit(X, Y, callbacks=[RaisesIt()], **FIT)


def test_what_can_not_be_sent_to_another_process_is_trained_in_this_one_to_the_same_numbers():
    ensemble, same = (tg.Ensemble(make, members=2, seeds=[3, 4]) for make in (lambda: build(), build))
    assert ensemble.fit(X, Y, **FIT) == same.fit(X, Y, executor=Here(), **FIT)
    np.testing.assert_array_equal(ensemble.predict(X), same.predict(X))


def test_what_can_not_be_sent_to_another_process_says_so_to_who_wants_processes():
    ensemble = tg.Ensemble(lambda: build(), members=2)
    with (
        ProcessPoolExecutor(1) as processes,
        pytest.raises(TypeError, match=r"at the top level of a file, or give no executor"),
    ):
        ensemble.fit(X, Y, executor=processes, **FIT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with ThreadPoolExecutor(2) as executor:
            assert len(ensemble.fit(X, Y, executor=executor, **FIT)) == 2


class Ended(tg.Callback):
    """Leaves a file behind where a training has come to its end."""

    def __init__(self, path):
        self.path = path

    def on_train_end(self):
        self.path.touch()


def test_ctrl_c_does_not_wait_for_the_members(monkeypatch, tmp_path):
    """In a notebook the interrupt reaches the parent alone."""

    def interrupted(futures):
        raise KeyboardInterrupt

    monkeypatch.setattr("tinygrad_reg.training.members.as_completed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tg.Ensemble(build, members=2).fit(X, Y, callbacks=Ended(tmp_path / "ended"), **{**FIT, "epochs": 5000})
    assert not multiprocessing.active_children()
    assert not (tmp_path / "ended").exists()


@pytest.mark.parametrize("theirs", [False, True])
def test_ctrl_c_ends_members_in_threads_after_the_step_they_take(monkeypatch, theirs):
    begun, ended = threading.Event(), []

    def first_step(epoch, logs):
        ended.append(epoch)
        begun.set()

    def interrupted(futures):
        begun.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr("tinygrad_reg.training.members.as_completed", interrupted)
    before = threading.active_count()
    with ThreadPoolExecutor(2) as executor:
        with pytest.raises(KeyboardInterrupt):
            tg.Ensemble(lambda: build(), members=5).fit(
                X, Y, executor=executor if theirs else None, callbacks=first_step, **{**FIT, "epochs": 3000}
            )
        assert theirs or threading.active_count() == before
    assert 0 < len(ended) < 3000


def test_an_ensemble_is_saved_and_loaded(tmp_path):
    ensemble = tg.Ensemble(build, members=2)
    ensemble.fit(X, Y, executor=Here(), **FIT)
    tg.save(tmp_path / "ensemble", model=ensemble)
    other = tg.Ensemble(build, members=2)
    tg.load(tmp_path / "ensemble", model=other)
    np.testing.assert_array_equal(other.predict(X), ensemble.predict(X))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((build(),), TypeError, "a function that makes a new model"),
        ((lambda: 3,), TypeError, "must return a tg.Module, not int"),
        ((build, 0), ValueError, "members must be a whole number"),
        ((build, 2, [1]), ValueError, "one seed for each of the 2 members"),
        ((build, 2, "ab"), TypeError, "seeds must be a whole number, or a list of them, not 'ab'"),
        ((build, 2, 5), ValueError, "one seed for each of the 2 members, not 1"),
    ],
)
def test_wrong_ensembles_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        tg.Ensemble(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resume": "x"}, "can't be saved to one file"),
        ({"callbacks": [tg.ModelCheckpoint("x")]}, "can't be saved to one file"),
        ({"optimizer": tg.optim.SGD(build().parameters())}, "an optimizer belongs to one model"),
    ],
)
def test_what_members_can_not_share_is_refused(options, message):
    with pytest.raises(TypeError, match=message):
        tg.Ensemble(build, 1).fit(X, Y, **{**FIT, **options})


def test_a_member_that_a_callback_stops_has_not_failed_whatever_the_callback_is_called():
    def interrupted_by_me(epoch, logs):
        return True

    histories = tg.Ensemble(build, members=2).fit(X, Y, executor=Here(), callbacks=interrupted_by_me, **FIT)
    assert [history.stop_reason for history in histories] == ["interrupted_by_me said so after epoch 1"] * 2


@pytest.mark.parametrize("executor", [None, Here()], ids=["processes", "here"])
def test_each_member_stops_by_itself(executor):
    early = tg.EarlyStopping("loss", min_delta=0.02, patience=1)  # one callback, without a list
    ensemble = tg.Ensemble(build, members=4, seeds=range(4))
    histories = ensemble.fit(X, Y, executor=executor, callbacks=early, **{**FIT, "epochs": 60})
    lengths = {len(history["loss"]) for history in histories}
    assert len(lengths) > 1 and max(lengths) < 60
    assert early.best_epoch == 0 and not hasattr(early, "run")
