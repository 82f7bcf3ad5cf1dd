"""What is shown while training: a tqdm bar, a line an epoch, or nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from ..insight.words import show


class Progress:
    """verbose=1 is a bar over all batches, with the loss, the rate and the time left; 2 is a line an epoch; 0 nothing.

    The bar goes to stderr, or into the notebook. Where stderr is no terminal it is written every ten seconds.
    """

    def __init__(self, verbose: int, epochs: int, batches: int, done: int) -> None:
        self.verbose, self.epochs = verbose, epochs
        self.bar: Any = None
        self.after = ""  # what the last epoch ended with
        self.started = time.perf_counter()
        stream = sys.stderr  # a program without a console has none, or a closed one
        if verbose == 1 and stream is not None and not getattr(stream, "closed", False):
            from tqdm.auto import tqdm  # here: in a notebook it looks for widgets, which takes a while

            terminal = hasattr(stream, "isatty") and stream.isatty()
            often = terminal or "ipykernel" in sys.modules or "TQDM_MININTERVAL" in os.environ
            pace = {} if often else {"mininterval": 10.0}
            self.bar = tqdm(total=epochs * batches, initial=done * batches, unit="batch", dynamic_ncols=True, **pace)

    def epoch(self, number: int) -> None:
        """An epoch begins."""
        self.started = time.perf_counter()
        if self.bar is not None:
            self.bar.set_description_str(f"epoch {number}/{self.epochs}", refresh=False)

    def batch(self, loss: float) -> None:
        """A step is done; `loss` is the mean of this epoch so far."""
        if self.bar is not None:
            self.bar.set_postfix_str(f"loss={loss:.4g}{self.after}", refresh=False)
            self.bar.update()

    def epoch_end(self, number: int, figures: Mapping[str, float]) -> None:
        """An epoch is over."""
        shown = [f"{name}={value:.4g}" for name, value in figures.items()]
        if self.bar is not None:
            self.after = "".join(f", {text}" for text in shown if not text.startswith("loss="))
            self.bar.set_postfix_str(", ".join(shown), refresh=False)
        elif self.verbose == 2:
            show(f"epoch {number}/{self.epochs}  {time.perf_counter() - self.started:.1f} s  {'  '.join(shown)}")

    def note(self, text: str) -> None:
        """Something to read that stays."""
        if self.bar is not None:
            self.bar.write(text, file=sys.stderr)
        elif self.verbose == 2:
            show(text)

    def close(self) -> None:
        """The end."""
        if self.bar is not None:
            self.bar.close()
