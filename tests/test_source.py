"""Where a tensor was made: the user's line, whatever folder the process is in."""

import os

import tinygrad_reg as tg


def test_code_that_lies_in_no_file_is_the_users_in_every_folder(monkeypatch):
    monkeypatch.chdir(os.path.dirname(tg.__file__))
    names = {"x": tg.Tensor(2.0, requires_grad=True)}
    exec(compile("y = x * 3", "<a notebook's cell>", "exec"), names)
    assert tg.explain(names["y"]).forward[-1].file == "<a notebook's cell>"


def test_ops_work_in_a_folder_that_was_deleted(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    names = {"x": tg.Tensor(2.0, requires_grad=True)}
    exec(compile("y = x * 3", "<another cell>", "exec"), names)
    assert names["y"].item() == 6
