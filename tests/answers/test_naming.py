"""What is asked for by a wrong name is answered with the names of the house."""

import re

import pytest

import tinygrad_reg as tg
from tinygrad_reg.answers import foreign
from tinygrad_reg.answers.naming import look_up, resolve

W = tg.Tensor(1.0, requires_grad=True)


def test_a_name_that_is_near_or_begins_so_is_suggested():
    for given in ("acuracy", "acc"):
        with pytest.raises(ValueError, match=f"no metric is called '{given}'; did you mean 'accuracy'"):
            look_up(given, {"mse": 1, "accuracy": 2}, "metric")
    with pytest.raises(ValueError, match=r"no metric is called 'xyz'\. There are mse, accuracy"):
        look_up("xyz", {"mse": 1, "accuracy": 2}, "metric")


def test_a_name_stands_for_what_has_it_and_a_function_for_itself():
    table = {"small": min, "large": max}
    assert resolve("large", table, "size", "a function") is resolve(max, table, "size", "a function") is max
    for wrong, called in ((3, "3"), (None, "None"), (dict, r"the class dict: write dict\(\)")):
        with pytest.raises(TypeError, match=f"size must be a name such as 'small', or a function, not {called}$"):
            resolve(wrong, table, "size", "a function")


def test_keras_name_is_answered_with_ours():
    with pytest.raises(ValueError, match=r"no loss is called 'mean_squared_error'; did you mean 'mse'\? There are"):
        tg.losses.get("mean_squared_error")
    with pytest.raises(ValueError, match=r"did you mean 'categorical_crossentropy'\?"):
        tg.losses.get("sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=r"no loss is called 'cross_entropy'; did you mean 'softmax_crossentropy'\?"):
        tg.losses.get("cross_entropy")
    with pytest.raises(ValueError, match="no initializer is called 'kaiming'; did you mean 'he_normal'"):
        tg.Dense(2, 3, kernel_initializer="kaiming")
    with pytest.raises(
        ValueError, match=r"no optimizer is called 'momentum'; write tg\.optim\.SGD\(.*, momentum=0\.9\)\."
    ):
        tg.fit(tg.Dense(2, 1), [[1.0, 2.0]], [[1.0]], loss="mse", optimizer="momentum")
    with pytest.raises(ValueError, match=r"no metric is called 'momentum'\. There"):
        tg.metrics.get("momentum")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("moons", "write tg.data.moons"),
        ("relu", "write tg.ops.relu"),
        ("exp", "write np.exp, which takes Tensors, or tg.ops.exp"),
        ("zeros", "arrays are NumPy's: np.zeros"),
        ("tensor", "write tg.Tensor"),
        ("Conv2d", "write tg.Conv2D"),
        ("Linear", "write tg.Dense"),
        ("nn", "write tg.layers"),
        ("jacrev", "write tg.jacobian"),
        ("Sequentail", r"did you mean tg.Sequential\?"),
        ("penalties.L2", "write tg.penalties.l2"),
        ("constraints.MaxNorm", "write tg.constraints.max_norm"),
        ("constraints.NonNeg", "did you mean tg.constraints.non_negative?"),
        ("init", "write tg.initializers"),
        ("LambdaCallback", r"write a function \(epoch, logs\), which"),
        ("initializers.HeNormal", "write tg.initializers.he_normal"),
        ("utils", "write tg.data for one_hot"),
        ("datasets", r"write tg.data, such as tg.data.digits\(\)"),
        ("activations", "write activation="),
        ("plot_model", r"viz.graph\(loss\)"),
        ("load_model", r"write tg.load\(path, model=model\)"),
        ("count_params", r"write model.summary\(\)"),
        ("reduce_mean", r"write np.mean\(t\)"),
        ("device", "there is no other device"),
        ("inference_mode", r"write tg.no_grad\(\)"),
        ("set_grad_enabled", r"write tg.no_grad\(\) around"),
        ("mm", "write t @ u"),
        ("metrics.acc", r"did you mean tg.metrics.accuracy\?"),
        ("initializers.he", r"did you mean tg.initializers.he_normal\?"),
        ("GRU", r"dir\(tg\) lists what it has"),
        ("optim.Adagrad", "tinygrad_reg.optim has no 'Adagrad'; write tg.optim.AdaGrad"),
        ("losses.CrossEntropyLoss", "write tg.losses.softmax_crossentropy"),
        ("layers.Dropout2d", "write tg.SpatialDropout2D"),
        ("data.make_moons", "write tg.data.moons"),
        ("ops.softmx", r"did you mean tg.ops.softmax\?"),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_what_to_write(name, advice):
    *place, name = name.split(".")
    module = getattr(tg, place[0]) if place else tg
    with pytest.raises(AttributeError, match=advice):
        getattr(module, name)


def test_every_name_that_is_advised_is_there():
    for ours in foreign.NAMES.values():
        for path in re.findall(r"tg\.[\w.]+", ours):
            value = tg
            for name in path.split(".")[1:]:
                value = getattr(value, name)


def test_questions_whether_a_name_is_there_are_answered():
    assert not hasattr(tg, "__wrapped__")
    assert not hasattr(tg.optim, "Adadelta")
