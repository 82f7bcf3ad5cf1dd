"""Every op of the registry, from one table: values, gradients of order 1 and 2, dtypes, memory layouts.

The cases stand in cases_*.py, a file a family.
"""

import importlib
import inspect
import pkgutil
from pathlib import Path

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.backward import walk
from tinygrad_reg.primitive import registry

CASES = [
    case
    for module in sorted(
        m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name.startswith("cases_")
    )
    for case in importlib.import_module(f"{__package__}.{module}").CASES
]
every_case = pytest.mark.parametrize("case", CASES, ids=str)


def tensors(case, dtype=np.float64, layout=np.asarray):
    return [tg.Tensor(layout(np.asarray(x, dtype)), requires_grad=True) for x in case.inputs]


def ops_in_graph(tensor):
    found, stack = set(), [tensor]
    while stack:
        node = stack.pop()
        if node.op is not None:
            found.add(node.op)
            stack.extend(p for p in node.parents)
    return found


def test_the_table_is_complete():
    house = {name for name, op in registry.items() if op.__module__.startswith("tinygrad_reg.") and not op.random}
    assert house == {case.op for case in CASES}


@pytest.mark.parametrize("op", [op for op in registry.values() if not op.random], ids=lambda op: op.name)
def test_derivatives_have_the_forwards_defaults(op):
    """A node keeps the options that were given; the others are the defaults, on the way back as on the way there."""
    for function in [f for f in [*op.functions, op.joint] if getattr(f, "__module__", None) == op.__module__]:
        defaults = {name: p.default for name, p in inspect.signature(function).parameters.items()}
        assert {name: value for name, value in defaults.items() if value is not inspect.Parameter.empty} == op.defaults


@every_case
def test_the_value_is_numpys(case):
    out = case.call(*tensors(case))
    assert isinstance(out, tg.Tensor)
    assert case.op in ops_in_graph(out)
    if case.value is not None:
        np.testing.assert_allclose(out.data, case.value(*map(np.asarray, case.inputs)), rtol=1e-12, atol=1e-13)


@every_case
def test_gradients_are_slopes(case):
    tg.check_grad(case.call, *case.inputs, order=case.order)


@every_case
def test_gradients_are_the_same_with_a_graph_of_their_own(case):
    """A derivative may spare itself work by what the forward has left it, unless it is to be differentiated in turn."""
    inputs = tensors(case)
    out = case.call(*inputs)
    weights = np.random.default_rng(0).normal(size=out.shape)
    plain = tg.gradients(out, inputs, gradient=weights)
    for g, h in zip(plain, tg.gradients(out, inputs, True, gradient=weights), strict=True):
        np.testing.assert_allclose(g, h.data, rtol=1e-12, atol=1e-13)


@every_case
def test_float32_stays_float32_forward_and_backward(case):
    inputs = tensors(case, np.float32)
    raw = []

    class Watch:
        def start(self, output, gradient): ...

        def share(self, node, position, upstream, raw_share, share, before, after):
            raw.append((node.op, raw_share.dtype))

    out = case.call(*inputs)
    assert out.dtype == np.float32
    for _ in walk(out, np.ones(out.shape, np.float32), observer=Watch()):
        pass
    assert [(op, dtype) for op, dtype in raw if dtype != np.float32] == []


@every_case
def test_a_derivative_gives_an_array_of_its_own_or_g_or_a_view(case):
    """So a leaf's .grad, which is written into, is copied where it is the second or third, and nowhere else."""
    held = []

    class Watch:
        def start(self, output, gradient):
            self.given = []

        def share(self, node, position, upstream, raw, share, before, after):
            if isinstance(raw, np.ndarray) and raw is not upstream and raw.base is None:
                known = [node.data, *node._arrays, *self.given, *(node._kept if type(node._kept) is tuple else ())]
                if not raw.flags.writeable or raw is node._kept or any(raw is x for x in known):
                    held.append((node.op, position))
            self.given.append(raw)

    out = case.call(*tensors(case))
    for _ in walk(out, np.ones(out.shape), observer=Watch()):
        pass
    assert held == []


@every_case
def test_memory_layout_does_not_matter(case):
    def strided(x):
        spaced = np.zeros([2 * n for n in x.shape], x.dtype)
        view = spaced[(*(slice(None, None, 2) for _ in x.shape), ...)]
        view[...] = x
        view.flags.writeable = False
        return view

    expected = tensors(case)
    out = case.call(*expected)
    weights = np.random.default_rng(0).normal(size=out.shape)
    out.backward(weights)
    for layout in (lambda x: x.copy(order="F"), strided):
        inputs = tensors(case, layout=layout)
        again = case.call(*inputs)
        again.backward(weights)
        np.testing.assert_allclose(again.data, out.data, rtol=1e-12, atol=1e-13)
        for x, y in zip(inputs, expected, strict=True):
            np.testing.assert_allclose(x.grad, y.grad, rtol=1e-12, atol=1e-13)
            assert x.grad.flags.writeable
