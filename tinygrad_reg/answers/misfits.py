"""What to say of a call whose arguments do not fit: what the function or class takes, and what was meant perhaps."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from typing import Any

from .foreign import ARGUMENTS, INSTEAD


def not_taken(function: Callable[..., Any], name: str, options: Mapping[str, Any]) -> TypeError:
    """The answer of a method that gathers in **foreign what it does not take, where a look at each call costs much."""
    _, *taken = (p for p in signature(function).parameters.values() if p.kind is not Parameter.VAR_KEYWORD)
    return TypeError(str(Misfit(name, taken, (), options, TypeError())))


class Misfit:
    """A call of `name` that gave `args` and `options` where the arguments `taken` are due; str() is the answer."""

    def __init__(
        self,
        name: str,
        taken: Sequence[Parameter],
        args: Sequence[Any],
        options: Mapping[str, Any],
        error: TypeError,  # what Python says of it
    ) -> None:
        self.name, self.args, self.options, self.error = name, args, options, str(error)
        self.taken = [p.replace(annotation=p.empty) for p in taken]
        self.names = [p.name for p in taken]
        self.placed = [p for p in self.taken if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.by_name = [p for p in self.taken if p.kind is p.KEYWORD_ONLY]

    def __str__(self) -> str:
        return self._placed_already() or self._unknown() or self._too_many() or self._too_few()

    # ---- what is wrong with it: each says nothing, "", where it is something else

    def _placed_already(self) -> str:
        """What is named here, perhaps by another name, stands among the positional arguments already."""
        twice, unknown = self._twice(), self._first_unknown()
        ours = twice or self._ours(unknown)
        before = [p.name for p in self.placed[: len(self.args)]]
        if ours not in before:
            return ""
        place = before.index(ours)
        room = sum(p.default is p.empty for p in self.placed) if twice else len(self.placed)
        value = self.options[unknown or twice]
        write = (self._with(value, place) if len(self.args) < room else "") or self._as_taken()
        wrong = "was given it twice" if twice else f"takes no {unknown}="
        which = "first" if place == 0 else "next"
        return f"{self.name} {wrong}: {ours} is its {which} argument, write {write}"

    def _unknown(self) -> str:
        unknown = self._first_unknown()
        if not unknown:
            return ""
        for due, advice in INSTEAD.get(unknown, {}).items():
            if due in self.names:
                return f"{self.name} takes no {unknown}=: {advice}"
        if ours := self._ours(unknown):
            return f"{self.name} takes no {unknown}=, here it is called {ours}: {self._as_taken()}"
        if near := difflib.get_close_matches(unknown, self.names, 1):
            return f"{self.name} takes no {unknown}=, did you mean {near[0]}? {self._as_taken()}"
        return f"{self.name} takes no {unknown}=: it takes {', '.join(self.names) or 'no arguments'}"

    def _too_many(self) -> str:
        """More stand by place than go there, and others go by name."""
        more = len(self.args) - len(self.placed)
        if more <= 0 or not self.by_name:
            return ""
        named = [p for p in self.by_name if p.default is p.empty] or self.by_name[:more]
        placed = [p.name for p in self.placed]
        write = [*placed, *(f"{p.name}=…" for p in named), *["…"] * (len(named) < len(self.by_name))]
        alone = f"{', '.join(placed) or 'nothing'}{' alone' * (len(placed) == 1)}"
        of_model = any(isinstance(value, Mapping) for value in self.args) and "model" in self.names
        itself = f"; of a model not its state_dict() is given but the model: {self.name}(path, model=model)" * of_model
        return f"{self.name} takes {alone} by place, the others by name: {self.name}({', '.join(write)}){itself}"

    def _too_few(self) -> str:
        missing = self.error.rpartition("argument: ")[2].strip("'") if "missing" in self.error else ""
        if not missing:
            return f"{self.name} was given {self.error}: {self._as_taken()}"
        such = ", such as model.parameters()" if missing == "params" else ""
        return f"{self.name} also needs {missing}{such}: {self._as_taken()}"

    # ---- what was given, and what is to be written

    def _twice(self) -> str:
        """The argument that stands by place and by name."""
        return self.error.partition("multiple values for argument ")[2].strip("'")

    def _first_unknown(self) -> str:
        takes_any = any(p.kind is p.VAR_KEYWORD for p in self.taken)
        return next((option for option in self.options if option not in self.names and not takes_any), "")

    def _ours(self, option: str) -> str:
        """The argument that other libraries call so."""
        return next((own for own in ARGUMENTS.get(option, ()) if own in self.names), "")

    def _as_taken(self) -> str:
        """The call with what may stand by place, and what must be named."""
        several = [str(p) for p in self.taken if p.kind is p.VAR_POSITIONAL]
        own = "self" in self.names  # of a method, which is not written
        short = [*map(str, self.placed[own:]), *several, *(f"{p.name}=…" for p in self.by_name if p.default is p.empty)]
        return f"{self.name}({', '.join(short + ['…'] * (len(short) < len(self.taken) - own))})"

    def _with(self, value: Any, place: int) -> str:
        """The call as given, with `value` in its place, before what stands there; "" where that is nothing to show."""
        value = value[0] if isinstance(value, tuple) and len(value) == 1 else value
        values = [*self.args[:place], value, *self.args[place:]]
        plain = all(isinstance(each, (int, float, str)) for each in values)
        return f"{self.name}({', '.join(map(repr, values))})" if plain else ""
