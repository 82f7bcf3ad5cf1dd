"""Ctrl-C while training: the step that is being taken comes to its end; a second one does not wait."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Interrupted(Exception):
    """The training was to end, and the step that was being taken is done."""


class Interrupts:
    """Whether Ctrl-C was pressed, or somebody else has set `asked`: a training in a thread gets no signals."""

    asked = False
    ended_it = False  # whether the training was broken off

    def give_way(self) -> None:
        """End the training here, between two steps, if that was asked for."""
        if self.asked:
            self.asked = False
            raise Interrupted

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Inside, the first Ctrl-C is only noted, where it would have been a KeyboardInterrupt.

        One that comes too late to end the training is one behind the block, where all has been put back.
        """
        mine = threading.current_thread() is threading.main_thread()
        if not mine or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return

        def note(number: int, frame: Any) -> None:
            self.asked = True
            signal.signal(signal.SIGINT, signal.default_int_handler)

        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            if signal.getsignal(signal.SIGINT) is note:  # and not a callback's own
                signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.asked:
            raise KeyboardInterrupt
