"""Random generators that a training draws from: where they are found, and their states as plain data, checked."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...answers import checks
from ...layers.module import Module, a_module
from ...modes import generator
from ...program.walk import Walk

Source = np.random.Generator | np.random.RandomState | random.Random

# What np.random.normal() and random.random() draw from, which all of the process shares.
GLOBAL: dict[str, Source] = {
    "np.random": getattr(np.random.get_state, "__self__"),  # noqa: B009 - of a function, mypy knows none
    "random": getattr(random.getstate, "__self__"),  # noqa: B009
}
# What NumPy takes as it is given, and draws from memory beyond the state with numbers that are larger.
_LARGEST = {"pos": 624, "buffer_pos": 4, "has_uint32": 1, "has_gauss": 1}


# ---- where they are


def of_model(model: Module | None, rng: Any) -> dict[str, Source]:
    """This thread's generator, those that the layers were given, and `rng`, one or several."""
    found: dict[str, Source] = {"thread": generator()}
    if model is not None:
        a_module(model, "a checkpoint")
        found.update((f"model.{path}", own) for path, own in model.named_generators())
    wanted = "a NumPy Generator such as np.random.default_rng(0)"
    for i, own in enumerate(checks.several("rng", rng, has_state, wanted)):
        found[f"rng.{i}"] = own
    return found


def of_run(known: Mapping[str, Source], parts: Mapping[str, Any]) -> dict[str, Source]:
    """The known ones, those of the whole process, and what is found in the functions and objects given to fit."""
    found = {**known, **GLOBAL}
    for name, part in parts.items():
        own = set(map(id, found.values()))
        new = [source for source in sources_in(part) if id(source) not in own]
        found.update((f"{name}.{i}", source) for i, source in enumerate(new))
    return found


def sources_in(thing: Any) -> list[Source]:
    """The generators that functions and objects of the user's draw from, where they can be seen, each once.

    A function is followed to what it closes over, its defaults, and the globals that its code names; an object to its
    attributes and methods; both into lists and dicts, and so on. Other packages' objects are not looked into.
    """
    return [one for one in Walk([thing]).generators if has_state(one)]


def has_state(one: Any) -> bool:
    """Whether it is a generator that can be set back; what draws from the system's noise can't."""
    return isinstance(one, Source) and not isinstance(one, random.SystemRandom)


# ---- their states


def state_of(source: Source) -> Any:
    """A generator's state as plain data: arrays as lists, of numbers as large as they are."""
    if isinstance(source, random.Random):
        version, numbers, gauss = source.getstate()
        return {"random": version, "numbers": list(numbers), "gauss": gauss}
    return _plain(
        source.get_state(legacy=False) if isinstance(source, np.random.RandomState) else source.bit_generator.state
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def set_state(source: Source, state: Any) -> None:
    """Give a generator the state that state_of() has told."""
    if isinstance(source, random.Random):
        source.setstate((state["random"], tuple(state["numbers"]), state["gauss"]))
    elif isinstance(source, np.random.RandomState):
        source.set_state(state)
    else:
        source.bit_generator.state = state


def fitting(own: Mapping[str, Source], saved: Any) -> list[tuple[Source, Any]]:
    """Each generator with the state to set; a state that a generator would not take is found out on a copy."""
    if not isinstance(saved, Mapping):
        raise ValueError("it holds no random generators")
    found: list[tuple[Source, Any]] = []
    for name, source in own.items():
        if name not in saved:
            if source in GLOBAL.values():  # a file of tg.save has none
                continue
            raise ValueError(f"it holds no state of the random generator '{name}'; it has {', '.join(saved)}")
        try:
            trial = copy.deepcopy(source)
            set_state(trial, saved[name])
            fits = state_of(trial) == saved[name] and _within_bounds(saved[name])
        except Exception as error:
            raise ValueError(f"the state of the random generator '{name}' does not fit: {error}") from error
        if not fits:
            raise ValueError(f"the state of the random generator '{name}' is none that it can have")
        found.append((source, saved[name]))
    return found


def _within_bounds(state: Mapping[str, Any]) -> bool:
    """Whether a state points at nothing outside of it: to be set and read back is no proof."""
    return all(
        _within_bounds(value) if isinstance(value, Mapping) else 0 <= value <= _LARGEST.get(name, np.inf)
        for name, value in state.items()
        if isinstance(value, Mapping) or name in _LARGEST
    )
