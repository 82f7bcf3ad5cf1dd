"""The step page: one HTML file with the graph, the steps and all that they change, and no request to anywhere.

What users named is escaped here (HTML) or written as text by the script (JSON): it never becomes markup.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from itertools import groupby
from string import Template
from typing import Any

from ..graphs import draw
from ..graphs.trace import Drawing
from ..ink.pages import graph_style, insisted, part, variables
from ..ink.svg import document, element, escape
from ..ink.theme import LIGHT
from .terms import Array, Row, Step, Term, Text

WIDE = 9  # columns; a matrix with more stands below the name and the local derivative, not beside them


def page(
    plan: Drawing, steps: Sequence[Step], rows: Sequence[dict[str, Any]], stills: Sequence[str], *,
    title: str, formula: str, theme: str, digits: int,
) -> str:  # fmt: skip
    """The whole page. `rows` are those of the table of tensors, `stills` the SVG of each step."""
    ids = draw.prefix(plan)
    graph = document(
        plan.w, plan.h, draw.body(plan, LIGHT, ids, live=True),
        title="computation graph", description=f"computation graph of {formula}", prefix=ids, background=None,
    )  # fmt: skip
    room = f":root{{--graph:{min(max(plan.h + 26, 170.0), 400.0):.0f}px}}"
    backward = '<li class="back"><b>backward</b> gradients ←</li>' if any(s.phase != "forward" for s in steps) else ""
    data = json.dumps(_data(plan, steps, stills, ids), ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
    return Template(part(__package__, "page.html")).substitute(
        title=escape(title),
        formula=escape(formula),
        theme=insisted(theme),
        style=f"{variables()}{room}\n{graph_style()}{part(__package__, 'page.css')}",
        legend=f"<li><b>forward</b> values →</li>{backward}",
        graph=graph,
        steps=_steps(steps, digits),
        table=_table(rows),
        last=len(steps) - 1,
        parts="".join(
            f'<span class="{phase}" style="flex-grow:{len(list(group))}">{phase}</span>'
            for phase, group in groupby(steps, key=lambda step: step.phase)
        ),
        data=data,
        script=part(__package__, "page.js"),
    )


def _steps(steps: Sequence[Step], digits: int) -> str:
    counts = {phase: sum(s.phase == phase for s in steps) for phase in ("forward", "backward", "update")}
    seen = dict.fromkeys(counts, 0)
    sections = []
    for at, step in enumerate(steps):
        seen[step.phase] += 1
        sections.append(_section(at, step, f"{step.phase} {seen[step.phase]} of {counts[step.phase]}", digits))
    return "".join(sections)


def _section(at: int, step: Step, counter: str, digits: int) -> str:
    lead = "".join(f"<strong>{_term(term, digits)}</strong> " for term in step.lead)
    parts = [f'<p class="phase">{counter}</p><h2 id="h{at}">{escape(step.title)}</h2>']
    if lead or step.why:
        parts.append(f"<p>{lead}{escape(step.why)}</p>")
    if step.formula:
        parts.append(f'<pre class="formula">{escape(step.formula)}</pre>')
    if step.rows:
        parts.append(_rows(step, digits))
    if step.has_answer:
        parts.append('<button class="reveal" type="button">Show the result</button>')
    if step.code or step.layer:
        code = f"<code>{escape(step.code)}</code> {escape(step.place)}" if step.code else ""
        layer = f" in layer {escape(step.layer)}" if step.layer else ""
        parts.append(f'<p class="source">{code}{layer}</p>')
    return f'<section class="step {step.phase}" id="s{at}" aria-labelledby="h{at}" hidden>{"".join(parts)}</section>'


def _rows(step: Step, digits: int) -> str:
    with_local = any(row.local for row in step.rows)
    heads = [h for i, h in enumerate(step.heads) if i != 1 or with_local]
    head = "".join(f'<th scope="col">{escape(h) or "<span class=silent>formula</span>"}</th>' for h in heads)
    body = "".join(_row(row, digits, with_local) for row in step.rows)
    arrays = [term.cells(digits) for row in step.rows for term in row.terms if isinstance(term, Array)]
    wide = " wide" if any(cells and len(cells[0]) > WIDE for cells in arrays) else ""
    return f'<table class="rows{wide}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(row: Row, digits: int, with_local: bool) -> str:
    note = f'<span class="note">{escape(row.note)}</span>' if row.note else ""
    local = f'<td class="local">{escape(row.local)}</td>' if with_local else ""
    terms = "".join(_term(term, digits) for term in row.terms)
    numbers = f'<td class="numbers"><div class="terms">{terms}</div></td>'
    return f'<tr><th scope="row">{escape(row.name)}{note}</th>{local}{numbers}</tr>'


def _term(term: Term, digits: int) -> str:
    if isinstance(term, Text):
        return element("span", escape(term.text), class_=term.role) if term.text else ""
    shown = _array(term, digits)
    if term.answer:
        return f'<span class="answer">{shown}</span><span class="asked" aria-label="to be predicted">?</span>'
    return shown


def _array(term: Array, digits: int) -> str:
    cells = term.cells(digits)
    if cells is not None:
        spans = "".join(f"<span>{escape(cell)}</span>" for row in cells for cell in row)
        shape = f"{len(cells)} by {len(cells[0])} matrix"
        columns = f"--columns:{len(cells[0])}"
        caption = f'<span class="muted">{escape(term.caption())}</span>' if term.caption() else ""
        attributes = f'class="matrix {term.role}" role="group" aria-label="{shape}" style="{columns}"'
        return f"<span {attributes}>{spans}</span>{caption}"
    if term.value.size == 1:
        return f'<b class="{term.role}">{escape(term.inline(digits))}</b>'
    spans = "".join(f'<span class="muted">{escape(a)}</span><span>{escape(b)}</span>' for a, b in term.summary(digits))
    return f'<span class="summary {term.role}" role="group" aria-label="summary of a large array">{spans}</span>'


def _table(rows: Sequence[dict[str, Any]]) -> str:
    """All tensors; the exact numbers stand in data attributes, the script writes what is known at a step."""
    body = []
    for row in rows:
        exactly = {f"data_{name}": json.dumps(row[name]) for name in ("value", "gradient") if row[name] is not None}
        cells = (
            f'<td>{escape(row["index"])}</td><th scope="row">{escape(row["name"])}</th>'
            f'<td>{escape(row["computed"])}</td><td class="value"></td><td class="gradient"></td>'
        )
        body.append(element("tr", cells, id=f"row-{row['box']}", data_kind=row["kind"], **exactly))
    norms = " /\u00a0norm" if any(row["array"] for row in rows) else ""
    heads = {"#": "", "tensor": "", "computed as": "", f"value{norms}": "value", f"grad{norms or 'ient'}": "gradient"}
    head = "".join(f'<th scope="col" class="{kind}">{escape(h)}</th>' for h, kind in heads.items())
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


PAUSE = 1800  # milliseconds that a step stays while playing


def _data(plan: Drawing, steps: Sequence[Step], stills: Sequence[str], ids: str) -> dict[str, Any]:
    packed = zlib.compress(json.dumps(stills, ensure_ascii=True).encode(), 9)
    return {
        "prefix": ids, "boxes": [box.id for box in plan.boxes], "arrows": [arrow.id for arrow in plan.arrows],
        "width": plan.w, "height": plan.h, "chip": draw.CHIP, "pause": PAUSE,
        "steps": [_step_data(plan, step) for step in steps],
        "stills": base64.b64encode(packed).decode("ascii"),
    }  # fmt: skip


def _step_data(plan: Drawing, step: Step) -> dict[str, Any]:
    arrows = [arrow for arrow in plan.arrows if arrow.id in step.arrows]
    chips = draw.chips(plan, arrows, step.arrows).values()
    return {
        "phase": step.phase, "title": step.title, "active": step.active, "targets": step.targets,
        "arrows": list(step.arrows), "changes": step.changes, "answer": step.has_answer,
        "chips": [{"x": c.x, "y": c.y, "w": c.w, "h": c.h, "lines": c.lines} for c in chips],
    }  # fmt: skip
