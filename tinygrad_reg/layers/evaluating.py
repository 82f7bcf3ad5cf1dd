"""Eval mode for the time of a block, also where several threads use one model at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from .module import Module


class _Block:
    """Somebody who needs modules in eval mode; where Ctrl-C lets it end without a word, it is gone all the same."""


# The modules that were in training, by id, with those who need them in eval mode; the last one puts them back.
_lent: dict[int, tuple[Module, WeakSet[_Block]]] = {}
_turn = threading.Lock()


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """The model in eval() mode; when nobody needs it so any more, each of its modules is in the mode of before."""
    own, taken = _Block(), []
    try:
        with _turn:
            for _, module in model.named_modules():
                _, others = _lent.get(id(module), (module, ()))
                if module.training or others:
                    blocks = others or WeakSet()
                    blocks.add(own)
                    _lent[id(module)] = module, blocks
                    taken.append(module)
                    module.training = False
        yield
    finally:
        try:
            _give_back(own, taken)
        except KeyboardInterrupt:  # half of it done
            _give_back(own, taken)
            raise


def _give_back(own: _Block, taken: list[Module]) -> None:
    with _turn:
        for module in taken:
            if id(module) in _lent:
                _, blocks = _lent[id(module)]
                blocks.discard(own)
                if not blocks:
                    module.training = True
                    del _lent[id(module)]


def _new_turn() -> None:
    """After a fork, the thread whose turn it was may not be there any more."""
    global _turn
    _turn = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_turn)
