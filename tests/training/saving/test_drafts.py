"""Files that appear whole or not at all: where they may lie, and what stays when the disk or the folder fails."""

import errno
import os
import resource
import signal
from pathlib import Path

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.training.saving import drafts

from .remembered import everything, make, train


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "run"
    tg.save(path, model=tg.Dense(1, 1), epoch=1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match=rf"'{path}' can't be written \(File too large\): what was there before is"):
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

    monkeypatch.setattr(drafts, "open", refused, raising=False)
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


def test_a_path_through_a_folder_that_is_not_there_is_refused_as_the_system_refuses_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*/new/\.\.' to save"):
        tg.save(tmp_path / "new" / ".." / "run", model=tg.Dense(1, 1))
    (tmp_path / "new").mkdir()
    tg.save(tmp_path / "new" / ".." / "run", model=tg.Dense(1, 1), epoch=2)
    assert tg.load(tmp_path / "run", model=tg.Dense(1, 1)).epoch == 2


def test_in_a_folder_that_is_gone_only_whole_paths_can_be_saved_to(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    gone = "the folder that this program runs in is gone, and 'run' would be in it"
    with pytest.raises(FileNotFoundError, match=gone):
        tg.save("run", model=tg.Dense(1, 1))
    for options in ({"resume": "run"}, {"callbacks": tg.ModelCheckpoint("run")}):
        with pytest.raises(FileNotFoundError, match=gone):
            train(*make(), 1, **options)
    train(*make(), 1, resume=tmp_path / "run", callbacks=tg.ModelCheckpoint(tmp_path / "each"))
    assert sorted(os.listdir(tmp_path)) == ["each", "run"]


def test_a_trial_of_the_place_is_not_taken_for_what_a_dead_process_left(tmp_path, monkeypatch):
    opened = drafts._opened

    def open_and_remove(draft):
        stream = opened(draft)
        drafts.remove(tmp_path / "run")  # as another thread may, that saves there
        return stream

    monkeypatch.setattr(drafts, "_opened", open_and_remove)
    drafts.check_target(tmp_path / "run")
    assert os.listdir(tmp_path) == []


def test_a_path_of_bytes_is_refused():
    class Bytes(os.PathLike):
        def __fspath__(self):
            return b"run"

    for call in (tg.save, tg.load):
        with pytest.raises(TypeError, match=r"path must be a string or a pathlib\.Path, not b'run'"):
            call(Bytes(), model=tg.Dense(1, 1))


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
        made = drafts._draft(tmp_path / name)
        made = made.with_name(made.name.replace(f"-{os.getpid()}-", f"-{pid}-"))
        made.write_bytes(b"half")
        return made

    dead = 2**22 + 1
    alive, of_another_file = draft("run", os.getppid()), draft("run.x", os.getppid())
    left, own_number_of_a_dead_one = draft("run", dead), draft("run", os.getpid())
    monkeypatch.setattr(drafts.platform, "node", lambda: "another machine")
    elsewhere = draft("run", dead)
    monkeypatch.undo()
    (tmp_path / ".run.notes.draft").write_bytes(b"the user's")
    with drafts.replacing(tmp_path / "run") as file:  # what another thread is writing
        file.write(b"whole")
        drafts.remove(tmp_path / "run")
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


def test_where_nobody_may_set_a_mode_files_are_replaced_all_the_same(tmp_path, monkeypatch):
    """Some mounted file systems have one mode for all of their files."""

    def refused(path, mode):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refused)
    model, other = tg.Dense(2, 1, rng=0), tg.Dense(2, 1, rng=1)
    for each in (model, other):
        tg.save(tmp_path / "run", model=each)
    tg.load(tmp_path / "run", model=model)
    np.testing.assert_array_equal(model.kernel.data, other.kernel.data)


def test_a_file_that_can_not_be_replaced_is_told_by_its_name_and_stays(tmp_path, monkeypatch):
    """On Windows: while another program has it open."""
    path = tmp_path / "run"
    tg.save(path, model=tg.Dense(1, 1), epoch=1)

    def refused(draft, file):
        raise PermissionError(errno.EACCES, "Access is denied", str(draft), None, str(file))

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(
        PermissionError, match=r"run' can't be written \(Access is denied\): what was there .* as it was$"
    ):
        tg.save(path, model=tg.Dense(1, 1), epoch=2)
    assert tg.load(path).epoch == 1 and os.listdir(tmp_path) == ["run"]
