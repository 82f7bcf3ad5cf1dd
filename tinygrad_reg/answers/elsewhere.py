"""Attributes that other libraries have: who asks for one here is told what to write instead.

Each is a descriptor, so it costs nothing until it is asked for. (A class with a __getattr__ would pay for it at each
reading of each of its attributes: Python then takes five times as long to find them.)
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, NoReturn


class Elsewhere:
    """An attribute that is not there. Who assigns it has one: a model may have `weights` of its own."""

    def __init__(self, advice: str) -> None:
        self.advice = advice

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, thing: Any, kind: type) -> NoReturn:
        asked = kind if thing is None else thing
        raise AttributeError(
            f"{kind.__name__} has no attribute '{self.name}'; write {self.advice}", name=self.name, obj=asked
        )


class NeverHere(Elsewhere):
    """One that can't be assigned either: it would be taken for a setting, and change nothing."""

    def __set__(self, thing: Any, value: Any) -> NoReturn:
        self.__get__(thing, type(thing))


def answer(owner: type, names: Mapping[str, str]) -> None:
    """Answer these names, each with its advice, where somebody asks a thing of class `owner` for them."""
    for name, advice in names.items():
        elsewhere = Elsewhere(advice)
        elsewhere.__set_name__(owner, name)
        setattr(owner, name, elsewhere)


def listed(thing: Any) -> list[str]:
    """dir(thing), without the names that are answered only."""
    kind, own = type(thing), getattr(thing, "__dict__", ())
    return [name for name in object.__dir__(thing) if name in own or not _is_elsewhere(kind, name)]


def _is_elsewhere(kind: type, name: str) -> bool:
    return isinstance(inspect.getattr_static(kind, name, None), Elsewhere)


# What PyTorch and micrograd users look for on a Tensor, and how it is written here.
ON_TENSORS = {
    "view": "t.reshape(...)",
    "unsqueeze": "np.expand_dims(t, axis)",
    "permute": "t.transpose(...)",
    "pow": "t ** n",
    "matmul": "t @ u",
    "mm": "t @ u",
    "zero_grad": "t.grad = None, or optimizer.zero_grad() for all parameters",
    "to": "t.astype(dtype); there is no other device",
    "cuda": "nothing: there is no other device",
    "cpu": "nothing: there is no other device",
    "requires_grad_": "t.requires_grad = True",
    "_prev": "t.parents",
    "grad_fn": "t.op and t.parents",
    "is_leaf": "t.op is None",
    "register_hook": "nothing: read t.grad after backward(), which keeps every gradient",
    "retain_grad": "nothing: backward() keeps every gradient",
    "zero_": "t.grad = None for a gradient, t.data = np.zeros(t.shape) for the values",
    "add_": "t = t + u, or t.data = ... for a leaf",
    "sub_": "t = t - u, or t.data = ... for a leaf",
    "mul_": "t = t * u, or t.data = ... for a leaf",
    "copy_": "t.data = ... for a leaf",
    "clone": "t.data.copy() for the values; t itself never changes, so it needs no copy",
    "backwards": "t.backward()",
    "numel": "t.size",
    "dim": "t.ndim",
    "float": "t.astype('float32')",
    "double": "t.astype('float64')",
    "long": "t.numpy().astype(int)",
    "expand": "np.broadcast_to(t, shape)",
    "half": "t.astype('float16')",
    "int": "t.numpy().astype(int)",
    "bool": "t != 0",
    "type": "t.astype(dtype)",
    "device": "nothing: there is no other device",
    "contiguous": "nothing: a Tensor's memory is as its op left it",
    "add": "t + u",
    "sub": "t - u",
    "mul": "t * u",
    "div": "t / u",
    "neg": "-t",
    "eq": "t == u",
    "mv": "t @ u",
    "bmm": "t @ u",
    "clamp": "t.clip(low, high)",
    "clamp_min": "np.maximum(t, low)",
    "clamp_max": "np.minimum(t, high)",
    "masked_fill": "np.where(mask, value, t)",
    "where": "np.where(condition, t, u)",
    "gather": "np.take_along_axis(t, indices, axis)",
    "index_select": "np.take(t, indices, axis)",
    "norm": "np.linalg.norm(t)",
    "chunk": "np.split(t, n)",
    "split": "np.split(t, n)",
    "flip": "np.flip(t, axis)",
    "tile": "np.tile(t, reps)",
    "fill_": "t.data = np.full(t.shape, value)",
    "normal_": "t.data = rng.normal(size=t.shape)",
    "assign": "t.data = ... for a leaf",
    "step": "optimizer.step()",
    "t": "t.T",
}

# What Keras and PyTorch users look for on a model.
ON_MODELS = {
    "compile": "tg.fit(model, x, y, loss=..., optimizer=...), which takes them at once",
    "fit": "tg.fit(model, x, y, loss=..., optimizer=...)",
    "evaluate": "tg.evaluate(model, x, y, loss=...)",
    "predict": "tg.predict(model, x)",
    "save": "tg.save(path, model=model)",
    "load": "tg.load(path, model=model)",
    "weight": ".kernel, of shape (in, out)",
    "weights": ".parameters(), or .kernel and .bias of a layer",
    "W": ".kernel, of shape (in, out)",
    "b": ".bias",
    "trainable_variables": ".parameters()",
    "get_weights": ".state_dict()",
    "set_weights": ".load_state_dict(state)",
    "layers": ".named_modules()",
    "apply": "a loop over .named_modules()",
    "requires_grad_": "p.requires_grad = False, for each p of .parameters()",
    "count_params": ".summary(), which counts them",
    "modules": ".named_modules()",
    "children": ".named_modules()",
    "get_layer": "model[index], or .named_modules()",
    "to": "nothing: there is no other device",
    "cuda": "nothing: there is no other device",
}
