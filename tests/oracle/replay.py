"""A graph of ours, computed once more by PyTorch's functions; and the comparison of values and derivatives."""

import numpy as np
import torch

import tinygrad_reg as tg

from .counterparts import COUNTERPARTS

TOLERANCE = {"float64": 1e-9, "float32": 2e-4}


def in_torch(output, known):
    """`output` as a torch tensor; `known` gives the torch tensors of some of the leaves."""
    values, stack = dict(known), [output]
    while stack:
        node = stack[-1]
        waiting = [x for x in node._inputs if isinstance(x, tg.Tensor) and x not in values]
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        if node in values:
            continue
        if node.op is None:
            values[node] = torch.tensor(node.data)
        else:
            inputs = [values[x] if isinstance(x, tg.Tensor) else _constant(x, node) for x in node._inputs]
            values[node] = COUNTERPARTS[node.op](*inputs, **node._options)
    return values[output]


def _constant(x, node):
    weak = isinstance(x, (int, float)) and not isinstance(x, bool)
    return torch.tensor(np.asarray(x, node.dtype if weak else None))


def compare(call, inputs, dtype="float64", order=2):
    """Values, gradients and second derivatives of call(*inputs) must be PyTorch's; returns how many numbers agreed.

    Differences are measured against the largest number of each array, because sums are formed in another order.
    """
    tolerance = TOLERANCE[dtype]
    ours = [tg.Tensor(np.array(x, dtype), requires_grad=True) for x in inputs]
    theirs = [torch.tensor(x.data, requires_grad=True) for x in ours]
    out = call(*ours)
    out_theirs = in_torch(out, dict(zip(ours, theirs, strict=True)))
    count = agree(out.data, out_theirs, "value", tolerance)
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.5, 1.5, out.shape).astype(out.dtype)
    if not out.requires_grad:
        return count
    grads = tg.gradients(out, ours, create_graph=order > 1, gradient=weights)
    grads_theirs = _grad(out_theirs, theirs, torch.tensor(weights), create_graph=order > 1)
    for i, (g, h) in enumerate(zip(grads, grads_theirs, strict=True)):
        count += agree(g, h, f"derivative by input {i}", tolerance)
    if order > 1:
        directions = [rng.uniform(0.5, 1.5, x.shape).astype(dtype) for x in ours]
        along = sum(np.sum(g * v) for g, v in zip(grads, directions, strict=True))
        along_theirs = sum((g * torch.tensor(v)).sum() for g, v in zip(grads_theirs, directions, strict=True))
        second = tg.gradients(along, ours) if along.requires_grad else [np.zeros(x.shape, dtype) for x in ours]
        second_theirs = _grad(along_theirs, theirs)
        for i, (g, h) in enumerate(zip(second, second_theirs, strict=True)):
            count += agree(g, h, f"second derivative by input {i}", tolerance)
    return count


def _grad(output, inputs, weights=None, create_graph=False):
    if not output.requires_grad:
        return [torch.zeros_like(x) for x in inputs]
    return torch.autograd.grad(
        output, inputs, weights, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )


def agree(ours, theirs, what, tolerance):
    """Equal shape and dtype, and equal numbers up to `tolerance`, relative to the largest; returns how many."""
    a = ours.data if isinstance(ours, tg.Tensor) else np.asarray(ours)
    b = theirs.numpy(force=True)
    assert a.shape == b.shape, f"{what}: our shape {a.shape}, theirs {b.shape}"
    assert a.dtype == b.dtype, f"{what}: our dtype {a.dtype}, theirs {b.dtype}"
    finite = np.abs(b[np.isfinite(b)])
    scale = max(1.0, float(finite.max())) if finite.size else 1.0
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale, err_msg=what)
    return a.size
