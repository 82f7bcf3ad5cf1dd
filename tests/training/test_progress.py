"""What is shown while a model trains: a bar, a line an epoch, or nothing."""

import io
from types import SimpleNamespace

import tinygrad_reg as tg

from .small import X, Y


def test_the_bar_shows_epoch_loss_metrics_and_rate(capsys):
    tg.fit(
        tg.Dense(6, 3), X, Y, loss="softmax_crossentropy", optimizer="sgd", epochs=2, metrics=["accuracy"],
        validation_data=(X, Y),
    )  # fmt: skip
    captured = capsys.readouterr()
    assert captured.out == ""
    for text in ("epoch 2/2", "4/4", "batch/s", "loss=", "accuracy=", "val_loss="):
        assert text in captured.err, text


def test_without_a_stderr_there_is_no_bar(monkeypatch, capsys):
    """As in a program of Windows without a console, or with 2>&- in a shell."""
    monkeypatch.setattr("sys.stderr", None)
    assert tg.fit(tg.Dense(6, 3), X, Y, loss="softmax_crossentropy", optimizer="sgd").epochs == 1
    assert capsys.readouterr().out == ""


def test_a_closed_stderr_and_one_that_only_writes(monkeypatch):
    options = {"loss": "softmax_crossentropy", "optimizer": "sgd"}
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)
    assert tg.fit(tg.Dense(6, 3), X, Y, **options).epochs == 1
    written = io.StringIO()
    only_writes = SimpleNamespace(write=written.write, flush=written.flush)
    monkeypatch.setattr("sys.stderr", only_writes)
    assert tg.fit(tg.Dense(6, 3), X, Y, **options).epochs == 1
    assert "epoch 1/1" in written.getvalue()


def test_verbose_0_is_silent_and_2_writes_a_line_an_epoch(capsys):
    for verbose in (0, 2):
        tg.fit(tg.Dense(6, 3), X, Y, loss="softmax_crossentropy", optimizer="sgd", epochs=2, verbose=verbose)
    captured = capsys.readouterr()
    assert captured.err == ""
    first, second = captured.out.splitlines()
    assert first.startswith("epoch 1/2") and "loss=" in second


def test_a_line_an_epoch_is_printed_where_the_output_lacks_a_character_of_a_metric(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)

    def größe(prediction, target):
        return 0.5

    tg.fit(
        tg.Dense(6, 3), X, Y, loss="softmax_crossentropy", optimizer="sgd", metrics=[größe], verbose=2,
    )  # fmt: skip
    stream.flush()
    assert b"gr\\xf6\\xdfe=0.5" in stream.buffer.getvalue()
