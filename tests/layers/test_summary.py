"""The table of summary()."""

import dataclasses
import io

import numpy as np
import pytest

import tinygrad_reg as tg


def rows(model, capsys, x=None):
    model.summary(x)
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_a_row_a_layer_with_shape_and_count(capsys):
    model = tg.Sequential([tg.Dense(784, 128, "relu"), tg.BatchNorm(128), tg.Dense(128, 10, "softmax")])
    lines = rows(model, capsys)
    assert lines[2] == ["0", "Dense", "(N,", "128)", "100,480"]
    assert lines[3] == ["1", "BatchNorm", "(N,", "128)", "512"]
    assert lines[4] == ["2", "Dense", "(N,", "10)", "1,290"]
    assert " ".join(lines[-1]) == "102,026 parameters, and 256 numbers that are not trained"


def test_shapes_follow_an_example_or_the_shape_of_a_sample(capsys):
    model = tg.Sequential([tg.Flatten(), tg.Dropout(0.2), tg.Dense(784, 10)])
    assert [line[2:-1] for line in rows(model, capsys)[2:5]] == [["?"], ["?"], ["(N,", "10)"]]
    for x in (np.zeros((5, 28, 28)), (28, 28)):
        assert [line[2:-1] for line in rows(model, capsys, x)[2:5]] == [
            ["(N,", "784)"],
            ["(N,", "784)"],
            ["(N,", "10)"],
        ]


def test_the_shape_of_a_batch_is_no_shape_of_a_sample():
    with pytest.raises(TypeError, match=r"one sample, such as \(1, 28, 28\) without the batch, not \(None, 4\)"):
        tg.Dense(4, 2).summary((None, 4))


def test_what_is_shared_counts_once(capsys):
    shared = tg.Dense(4, 4)
    lines = rows(tg.Sequential([shared, tg.ReLU(), shared]), capsys)
    assert lines[4][-2:] == ["as", "0"]
    assert lines[-1] == ["20", "parameters"]
    tied = tg.Sequential([tg.Dense(3, 3), tg.Dense(3, 3)])
    tied[1].kernel = tied[0].kernel
    assert [line[-1] for line in rows(tied, capsys)[2:4]] == ["12", "3"]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_it_is_printed_where_the_output_has_no_line_to_draw(encoding, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", stream)
    tg.Dense(3, 3).summary()
    stream.flush()
    lines = stream.buffer.getvalue().decode(encoding).splitlines()
    assert lines[1] == "-" * len(lines[0]) and lines[-1] == "12 parameters"


def test_layers_that_do_not_determine_a_shape_leave_it_open(capsys):
    model = tg.Sequential([tg.Dense(3, 4), tg.Flatten(), tg.Dense(40, 2)])  # right for (N, 10, 3)
    assert [line[2:-1] for line in rows(model, capsys)[2:5]] == [["(N,", "4)"], ["(N,", "4)"], ["?"]]
    assert rows(model, capsys, (10, 3))[4][2:] == ["(N,", "2)", "82"]


def test_nested_and_own_models(capsys):
    class Net(tg.Module):
        def __init__(self):
            self.scale = tg.Tensor(np.ones(3), requires_grad=True)
            self.body = tg.Residual(tg.Dense(3, 3))

        def forward(self, x):
            return self.scale * self.body(x)

    lines = rows(Net(), capsys, np.ones((2, 3)))
    assert lines[2] == ["model", "Net", "(N,", "3)", "3"]
    assert lines[3] == ["body.block", "Dense", "(N,", "3)", "12"]
    assert lines[-1] == ["15", "parameters"]


def test_it_leaves_modes_and_moving_statistics_alone(capsys):
    model = tg.Sequential([tg.Dense(2, 3), tg.BatchNorm(3), tg.Dropout(0.5)])
    model[2].eval()
    model.summary()
    assert [m.training for _, m in model.named_modules()] == [True, True, True, False]
    np.testing.assert_array_equal(model[1].moving_mean.data, np.zeros(3))


@pytest.mark.parametrize("model", [tg.Sequential(), tg.Dense(2, 3), tg.ReLU()], ids=["empty", "one layer", "no shape"])
def test_small_models(model, capsys):
    assert "parameters" in rows(model, capsys)[-1]


def test_the_first_line_names_the_columns_and_the_last_counts_what_is_frozen(capsys):
    layer = tg.Dense(1, 1, use_bias=False)
    layer.kernel.requires_grad = False
    lines = rows(layer, capsys)
    assert lines[0] != lines[2] and lines[2][1] == "Dense"
    assert " ".join(lines[-1]) == "0 parameters, and 1 number that is not trained"


def test_modules_that_compare_their_contents_are_told_apart(capsys):
    @dataclasses.dataclass
    class Scaled(tg.Module):
        w: tg.Tensor
        inner: tg.Module | None = None

        def forward(self, x):
            return x * self.w if self.inner is None else self.inner(x) * self.w

    def ones():
        return tg.Tensor(np.ones(3), requires_grad=True)

    Scaled(ones(), Scaled(ones())).summary(np.ones((2, 3)))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["model", "inner"]
    assert lines[-1] == "6 parameters"


def test_what_others_call_the_shape_is_answered():
    with pytest.raises(TypeError, match=r"summary takes no input_shape=: summary\(\(1, 28, 28\)\)"):
        tg.Sequential(tg.Flatten(), tg.Dense(4, 2)).summary(input_shape=(4,))


def test_a_model_that_does_not_fit_its_sample_is_told_with_the_shape_that_was_tried():
    model = tg.Sequential(tg.Conv2D(1, 2, 3), tg.Flatten(), tg.Dense(10, 2))
    with pytest.raises(ValueError, match=r"but was given \(2, 72\)") as told:
        model.summary((1, 8, 8))
    assert (
        told.value.__notes__[-1]
        == "summary((1, 8, 8)) tries the model on an input of shape (2, 1, 8, 8): 2 samples of zeros"
    )
