"""The changes that no test can tell, by the reason: (file, part of the line, how the change begins)."""

from __future__ import annotations

EQUIVALENT: dict[str, list[tuple[str, str, str]]] = {
    "the scale cancels out": [
        ("norms.py", "scale = np.where(", "1 → 2"),
        ("data/sets.py", "_whole(shares * samples, samples)", "shares * samples → "),
        ("data/sets.py", "return shares", "shares → "),
        ("data/standardizing.py", "np.abs(x - mean).max(", "x - mean → "),
        ("data/standardizing.py", "((x - mean) / unit).std(", "x - mean → "),  # and so does a shift
    ],
    "infinite weights have no norm to keep": [
        ("norms.py", "scale = np.where(", "largest < math.inf → "),
    ],
    "a sum over samples, divided by their number, is the mean": [
        ("losses.py", "each.ndim <= 1", "each.ndim <= 1 → each.ndim < 1"),
    ],
    "a check is made that passes": [
        ("loss_inputs.py", 'p.op == "softmax"', "1 → 2"),
        ("loss_inputs.py", 'p.op == "softmax"', "-1 → 1"),
        ("loss_inputs.py", 'p.op == "softmax"', "p.ndim - 1 → "),
    ],
    "copied once more than it need be": [
        ("backward.py", "if len(found) < len(result)", "len(found) < len(result) → "),
    ],
    "while a program is captured: tests/program": [
        ("optim/clipping.py", "modes.capture.clip", ""),
        ("backward.py", "modes.capture.seed(output, one)", "modes.capture.seed"),
        ("ops/activations.py", "if type(mask) is np.ndarray else mask", "mask → "),
        ("ops/crossentropy.py", "return np.maximum.reduce(z, axis=-1", ""),
    ],
    "the share is g · x = 0 at 0": [
        ("ops/activations.py", "where(x > 0, 0, g * x)", "x > 0 → x >= 0"),
    ],
    "multiplied by y = 0": [
        ("ops/arithmetic.py", "np.where(flat, 1.0, x)", "1.0 → "),
    ],
    "no float has three bytes": [
        ("ops/crossentropy.py", "itemsize > 2", "2 → 3"),
    ],
    "a last turn that adds nothing": [
        ("ops/cumulative.py", "while step <", "step < row.shape[-1] → step <= "),
    ],
    "±1": [
        ("ops/cumulative.py", "(-1.0) ** n", "np.diff(np.pad(g, width), n=n, axis=axis) * (-1.0) ** n → np.diff("),
        ("ops/elementary.py", "np.copysign(1.0, y)", "g * np.sign(x) * np.copysign(1.0, y) → g * np.sign(x) /"),
        (
            "ops/linalg.py",
            "np.sign(np.linalg.det(left)",
            "np.linalg.det(left) * np.linalg.det(right) → np.linalg.det(left) /",
        ),
    ],
    "ties were taken out before": [
        ("ops/elementary.py", "where(x == y, g * 0.5, np.where(", "x > y → x >= y"),
        ("ops/elementary.py", "where(x == y, g * 0.5, np.where(", "y > x → y >= x"),
        ("ops/elementary.py", "where(x == y, g * 0.5, np.where(", "x < y → x <= y"),
        ("ops/elementary.py", "where(x == y, g * 0.5, np.where(", "y < x → y <= x"),
    ],
    "zeros": [
        ("ops/activations.py", "zeros = _small_zeros(x.shape", "_small_zeros(x.shape, x.dtype) → "),
        ("ops/activations.py", "zeros = _small_zeros(x.shape", "_zeros(x.shape, x.dtype) → "),
        ("ops/activations.py", "return array", "array → "),
        ("ops/elementary.py", "return np.zeros_like(g)", "np.zeros_like(g) → "),
        ("ops/linalg.py", "return np.zeros", "np.zeros(x.shape, x.dtype) → "),
        ("ops/convolution.py", "return np.zeros((len(y)", "np.zeros("),
        ("backward.py", "g if isinstance(g, Tensor) else Tensor(g)", "Tensor(g) → "),
    ],
    "divides what is 0 by something that is not": [
        ("ops/elementary.py", "(out == 0)", "out + (out == 0) → out - (out == 0)"),
        ("ops/linalg.py", "(out == 0)", "out + (out == 0) → out - (out == 0)"),
        ("ops/reductions.py", "(out == 0)", "out + (out == 0) → out - (out == 0)"),
        ("ops/elementary.py", "r = r + (r == 0)", "r + (r == 0) → r - "),
    ],
    "the general norm at p = 2 is the same formula": [
        ("ops/linalg.py", "(ord == 2 and len(axes) == 1)", "1 → "),
        ("ops/linalg.py", "(ord == 2 and len(axes) == 1)", "len(axes) == 1 → "),
    ],
    "ord = 0 has left before": [
        ("ops/linalg.py", "np.max if ord > 0", "ord > 0 → ord >= 0"),
    ],
    "the matrix is square": [
        ("ops/linalg.py", "n = x.shape[-1]", "1 → 2"),
        ("ops/linalg.py", "np.eye(np.shape(x)[-1], dtype=x.dtype)", "1 → 2"),
    ],
    "where the squares are scaled before they are summed; both ways are exact there": [
        ("norms.py", "1e-15 <", "1e-15"),
        ("optim/clipping.py", "1e-15 <", "1e-15"),
        ("data/standardizing.py", "std < 1e-150", ""),
        ("data/standardizing.py", "unit == 1.0", "1.0 → "),
    ],
    "no number that is drawn is exactly 2": [
        ("initializers.py", "np.abs(z) > 2", "np.abs(z) > 2 → "),
        ("data/augmentation.py", "< self.probability", "rng.random(len(images)) < "),
    ],
    "the distribution is symmetric": [
        ("initializers.py", "return z * (std", "z * (std / _STD_BETWEEN_2) → -"),
        ("data/augmentation.py", "images + moved", "images + moved → "),
        ("data/augmentation.py", "images + (self.std * drawn)", "images + (self.std"),
        ("data/synthetic.py", "1 - np.cos(angle)", "1 - np.cos(angle) → "),
        ("data/synthetic.py", "y + noise * ", "y + noise * "),
        ("data/synthetic.py", "x + noise * ", "x + noise * "),
    ],
    "upper, from lower to 1, refuses it as well": [
        ("layers/activation.py", "self.lower = checks", "1 → 2"),
    ],
    "x · 1 is x": [
        ("layers/noise.py", "keep == 1 else x * keep", "1 → 2"),
    ],
    "which advice a message gives": [
        ("loss_inputs.py", "elif given", ""),
    ],
    "how far from 1 rows and fractions may sum is a matter of taste": [
        ("loss_inputs.py", "TOLERANCE", ""),
        ("data/sets.py", "abs(shares.sum() - 1) > 1e-9", "abs(shares.sum() - 1) > 1e-09 → "),
        ("data/sets.py", "abs(shares.sum() - 1) > 1e-9", "1e-09 → "),
    ],
    "one row or one column: the same numbers in the same order": [
        ("ops/pooling.py", "_max_pool2d_x(np.expand_dims(g, 2)", "2 → 3"),
        ("ops/convolution.py", '"stride": (1, stride)', "1 → 2"),
        ("ops/pooling.py", '"stride": None if stride is None else (1, stride)', "1 → 2"),
    ],
    "a short cut of the general way": [
        ("ops/products.py", "if x.ndim == 2 and y.ndim == 2:", ""),
        ("ops/products.py", "if y.ndim <= 2:", "y.ndim <= 2 → y.ndim < 2"),
        ("ops/windows.py", "if padded.shape[2:] == self.size:", "2 → 3"),
        ("ops/crossentropy.py", "sum_rows(each) if each.ndim == 1", "1 → 2"),
        ("ops/convolution.py", "if grid.strides == (1, 1) and", "1 → 2"),
        ("ops/indexing.py", "elif len(index) == 1 and len(shape) > 1:", "len(shape) > 1 → "),
        ("ops/indexing.py", "elif len(index) == 1 and len(shape) > 1:", "1 → 2"),
    ],
    "the new axis of a vector": [
        ("ops/products.py", "if y.ndim == 1 else np.expand_dims(x, -1)", "-1 → 1"),
    ],
    "there is nothing to divide": [
        ("ops/reductions.py", "or 1  # the mean of nothing", "1 → 2"),
    ],
    "any number will do beside −∞": [
        ("ops/reductions.py", "out == -np.inf, 0.0", "0.0 → 0.01"),
        ("ops/reductions.py", "np.isfinite(top), top, 0.0", "0.0 → 0.01"),
    ],
    "both branches give the same at equality": [
        ("optim/clipping.py", "if r < norm", "r < norm < math.inf → r <= norm < math.inf"),
        ("optim/schedules.py", "t >= steps", "t >= steps → t > steps"),
        ("ops/activations.py", "np.where(x > 0, ", "x > 0 → x >= 0"),
        ("ops/reductions.py", "left if left > 0 else 0", "left > 0 → "),
    ],
    "a gradient has the dtype of its output": [
        ("half.py", "if known[0].dtype.char == _CHAR", "0 → 1"),
    ],
    "float32 as float32": [
        ("optim/clipping.py", "itemsize < 4", ""),
    ],
    "working space only, the numbers do not change": [
        ("optim/optimizer.py", "spaces = 2 if", ""),
        ("optim/preview.py", "for _ in range(2)", "2 → 3"),
        ("optim/optimizer.py", "self.measured_at(w, spaces[0]", "0 → 1"),
        ("ops/convolution.py", "_AT_A_TIME", ""),
        ("ops/convolution.py", "bottom", "height - 1 - bottom → "),
        ("ops/convolution.py", "right", "width - 1 - right → "),
        ("ops/convolution.py", "tall = ", "grid.window[0] - 1 → "),
        ("ops/convolution.py", "pads = ((height - 1 - top", "height - 1 → "),
        ("ops/convolution.py", "pads = ((height - 1 - top", "width - 1 → "),
        ("ops/convolution.py", "pads = ((height - 1 - top", "1 → 2"),
    ],
    "beyond it, all is 0 in any float": [
        ("ops/activations.py", "np.minimum(np.abs(x), 39.0)", "39.0 → "),
    ],
    "of the branch that is not taken": [
        ("ops/activations.py", "alpha * np.exp(np.where(x > 0, 0.0, x))", "0.0 → "),
        ("ops/activations.py", "alpha * np.exp(np.where(x > 0, 0.0, x))", "0 → "),
        ("metrics.py", "np.where(constant, 1, total)", "1 → 2"),
    ],
    "how einsum goes about it": [
        ("ops/contractions.py", "optimize = len(xs) > 1", ""),
    ],
    "NumPy takes every negative length for −1": [
        ("ops/indexing.py", "np.add.at(np.reshape(out, -1)", "1 → 2"),
        ("ops/joining.py", "shape=(-1, 1)", "1 → 2"),
        ("ops/reductions.py", "weights = np.reshape(weights, [-1 if", "1 → 2"),
        ("diagnostics.py", "out.reshape(-1, ", "1 → 2"),
        ("data/balancing.py", "reshape(", "1 → 2"),
        ("training/samples.py", "reshape(", "1 → 2"),
        ("training/weights.py", "reshape(", "1 → 2"),
        ("data/images.py", "reshape(-1, ", "1 → 2"),
    ],
    "the sign goes in twice": [
        ("ops/cumulative.py", "np.concatenate([x[..., step:], zeros]", "np.concatenate"),
    ],
    "only the order of it counts": [
        ("ops/cumulative.py", "return np.take_along_axis(row, order", "order → (order) * 1.01"),
    ],
    "the only axis": [
        ("ops/indexing.py", "add_slices(g, indices, 0, (x.size,))", "0 → 1"),
        ("ops/joining.py", "add_slices(np.ravel(g), np.ravel(source), 0,", "0 → 1"),
    ],
    "a mask": [
        ("ops/linalg.py", "np.all(np.isfinite(x)", "np.all(np.isfinite(x), axis=(-1, -2), keepdims=True) → ("),
    ],
    "NaN takes its place": [
        ("ops/linalg.py", "np.where(finite, x, 0)", "0 → 1"),
    ],
    "a number has no axis to choose": [
        ("ops/linalg.py", "ndim = ndim or 1", "1 → 2"),
    ],
    "n = 0 has left before": [
        ("ops/linalg.py", "inv(x) if n < 0", ""),
    ],
    "once in 2⁵³ numbers, or 2⁶⁴": [
        ("ops/random.py", "rng.random(undecided.size) < rest", "rng.random"),
        ("ops/random.py", "rng.integers(0, 2**64", "0 → 1"),
    ],
    "only its type counts": [
        ("ops/reductions.py", "np.result_type(x, 0.0)", "0.0 → 0.01"),
    ],
    "zeros, whatever they are multiplied by": [
        ("data/encoding.py", "return np.zeros((*shape, classes), kind)", "np.zeros("),
    ],
    "the spread of a number is 0, of any number": [
        ("ops/reductions.py", "return x - x", "x - x → "),
    ],
    "reshaped to the shape that it has": [
        ("ops/shapes.py", "(1,) * (2 - n) + np.shape(x) if n < 2", "n < 2 → "),
        ("ops/shapes.py", "(1,) * (2 - n) + np.shape(x) if n < 2", "2 → 3"),
    ],
    "no class is −1, nor −2": [
        ("metric_inputs.py", "nothing.any(-1), -1, predicted)", "1 → 2"),
    ],
    "0 and 1 are both not above 1": [
        ("metric_inputs.py", "max(initial=0) > 1", "0 → 1"),
    ],
    "how much is looked at together, read at once, kept, or allowed": [
        ("metrics.py", "_MOST_CLASSES = ", ""),
        ("metrics.py", "count > _MOST_CLASSES", "count > _MOST_CLASSES → "),
        ("diagnostics.py", "batch_size: int = 1024", "1024 → "),
        ("data/images.py", "expected + 1)", "1 → 2"),
        ("data/images.py", "_CIFAR_RECORDS + 1)", "1 → 2"),
        ("data/files.py", "1 << 20", ""),
        ("ops/activations.py", "x.size <= 2**14", ""),
        ("ops/activations.py", "lru_cache(maxsize=16)", "16 → "),
        ("ops/crossentropy.py", "MANY_PLACES = 2**16", ""),
        ("ops/crossentropy.py", "labels.size < MANY_PLACES", ""),
        ("ops/crossentropy.py", "e.shape[-1] <= _FEW_CLASSES", "e.shape[-1] <= "),
        ("ops/crossentropy.py", "_FEW_CLASSES = 256", "256 → "),
    ],
    "only whether it is 0 counts": [
        ("diagnostics.py", "out.reshape(-1, ", "out.reshape(-1, "),
    ],
    "any whole number of Python's gives the same dtype": [
        ("ops/activations.py", "np.result_type(dtype, 0)", "0 → 1"),
    ],
    "the way back begins at one output, once": [
        ("backward.py", "owed = dict.fromkeys(found, 0)", "0 → 1"),
    ],
    "groups are made anew as they were": [
        ("optim/flat.py", "0 < len(absent.intersection", "0 < "),
    ],
    "how many ones are kept is a matter of memory": [
        ("sums.py", "len(g) > _MOST_ONES", "len(g) > "),
        ("sums.py", "len(g) <= _MOST_ONES", "len(g) <= "),
        ("sums.py", "_MOST_ONES = 2**16", ""),
    ],
    "one update for all or one for each: the same numbers": [
        ("optim/flat.py", "while j + 1 < len(groups)", "1 → 2"),
        ("optim/flat.py", "while j + 1 < len(groups)", "j + 1 → j - 1"),
    ],
    "NumPy has fewer axes": [
        ("layers/activation.py", 'checks.whole("axis", axis, -64, 63)', "64 → "),
        ("layers/activation.py", 'checks.whole("axis", axis, -64, 63)', "63 → "),
    ],
    "the frame between is the house's, and passed by": [
        ("losses.py", "here, call = modes.__dict__, source.caller(3)", "3 → 2"),
    ],
    "only whether any is running is asked": [
        ("transforms.py", "modes.transform + 1", "1 → 2"),
    ],
    "what the checker weighs by, and how exact it is, is a choice": [
        ("insight/differences.py", "order: int = 1, step: float = 6e-6", ""),
        ("insight/differences.py", "rng = np.random.default_rng(0)", "0 → 1"),
        ("insight/differences.py", "np.sum(value * weights[value.shape])", ""),
        ("insight/differences.py", "rng.uniform(0.5, 1.5,", ""),
        ("insight/differences.py", "sum(np.sum(g * v) for g, v", ""),
        ("insight/differences.py", "return worst", "worst → (worst) * 1.01"),
        ("insight/differences.py", "scale = max(1.0, abs(", "1.0 → "),
        ("insight/differences.py", "if not error <= worst", "error <= worst → "),
        ("insight/differences.py", "if worst > rtol", "worst > rtol → "),
        ("insight/differences.py", "or 1e-300)", "1e-300 → "),
        ("insight/differences.py", "2 * one, rtol=1e-6", "1e-06 → "),
        ("insight/differences.py", "return value_at, center, step * max(1.0", "1.0 → "),
    ],
    "how many samples a guess is made with is not shown": [
        ("layers/summary.py", "np.zeros((2, ", "2 → 3"),
    ],
    "all lines are as long": [
        ("layers/summary.py", 'rule = "─" * len(aligned[0])', "0 → 1"),
    ],
    "a sample of length 0 is one of nothing": [
        ("layers/summary.py", "isinstance(n, (int, np.integer)) and n >= 0", ""),
    ],
    "it is not equal, or has left before": [
        ("data/images.py", 'f"only {len(content)}" if', "len(content) < expected → "),
    ],
    "none, or one: there is nothing to compare": [
        ("training/samples.py", "y[:0]", "y[:0] → "),
        ("training/samples.py", "y[:0]", "0 → 1"),
    ],
    "how many labels are those of classes is a choice": [
        ("training/samples.py", "1 < len(known) < 100", "100 → 101"),
    ],
    "the last of two axes is the second": [
        ("training/weights.py", "y.argmax(-1)", "-1 → 1"),
    ],
    "what is said of a target depends on the prediction's shape": [
        ("training/samples.py", "np.broadcast_to(out[:1]", "np.broadcast_to(out[:1]"),
    ],
    "refused by the next check": [
        ("data/sets.py", "shares = np.zeros(0)", "0 → 1"),
        ("data/synthetic.py", "places = np.zeros(0)", "0 → 1"),
        ("data/synthetic.py", "places = np.zeros(0)", "0 → 1"),
    ],
    "what is rounded down by a hair is the first to be rounded up": [
        ("data/sets.py", "np.floor(wanted + 1e-9)", ""),
    ],
    "how much of a spread is rounding is a choice": [
        ("data/standardizing.py", "constant = std <= 4", ""),
    ],
    "only vectors and matrices come here": [
        ("sums.py", "g.ndim < 3", "g.ndim < 3 → "),
        ("sums.py", "g.ndim < 3", "3 → 4"),
        ("sums.py", "0 < x.ndim < 3", ""),
    ],
    "the numbers are equal": [
        ("metrics.py", "(y == y[0]).all(axis=0)", "0 → 1"),
    ],
    "all members are of the same class": [
        ("data/balancing.py", "labels[members[0]]", "0 → 1"),
    ],
    "both sides of the border are fill": [
        ("data/geometry.py", "np.clip(", "1 → 2"),
    ],
    "any figures will do to see whether there is such a folder": [
        ("training/watchers.py", "drafts.check_target(", ""),
        ("training/watchers.py", "dict.fromkeys(self.run.figures, 0.0)", "0.0 → "),
        ("training/watchers.py", "dict.fromkeys(figures, 12345.5)", "12345.5 → "),
        ("training/watchers.py", "for epoch in range(1, ", "1 → 2"),  # epoch 1 was looked at
    ],
    "a step either way moves it": [
        ("optim/mistakes.py", "np.any(p._data - lr * p._grad != p._data)", "p._data - lr"),
    ],
    "a rate that is as low as it may be stays": [
        ("training/watchers.py", "optimizer.lr > self.min_lr", "optimizer.lr > "),
    ],
    "compared with 1, or with 100": [
        ("training/divergence.py", "max(before.get(path, 0.0), 1.0)", "0.0 → "),
        ("training/divergence.py", "initial=0.0", "0.0 → "),
    ],
    "as many processes as there are tasks, or one more": [
        ("training/members.py", "os.cpu_count() or 1", "1 → 2"),
        ("training/members.py", "ProcessPoolExecutor(1)", "1 → 2"),
    ],
    "the larger of two that are equal": [
        ("training/diagnosis.py", "history.start_loss > first", "history.start_loss > first → "),
    ],
    "∞ times anything is ∞": [
        ("diagnostics.py", "else math.inf", "math.inf → ("),
        ("optim/schedules.py", "return math.inf", "math.inf → ("),
    ],
}
