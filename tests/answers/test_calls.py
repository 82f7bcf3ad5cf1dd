"""What is called with arguments that do not fit, or with other libraries', is answered with those there are."""

import copy
import functools
import inspect
import pickle

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tinygrad_reg.answers.calls import answered

W = tg.Tensor(1.0, requires_grad=True)
M = tg.Sequential(tg.Dense(1, 1))


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
        (
            lambda: tg.Dense(2, 2, regularizer="l2"),
            "takes no regularizer=, here it is called kernel_regularizer: Dense",
        ),
        (
            lambda: tg.Dense(2, 2, weight_constraint=None),
            "takes no weight_constraint=, here it is called kernel_constr",
        ),
        (
            lambda: tg.Conv2D(2, 2, 3, initializer="zeros"),
            "takes no initializer=, here it is called kernel_initializer",
        ),
        (lambda: tg.Dense(2, 2, l2=0.1), r"Dense takes no l2=: write kernel_regularizer=tg\.penalties\.l2\(0\.01\)$"),
        (lambda: tg.Dropout(keep_prob=0.9), "Dropout takes no keep_prob=: rate is the share that is dropped, 1 − keep"),
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
        (lambda: tg.seed(), r"seed also needs n: seed\(n\)$"),
        (lambda: tg.optim.SGD([W]).preview(), r"preview also needs p: preview\(p, gradient=None\)$"),
        (lambda: tg.save("m.npz", M), r"save takes path alone by place, the others by name: save\(path, model=…, …\)$"),
        (lambda: tg.save(M, "m.npz"), r"save takes path alone by place, the others by name: save\(path, model=…, …\)$"),
        (
            lambda: tg.save(M.state_dict(), "m.npz"),
            r"not its state_dict\(\) .* but the model: save\(path, model=model\)$",
        ),
        (
            lambda: tg.optim.SGD([W]).zero_grad(set_to_none=True),
            r"no set_to_none=: every \.grad is None afterwards in any case, write zero_grad\(\)$",
        ),
        (
            lambda: tg.Dense(2, 3).load_state_dict({}, strict=False),
            r"no strict=: all of it must fit; a part of it goes as load_state_dict\(model\.state_dict\(\) \| part\)$",
        ),
        (lambda: tg.fit(M, [], [], validation_steps=3), "no validation_steps=: .* with all of the validation data$"),
        (lambda: tg.fit(M, [], [], steps_per_epoch=3), "no steps_per_epoch=: .* batch_size samples a step$"),
        (lambda: tg.fit(M, [], [], initial_epoch=3), "no initial_epoch=: resume=path goes on"),
        (lambda: tg.data.split([1], [1], test_size=0.2), r"no test_size=: .* such as split\(x, y, \(0\.8, 0\.2\)\)$"),
        (
            lambda: tg.data.batches([1], batchsize=9),
            r"no batchsize=, did you mean batch_size\? batches\(\*arrays, …\)$",
        ),
        (lambda: tg.data.Standardizer(axes=0), r"Standardizer takes no axes=, did you mean axis\?"),
        (lambda: tg.data.moons(n_samples=9), "moons takes no n_samples=, here it is called samples"),
        (lambda: tg.penalties.l2(l2=0.01), r"l2 takes no l2=, here it is called strength: l2\(strength=0\.01, …\)$"),
        (lambda: tg.metrics.top_k([[1.0]], [0], n=1), "top_k takes no n=: it takes prediction, target, k$"),
        (lambda: tg.initializers.he_normal(seed=0), r"no seed=: .* the layer's rng=, or from .* \(tg\.seed\)$"),
        (lambda: tg.constraints.max_norm(max_value=2), r"here it is called r: max_norm\(r=2\.0\)$"),
        (lambda: tg.optim.clip_by_value([W], clip_value=1), "clip_by_value takes no clip_value=, .* called limit"),
        (lambda: tg.why(W, of=W), "why takes no of=: it takes tensor, loss$"),
        (lambda: tg.data.split([1], [1], random_state=0), "split takes no random_state=, here it is called rng"),
        (lambda: tg.BatchNorm(), r"^BatchNorm also needs features: BatchNorm\(features, "),
        (lambda: tg.Dropout(), r"^Dropout also needs rate: Dropout\(rate, "),
        (lambda: viz.derivation(W), r"^derivation also needs wrt: derivation\(loss, wrt=…, …\)$"),
        (lambda: viz.graph(W, "graph.svg"), r"^graph takes x alone by place, the others by name: "),
        (lambda: tg.losses.mse(), r"mse also needs prediction: mse\(prediction, target, …\)$"),
        (lambda: tg.losses.mse([1.0]), "mse also needs target: mse"),
        (lambda: tg.losses.softmax_crossentropy([1.0], 0, from_logits=True), "softmax_crossentropy and .* take logits"),
    ],
)
def test_arguments_that_do_not_fit_are_answered_with_those_there_are(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def _taking_arguments():
    """Every public function and class of the framework that takes arguments of its own."""
    for place in (
        "",
        "layers",
        "losses",
        "optim",
        "optim.schedules",
        "data",
        "data.augmentation",
        "penalties",
        "constraints",
        "initializers",
        "metrics",
        "diagnostics",
    ):
        module = functools.reduce(getattr, filter(None, place.split(".")), tg)
        for name in getattr(module, "__all__", None) or dir(module):
            value = getattr(module, name)
            home = getattr(value, "__module__", None) or ""
            ours = home.startswith(module.__name__ if place else "tinygrad_reg.")
            if (
                ours
                and callable(value)
                and not name.startswith("_")
                and f"{place}.{name}".lstrip(".") not in NOT_ANSWERED
            ):
                yield value


# What makes plain records, what comes out of calls, and what takes a name or a function alone.
NOT_ANSWERED = {
    "Checkpoint", "Diagnosis", "History", "Tensor", "debug", "no_grad", "primitive", "seed",
    "set_default_dtype", "losses.get",     "optim.Update", "optim.schedules.Schedule", "optim.schedules.name_of",
    "data.Table", "penalties.Penalty", "penalties.get", "initializers.Constant", "initializers.Drawn",
    "initializers.fans", "metrics.get", "diagnostics.Factor", "data.augmentation.Augmentation",
    }  # fmt: skip


def test_everything_that_takes_arguments_answers_one_that_it_does_not_take():
    silent = []
    for function in _taking_arguments():
        try:
            said = repr(function(no_such_argument=1))
        except TypeError as error:
            said = str(error)
        if f"{function.__name__} takes no no_such_argument=" not in said:
            silent.append(f"{function.__name__}: {said}")
    assert not silent
    assert len(list(_taking_arguments())) > 100


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
    @answered
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


def test_an_own_init_that_calls_no_other_is_named_where_something_is_missing():
    class Steps(tg.optim.Optimizer):
        def __init__(self, params, lr=0.1):
            self.rate = lr

        def update(self, lr, t, w, g, a, state):
            w -= lr * g

    class Net(tg.Sequential):
        def __init__(self):
            self.dense = tg.Dense(2, 1)

    class Stop(tg.EarlyStopping):
        def __init__(self):
            self.best_of = 3

    model, data = tg.Sequential(tg.Dense(2, 1)), (np.ones((4, 2)), np.ones((4, 1)))
    steps = Steps(model.parameters())
    said = r"Steps has no '\w+', which the __init__ that it inherits makes: .*super\(\)\.__init__\(params, lr\)$"
    for asked in (steps.step, steps.zero_grad, steps.state_dict, lambda: steps.formula, lambda: repr(steps)):
        with pytest.raises(AttributeError, match=said):
            asked()
    with pytest.raises(AttributeError, match=said):
        tg.fit(model, *data, loss="mse", optimizer=steps, verbose=0)
    with pytest.raises(AttributeError, match=r"Net has no 'layers', which .*super\(\)\.__init__\(…\)$"):
        Net()(data[0])
    with pytest.raises(AttributeError, match=r"^Net has no attribute 'fit'; write tg\.fit"):
        Net().fit(*data)
    with pytest.raises(AttributeError, match=r"Stop has no '\w+', which the __init__"):
        tg.fit(model, *data, loss="mse", optimizer="sgd", callbacks=Stop(), validation_data=data, verbose=0)


def test_an_own_init_may_make_everything_by_itself():
    class Halving(tg.Dropout):
        def __init__(self):
            self.rate, self.scale, self.rng = 0.5, "train", None

    class Plain(tg.Callback):
        def __init__(self):
            self.seen = []

    assert Halving()(np.ones((2, 3))).shape == (2, 3)
    assert not hasattr(Halving, "fit") and not hasattr(Plain(), "other") and "__getattr__" not in dir(Plain)
