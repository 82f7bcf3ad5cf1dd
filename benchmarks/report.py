"""What was measured, as text: a block a row in the terminal, and tables in Markdown. Ratios only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .contenders import CONTENDERS
from .race import Result

# What is set beside each other: the title of the column, what is divided, by what. Above 1 a "faster" is true.
RATIOS = (
    ("program / limit", "program", "limit"),
    ("program faster than JAX", "jax", "program"),
    ("program faster than PyTorch", "torch", "program"),
    ("… with fused optimizer", "torch-fused", "program"),
    ("eager / limit", "eager", "limit"),
    ("eager faster than PyTorch", "torch", "eager"),
    ("eager faster than MyGrad", "mygrad", "eager"),
)


def block(result: Result) -> str:
    """A row in the terminal: each contender as a multiple of the limit, with quartiles, then the ratios."""
    text = ["", f"{result.name}: {result.title}"]
    for contender in result.times:
        label = f"  {CONTENDERS[contender].label:26}"
        if "limit" in result.times:
            low, high = result.quartiles(contender, "limit")
            spread = "" if contender == "limit" else f"   {number(low)} – {number(high)}"
            text.append(f"{label}{number(result.ratio(contender, 'limit')):>8} × {result.unit}{spread}")
    text += [f"  {CONTENDERS[contender].label:26}{why}" for contender, why in result.absent.items()]
    for title, above, below in RATIOS:
        ratio = result.ratio(above, below)
        if ratio is not None:
            text.append(f"      {title:28}{number(ratio):>8}")
    return "\n".join(text)


def number(x: float | None) -> str:
    """Three digits."""
    if x is None:
        return ""
    return f"{x:.0f}" if x >= 100 else f"{x:.3g}" if x >= 10 else f"{x:.2f}"


def growth_block(found: dict[str, Any]) -> str:
    """How cost grows, in the terminal."""
    return "\n".join(["", "growth:", *(f"  {name:52}{value}" for name, value in growth_lines(found))])


def growth_lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    """What growth.py found, as (what, number)."""
    return [
        ("forward, time by nodes, 10² to 10⁶: exponent", f"{found['forward']['exponent']:.3f}"),
        ("backward, time by nodes, 10² to 10⁶: exponent", f"{found['backward']['exponent']:.3f}"),
        *(
            (f"the same of bare Python objects, {way}: exponent", f"{found[f'bare {way}']['exponent']:.3f}")
            for way in ("forward", "backward")
        ),
        ("bytes a node", f"{found['bytes']:.0f}"),
        ("Adam's step, time by number of parameters: exponent", f"{found['parameters']['exponent']:.3f}"),
        *((f"a step, by batch 1, 8, 64, 512, 4096: {way}", _listed(found["batch"][way])) for way in found["batch"]),
        *((f"a step, by width 8, 32, 128, 512, 2048: {way}", _listed(found["width"][way])) for way in found["width"]),
        ("peak memory of a step, eager / plain NumPy", f"{found['memory']['eager']:.2f}"),
        ("peak memory of a step, program / plain NumPy", f"{found['memory']['program']:.2f}"),
    ]


def _listed(multiples: Sequence[float]) -> str:
    return ", ".join(map(number, multiples))


def markdown(results: Sequence[Result], found: dict[str, Any] | None, threads: str) -> str:
    """Tables of a run."""
    ours = [["work", *(title for title, _, _ in RATIOS)]]
    for result in results:
        ours.append([result.name, *(number(result.ratio(above, below)) for _, above, below in RATIOS)])
    present = [name for name in CONTENDERS if any(name in result.times for result in results)]
    all_of_them = [["work", *(CONTENDERS[name].label for name in present)]]
    for result in results:
        all_of_them.append([result.name, *(_with_quartiles(result, name) for name in present)])
    text = [
        "# Benchmarks: one run",
        "Equal losses were checked. Ratios are medians over turns; quartiles in brackets. "
        + ("One thread, the same processor for all." if threads == "one" else "As many threads as each library takes."),
        _table(ours),
        "Times as multiples of NumPy written by hand:",
        _table(all_of_them),
        *(f"- {result.name}: {result.title}" for result in results),
    ]
    if found:
        text.append(_table([["growth", ""], *([name, value] for name, value in growth_lines(found))]))
    absent = {f"{CONTENDERS[name].label}: {why}" for result in results for name, why in result.absent.items()}
    text += [f"Left out: {', '.join(sorted(absent))}"] if absent else []
    return "\n\n".join(text).replace("\n\n- ", "\n- ") + "\n"


def _with_quartiles(result: Result, contender: str) -> str:
    ratio = result.ratio(contender, "limit")
    if ratio is None or contender == "limit":
        return number(ratio)
    low, high = result.quartiles(contender, "limit")
    return f"{number(ratio)} ({number(low)}–{number(high)})"


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])
