"""Where formulas are, and the tests that belong to them."""

from __future__ import annotations

from pathlib import Path

FILES = [
    *(f"ops/{name}.py" for name in (
        "activations", "arithmetic", "choosing", "contractions", "convolution", "crossentropy", "cumulative",
        "diagonals", "elementary", "indexing", "joining", "linalg", "pooling", "products", "random", "reductions",
        "shapes", "windows")),
    *(f"optim/{name}.py" for name in (
        "sgd", "adaptive", "arithmetic", "optimizer", "preview", "state", "mistakes", "flat", "clipping", "schedules")),
    *(f"layers/{name}.py" for name in (
        "normalization", "noise", "activation", "dense", "convolution", "pooling", "images", "summary")),
    "losses.py", "loss_inputs.py", "penalties.py", "constraints.py", "norms.py", "initializers.py", "metrics.py",
    "metric_inputs.py", "diagnostics.py", "backward.py", "shares.py", "sums.py", "transforms.py",
    "insight/differences.py", "half.py",
    *(f"training/{name}.py" for name in (
        "watchers", "divergence", "evaluation", "figures", "samples", "weights", "scores", "ensembles", "members",
        "history", "diagnosis", "direction")),
    *(f"data/{name}.py" for name in (
        "arrays", "sets", "standardizing", "encoding", "balancing", "augmentation", "geometry", "synthetic",
        "images", "tables", "files")),
]  # fmt: skip

# The tests of a file stand in the file of the same name; these besides, where they look at it from another side.
BESIDES = {
    "loss_inputs.py": ["tests/test_losses.py", "tests/program/test_checks.py"],
    "metric_inputs.py": ["tests/test_metrics.py"],
    "penalties.py": ["tests/test_constraints.py"],
    "norms.py": ["tests/test_constraints.py", "tests/optim/test_clipping.py"],
    "shares.py": [
        "tests/test_backward.py",
        "tests/test_primitive.py",
        "tests/ops/test_ops.py",
        "tests/insight/test_explain.py",
        "tests/properties/test_broadcasting.py",
    ],
    "backward.py": [
        "tests/test_primitive.py",
        "tests/insight/test_explain.py",
        "tests/insight/test_why.py",
        "tests/optim/test_flat.py",
        "tests/program/test_flats.py",
        "tests/ops/test_ops.py",
        "tests/properties/test_broadcasting.py",
    ],
    "sums.py": ["tests/test_backward.py", "tests/ops/test_ops.py", "tests/properties/test_broadcasting.py"],
    "transforms.py": ["tests/ops/test_ops.py"],
    "insight/differences.py": ["tests/ops/test_ops.py"],
    "half.py": ["tests/ops", "tests/optim"],
    "training/figures.py": ["tests/training/test_fit.py", "tests/training/test_scores.py"],
    "training/members.py": ["tests/training/test_ensembles.py"],
    "training/weights.py": ["tests/training/test_arguments.py"],
    "training/samples.py": ["tests/training/test_arguments.py"],
    "training/divergence.py": ["tests/training/test_fit.py"],
    **{f"training/{name}.py": ["tests/training/test_fit.py"] for name in ("evaluation", "scores")},
    "data/arrays.py": [f"tests/data/test_{name}.py" for name in ("sets", "standardizing", "balancing")],
    "data/files.py": ["tests/data/test_images.py", "tests/data/test_tables.py"],
    "data/geometry.py": ["tests/data/test_augmentation.py"],
    "ops/windows.py": ["tests/ops/test_convolution.py", "tests/ops/test_pooling.py"],
    "layers/activation.py": ["tests/layers/test_dense.py"],
    "layers/dense.py": ["tests/layers/test_activation.py"],
    **{f"layers/{name}.py": ["tests/layers"] for name in ("images", "summary")},
    **{f"optim/{name}.py": ["tests/optim"] for name in ("sgd", "adaptive", "arithmetic")},
    "optim/flat.py": ["tests/optim", "tests/program/test_flats.py"],
    "optim/optimizer.py": ["tests/optim", "tests/program/test_guards.py"],
}


def tests_of(path: str) -> list[list[str]]:
    """The tests of a file of the package, in groups, the quickest first."""
    folder = Path("tests", path).parent
    own = folder / f"test_{Path(path).stem}.py"
    groups = [[str(own)]] if own.exists() else []
    if BESIDES.get(path):
        groups.append(BESIDES[path])
    return [*groups, [str(folder)] if path.startswith("ops/") else ["tests/test_defaults.py"]]
