"""What is asked for by a wrong name, or with other libraries' arguments, is answered with the names of the house."""

import copy
import inspect
import pickle
import re

import pytest

import tinygrad_reg as tg
from tinygrad_reg import naming
from tinygrad_reg.naming import look_up, resolve

W = tg.Tensor(1.0, requires_grad=True)
M = tg.Sequential(tg.Dense(1, 1))


def test_a_name_that_is_near_or_begins_so_is_suggested():
    for given in ("acuracy", "acc"):
        with pytest.raises(ValueError, match=f"no metric is called '{given}'; did you mean 'accuracy'"):
            look_up(given, {"mse": 1, "accuracy": 2}, "metric")
    with pytest.raises(ValueError, match=r"no metric is called 'xyz'\. There are mse, accuracy"):
        look_up("xyz", {"mse": 1, "accuracy": 2}, "metric")


def test_a_name_stands_for_what_has_it_and_a_function_for_itself():
    table = {"small": min, "large": max}
    assert resolve("large", table, "size", "a function") is resolve(max, table, "size", "a function") is max
    for wrong in (3, None, dict):
        with pytest.raises(TypeError, match="size must be a name such as 'small', or a function, not"):
            resolve(wrong, table, "size", "a function")


def test_keras_name_is_answered_with_ours():
    with pytest.raises(ValueError, match=r"no loss is called 'mean_squared_error'; did you mean 'mse'\? There are"):
        tg.losses.get("mean_squared_error")
    with pytest.raises(ValueError, match=r"did you mean 'categorical_crossentropy'\?"):
        tg.losses.get("sparse_categorical_crossentropy")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tg.Dense(3), r"Dense also needs out_features: Dense\(in_features, out_features, activation=None, …\)"),
        (lambda: tg.Dense(units=3), r"Dense takes no units=, here it is called out_features: Dense\(in_features, out"),
        (lambda: tg.Dense(out_features=3, input_shape=(2,)), "takes no input_shape=, here it is called in_features"),
        (
            lambda: tg.Dense(3, input_shape=(2,)),
            r"no input_shape=: in_features is its first argument, write Dense\(2, 3\)",
        ),
        (lambda: tg.Dense(3, "relu", input_shape=(2,)), r"is its first argument, write Dense\(2, 3, 'relu'\)"),
        (
            lambda: tg.Conv2D(8, 3, input_shape=(9, 9, 1)),
            r"in_channels is its first argument, write Conv2D\(in_channels",
        ),
        (lambda: tg.Dense(3, in_features=2), r"given it twice: in_features is its first argument, write Dense\(2, 3\)"),
        (lambda: tg.Dense(2, 3, bias=False), "Dense takes no bias=, here it is called use_bias"),
        (lambda: tg.Dense(2, 3, activations="relu"), r"Dense takes no activations=, did you mean activation\?"),
        (lambda: tg.Dense(2, 3, name="first"), "Dense takes no name=: it takes in_features, out_features, activation"),
        (lambda: tg.Dense(2, 3, in_features=2), r"given it twice: .* write Dense\(in_features, out_features"),
        (lambda: tg.MaxPool2D(pool_size=2), "MaxPool2D takes no pool_size=, here it is called size"),
        (lambda: tg.BatchNorm(3, eps=1e-5), "BatchNorm takes no eps=, here it is called epsilon"),
        (lambda: tg.Dropout(p=0.5), "Dropout takes no p=, here it is called rate"),
        (lambda: tg.ReLU(0.1), r"ReLU was given too many positional arguments: ReLU\(\)"),
        (lambda: tg.optim.Adam([W], learning_rate=0.1), r"Adam takes no learning_rate=, here it is called lr"),
        (lambda: tg.optim.Adam(lr=0.1), r"Adam also needs params, such as model\.parameters\(\)"),
        (lambda: tg.optim.Adam([W], beta_1=0.9), "Adam takes no beta_1=, here it is called betas"),
        (lambda: tg.optim.RMSProp([W], alpha=0.9), "RMSProp takes no alpha=, here it is called rho"),
        (lambda: tg.EarlyStopping(restore_best_weights=True), "here it is called restore_best"),
        (lambda: tg.ModelCheckpoint(filepath="m"), "here it is called path"),
        (lambda: tg.fit(M, [], [], "mse", "sgd"), r"takes model, x, y by place, the .*y, loss=…, optimizer=…, …\)$"),
        (lambda: tg.fit(M, [], []), r"fit also needs loss: fit\(model, x, y, loss=…, optimizer=…, …\)$"),
        (lambda: tg.fit(M, [], [], loss="mse"), "fit also needs optimizer: fit"),
        (
            lambda: tg.fit(M, [], [], loss="mse", optimizer="sgd", lr=1),
            r"no lr=: .*SGD\(model\.parameters\(\), lr=…\)$",
        ),
        (lambda: tg.fit(M, [], [], learning_rate=1), r"no learning_rate=: the learning rate is the optimizer's"),
        (lambda: tg.fit(M, [], [], loss="mse", optimizer="sgd", epoch=1), r"takes no epoch=, did you mean epochs\?"),
        (lambda: tg.save("m.npz", M), r"save takes path alone by place, the others by name: save\(path, model=…, …\)$"),
        (lambda: tg.save(M, "m.npz"), r"save takes path alone by place, the others by name: save\(path, model=…, …\)$"),
        (lambda: tg.data.split([1], [1], test_size=0.2), r"no test_size=: .* such as split\(x, y, \(0\.8, 0\.2\)\)$"),
        (
            lambda: tg.data.batches([1], batchsize=9),
            r"no batchsize=, did you mean batch_size\? batches\(\*arrays, …\)$",
        ),
        (lambda: tg.data.Standardizer(axes=0), r"Standardizer takes no axes=, did you mean axis\?"),
        (lambda: tg.data.moons(n_samples=9), "moons takes no n_samples=, here it is called samples"),
        (lambda: tg.data.split([1], [1], random_state=0), "split takes no random_state=, here it is called rng"),
        (lambda: tg.losses.mse(), r"mse also needs prediction: mse\(prediction, target, …\)$"),
        (lambda: tg.losses.mse([1.0]), "mse also needs target: mse"),
        (lambda: tg.losses.softmax_crossentropy([1.0], 0, from_logits=True), "softmax_crossentropy and .* take logits"),
    ],
)
def test_arguments_that_do_not_fit_are_answered_with_those_there_are(call, message):
    with pytest.raises(TypeError, match=message):
        call()


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
        ("Sequentail", r"did you mean tg.Sequential\?"),
        ("penalties.L2", "write tg.penalties.l2"),
        ("initializers.HeNormal", "write tg.initializers.he_normal"),
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
    for ours in naming._FOREIGN.values():
        for path in re.findall(r"tg\.[\w.]+", ours):
            value = tg
            for name in path.split(".")[1:]:
                value = getattr(value, name)


def test_questions_whether_a_name_is_there_are_answered():
    assert not hasattr(tg, "__wrapped__")
    assert not hasattr(tg.optim, "Adadelta")


def test_what_a_users_class_takes_is_its_own_business():
    class Blob(tg.Module):
        def __init__(self, units, *parts, **options):
            self.units, self.parts_, self.options = units, parts, options

    made = Blob(2, 3, eps=4)
    assert (made.units, made.parts_, made.options) == (2, (3,), {"eps": 4})
    with pytest.raises(TypeError, match="Blob also needs units"):
        Blob(eps=4)


def test_help_shows_what_a_class_takes_also_where_it_inherits_that():
    class Wide(tg.Dense):
        pass

    class Own(Wide):
        def __init__(self, size):
            super().__init__(size, size)

    for cls in (tg.Dense, Wide, tg.AvgPool2D, tg.optim.AdamW):
        assert list(inspect.signature(cls).parameters) == list(inspect.signature(cls.__init__).parameters)[1:]
    assert str(inspect.signature(Own)) == "(size)"
    assert Own(2).kernel.shape == (2, 2)


def test_copies_are_made_without_arguments():
    layer = tg.Dense(2, 3)
    for duplicate in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert duplicate.kernel.shape == (2, 3)


def test_an_error_inside_a_function_that_was_called_rightly_stays_as_it_is():
    @naming.answered
    def function(x, *, y=1):
        """What it does."""
        return len(x)

    with pytest.raises(TypeError, match=r"object of type 'int' has no len\(\)$"):
        function(3)
    with pytest.raises(TypeError, match=r"function also needs x: function\(x, …\)$") as caught:
        function()
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert function([1, 2]) == 2 and function.__doc__ == "What it does."
    assert str(inspect.signature(function)) == "(x, *, y=1)"


def test_functions_that_answer_can_be_pickled_and_name_what_they_return():
    assert pickle.loads(pickle.dumps(tg.fit)) is tg.fit
    assert pickle.loads(pickle.dumps(tg.losses.mse)) is tg.losses.mse
    loss = tg.losses.mse(W, 2.0)
    assert tg.explain(loss).forward[-1].name == "loss"


@pytest.mark.parametrize(("name", "advice"), [("learning_rate", "optimizer.lr"), ("param_groups", "optimizer.params")])
def test_an_optimizers_other_names_are_neither_read_nor_set(name, advice):
    optimizer = tg.optim.SGD([W], lr=0.1)
    with pytest.raises(AttributeError, match=f"SGD has no attribute '{name}'; write .*{advice}"):
        getattr(optimizer, name)
    with pytest.raises(AttributeError, match=f"SGD has no attribute '{name}'; write .*{advice}"):
        setattr(optimizer, name, 0.2)
    assert optimizer.lr == 0.1


@pytest.mark.parametrize("name", ["clone", "backwards"])
def test_a_tensors_other_names(name):
    with pytest.raises(AttributeError, match=f"a Tensor has no attribute '{name}'; write t"):
        getattr(W, name)
