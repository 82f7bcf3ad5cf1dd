"""Which module's forward is running in this thread, and who wants to hear of every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..modes import modes, switched

if TYPE_CHECKING:
    from .module import Module


class Changes:
    """Counts what is assigned to attributes of modules, or deleted: while it stands still, so do modes and settings."""

    count = 0


def name_within(outer: Module, module: Module) -> str:
    """The path of `module` within the module whose forward calls it."""
    if modes.paths is None:
        modes.paths = {id(part): path for path, part in outer.named_modules()}
    return modes.paths.get(id(module)) or type(module).__name__


def listening(listener: Callable[[str, Any], None]) -> switched:
    """Tell `listener` the path and the output of every module that is called in this thread."""
    return switched("listener", listener)
