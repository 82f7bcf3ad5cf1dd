"""What all optimizers share: their parameters, the learning rate, the step.

An optimizer itself is its update rule, so a new one is short:

    class SignDescent(Optimizer):
        rule = "w ← w − η·sign(g)"

        def update(self, lr, t, w, g, a, state):
            np.sign(g, out=a)
            np.multiply(a, lr, out=a)
            np.subtract(w, a, out=w)

`update` sees flat arrays: it is called once for all parameters that share a clock.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from ..answers import checks
from ..answers.calls import Called, answered, takes
from ..answers.elsewhere import NeverHere, answer, listed
from ..answers.foreign import ON_OPTIMIZERS
from ..memory import aligned
from ..modes import ERROR_STATE, IGNORE, modes
from ..tensor import Tensor, describe
from . import mistakes
from .flat import Flat, stretches, written
from .parameters import leaves
from .preview import Update, previewed
from .schedules import name_of
from .settings import Setting, settings_of
from .state import take_up, told

Rate = float | Callable[[int], float]


class Optimizer(Called):
    """The base of all optimizers: `update` is the rule, `state_names` what it remembers of each parameter.

    Reads the gradients of `params` and nothing else. A parameter without a gradient, or frozen
    (`p.requires_grad = False`), takes no part in a step: its state and its clock stand still.
    """

    decoupled = False  # whether weight decay shrinks the weights themselves, or adds to the gradient

    weight_decay = Setting(checks.number, "λ", low=0)
    learning_rate = NeverHere("optimizer.lr, which can be assigned")
    param_groups = NeverHere("optimizer.lr and optimizer.params; parameters with another rate get another optimizer")
    add_param_group = NeverHere("another optimizer for the other parameters, and step() of both")
    __dir__ = listed

    def __init_subclass__(cls, **options: Any) -> None:
        """An update() that takes other arguments is refused where it is written, not at the first step."""
        super().__init_subclass__(**options)
        code = getattr(cls.update, "__code__", None)
        if code and code.co_argcount != 7 and not code.co_flags & inspect.CO_VARARGS:
            raise TypeError(
                f"update() of {cls.__name__} must take (self, lr, t, w, g, a, state), not "
                f"({', '.join(code.co_varnames[: code.co_argcount])}): w, g and the working space a are flat arrays, "
                "state is a list of them"
            )

    def __init__(
        self,
        params: Tensor | Iterable[Tensor],
        lr: Rate,
        *,
        weight_decay: float = 0.0,
        state_names: Sequence[str] = (),
        work_names: Sequence[str] = (),
    ) -> None:
        """`state_names`: what is remembered of each parameter and saved; `work_names`: what lasts for one step only."""
        self._params = tuple(leaves(params, type(self).__name__))
        self.weight_decay = weight_decay
        self.state_names = tuple(state_names)
        self._steps = 0
        self.warned_of_divergence = False
        self.lr = lr
        by_dtype: dict[Any, list[Tensor]] = {}
        for p in self.params:
            by_dtype.setdefault(p._data.dtype, []).append(p)
        # Programs, which take the step by themselves, use these two, `apply` and `lr_after` (see program/updates.py).
        self.flats = [Flat(same, (*self.state_names, *work_names)) for same in by_dtype.values()]
        # Working space, so that a step allocates nothing: `a` for update, another for g + λ·w.
        spaces = 2 if self.weight_decay and not self.decoupled else 1
        self.spaces = [[aligned((flat.size,), flat.dtype) for _ in range(spaces)] for flat in self.flats]

    @property
    def params(self) -> tuple[Tensor, ...]:
        """The parameters that it moves, in order. Others get another optimizer."""
        return self._params

    @params.setter
    def params(self, value: Any) -> NoReturn:
        raise AttributeError(
            "params is fixed, it is what the optimizer was made with: make a new optimizer for other parameters, or "
            "another one beside it for those that are new, and call step() of both"
        )

    # ---- the clock, and the learning rate

    @property
    def steps(self) -> int:
        """How often step() was called: the clock of a schedule."""
        if modes.capture is not None:
            modes.capture.read(lambda: self._steps, self._steps - modes.capture.taken(self))
        return self._steps

    @steps.setter
    def steps(self, value: int) -> None:
        if modes.capture is not None:
            what = "it sets the steps of an optimizer, which a program would do only once"
            modes.capture.refuse(what, "Set them outside of the step")
        self._steps = value

    @property
    def lr(self) -> float:
        """The learning rate of the next step. Assign a number, or a schedule (steps taken → rate)."""
        lr = self.lr_after(self._steps)
        if modes.capture is not None:
            taken = modes.capture.taken(self)
            modes.capture.read(lambda: self.lr_after(self._steps + taken), lr)
        return lr

    @lr.setter
    def lr(self, value: Rate) -> None:
        if modes.capture is not None:
            modes.capture.refuse(
                "it sets the learning rate, which a program would do only once",
                "Set it outside of the step, or give the optimizer a schedule: lr=tg.optim.schedules.cosine(...)",
            )
        if callable(value):
            takes(value, "a schedule of the learning rate", "step")
            _scheduled(value, self._steps)
            self._lr: Rate = value
        else:
            self._lr = checks.number("lr", value, 0)

    def lr_after(self, steps: int) -> float:
        """The learning rate of the step that follows so many others."""
        return _scheduled(self._lr, steps) if callable(self._lr) else self._lr

    @property
    def schedule(self) -> Callable[[int], float] | None:
        """The schedule that lr follows, or None where it is a number."""
        return self._lr if callable(self._lr) else None

    def lr_to_tell(self) -> float | str:
        """The learning rate as it is printed and saved: the number, or the schedule by its name."""
        return name_of(self._lr) if callable(self._lr) else self._lr

    # ---- the step

    def update(self, lr: float, t: int, w: Any, g: Any, a: Any, state: Sequence[Any]) -> None:
        """Change w and the state in place by gradient g, in step number t (from 1) of these parameters.

        `a` is working space. With NumPy's functions and out=, so that nothing is allocated and float32 stays float32.
        """
        raise NotImplementedError(f"{type(self).__name__} needs update(), its rule in NumPy")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient by the update rule.

        Only SGD(form="lookahead") takes a closure: it measures the gradient elsewhere, and so has to compute it itself.
        """
        if closure is not None:
            raise TypeError(
                f"{type(self).__name__}.step takes a closure only with form='lookahead' (SGD): "
                "compute the loss and call backward() before step()"
            )
        self._step()
        return None

    def _step(self) -> None:
        if modes.capture is not None:
            modes.capture.step(self)
            return
        lr = self.lr
        ready = [flat.ready() for flat in self.flats]  # what can go wrong goes wrong before anything has moved
        look_behind = mistakes.look(self, ready)
        outside = ERROR_STATE.get()
        try:  # as by `quiet`, at a third of its cost
            ERROR_STATE.set(IGNORE)
            for flat, spaces, groups in zip(self.flats, self.spaces, ready, strict=True):
                for place, t in stretches(groups):
                    w, g, *state = [flat.arrays[name][place] for name in ("w", "g", *self.state_names)]
                    self.apply(lr, t + 1, w, g, [space[place] for space in spaces], state)
                for group in groups:
                    group.t += 1
        finally:
            ERROR_STATE.set(outside)
        for groups in ready:
            written(groups)
        self._steps += 1
        if look_behind is not None:  # last: a warning may be an error
            look_behind()

    def apply(self, lr: float, t: int, w: Any, g: Any, spaces: Sequence[Any], state: Sequence[Any]) -> None:
        """Weight decay and the rule."""
        if self.weight_decay and self.decoupled:
            # w ← (1 − η·λ)·w
            np.multiply(w, 1 - lr * self.weight_decay, out=w)
        elif self.weight_decay:
            # g ← g + λ·w, not in p.grad itself
            penalized = spaces[1]
            np.multiply(self.measured_at(w, spaces[0], state), self.weight_decay, out=penalized)
            np.add(g, penalized, out=penalized)
            g = penalized
        self.update(lr, t, w, g, spaces[0], state)

    def measured_at(self, w: Any, a: Any, state: Sequence[Any]) -> Any:
        """The point at which the gradient was taken; `a` is free to hold it."""
        return w

    @answered
    def zero_grad(self) -> None:
        """Drop the gradients: every `.grad` is None again."""
        if modes.capture is not None:
            modes.capture.zero_grad(self)
            return
        for flat in self.flats:
            flat.claim()

    # ---- the rule for readers

    @property
    def rule(self) -> str:
        """The update in the lecture's notation, a line an assignment, without weight decay: see `formula`."""
        raise NotImplementedError(f"{type(self).__name__} needs rule, the formula of its update()")

    @property
    def formula(self) -> str:
        """The update in the lecture's notation, a line an assignment: weight decay, then `rule`."""
        if not self.weight_decay:
            return self.rule
        return ("w ← (1 − η·λ)·w\n" if self.decoupled else "g ← g + λ·w\n") + self.rule

    def state_of(self, p: Tensor) -> dict[str, np.ndarray]:
        """What is remembered of parameter p, such as its "v" or its "m" and "s": copies, in p's shape."""
        flat = self.flat_of(p)
        return {name: flat.view(name, p).copy() for name in self.state_names}

    def flat_of(self, p: Tensor) -> Flat:
        """The flat arrays that p lies in."""
        if modes.capture is not None:
            modes.capture.refuse(
                f"it asks what {type(self).__name__} remembers, which a program would do only once",
                "Ask outside of the step: optimizer.state_of(p), after it",
            )
        for flat in self.flats:
            if p in flat.shapes:
                return flat
        raise ValueError(f"{describe(p)} is not among the parameters of this {type(self).__name__}")

    @answered
    def preview(self, p: Tensor, gradient: Any = None) -> Update:
        """The next step of parameter p in numbers, without taking it; `gradient` stands in for its `.grad`.

        >>> from tinygrad_reg.optim import SGD
        >>> w = Tensor([1.0], requires_grad=True)
        >>> (3 * w).sum().backward()
        >>> print(*SGD([w], lr=0.1).preview(w), sep="; ")
        w ← w − η·g; {'w': array([1.]), 'g': array([3.]), 'η': 0.1}; {'w': array([0.7])}
        """
        return previewed(self, p, gradient)

    def __repr__(self) -> str:
        settings = "".join(f", {name}={getattr(self, name)!r}" for name in settings_of(self))
        return f"{type(self).__name__}(lr={self.lr_to_tell()}{settings})"

    # ---- saving and resuming

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, as numbers, words and arrays: "lr", "steps", the settings, "clocks", "0.m" …

        The arrays are copies, numbered by parameter in the order given. Of a schedule it holds the name only.
        """
        return told(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where the optimizer that gave this state stood. A state that does not fit is refused as a whole."""
        take_up(self, state)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} can't be copied or pickled, it is tied to its parameters: "
            "make one for the other parameters, and give it this one's state_dict()"
        )


answer(Optimizer, ON_OPTIMIZERS)


def _scheduled(schedule: Callable[[int], float], steps: int) -> float:
    return checks.number(f"lr, given by {name_of(schedule)} for step {steps},", schedule(steps), 0)
