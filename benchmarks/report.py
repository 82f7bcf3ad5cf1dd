"""What a race is shown as: a block of text for each row."""

from __future__ import annotations

from statistics import median

from .contenders import CONTENDERS
from .race import Result


def lines(result: Result) -> list[str]:
    """A row in the terminal: each contender's time, and how many times the limit, the program and eager take it."""
    text = [
        "",
        f"{result.name}: {result.title}",
        f"  {'':26}{'µs':>10}   {'of the limit':>12}   {'program':>9}   {'eager':>9}",
    ]
    for contender, times in result.times.items():
        cells = [result.ratio(contender, "limit"), result.ratio("program", contender), result.ratio("eager", contender)]
        shown = "   ".join("" if x is None else f"{x:9.3f}" for x in cells)
        text.append(f"  {CONTENDERS[contender].label:26}{median(times) * 1e6:10.1f}      {shown}")
    text += [f"  {CONTENDERS[contender].label:26}{why}" for contender, why in result.absent.items()]
    return text
