"""A picture in its formats: SVG text, DOT text, files, and what a notebook shows."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinygrad_reg.answers.elsewhere import answer, listed

from . import files, paint
from .svg import escape
from .theme import LIGHT

if TYPE_CHECKING:
    import graphviz


class Picture:
    """What `viz.graph`, `flow`, `program` and `.still` return: a notebook shows it, `.save("name.svg")` writes it."""

    formats: tuple[str, ...] = ("svg", "png", "pdf", "dot", "html")

    def __init__(
        self,
        title: str,
        description: str,
        svg: Callable[[], str],
        digraph: graphviz.Digraph | None = None,
        paper: str = LIGHT.panel,
    ) -> None:
        self.title = title
        self.description = description
        self.digraph = digraph  # of the graphviz package
        self._make_svg = svg
        self._paper = paper  # the colour behind it
        self._svg: str | None = None

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        if self._svg is None:
            self._svg = self._make_svg()
        return self._svg

    @property
    def dot(self) -> str:
        """The picture as DOT, Graphviz' language: the graph for `dot`; of a still, what `neato -n2` is to paint."""
        return paint.source(self.svg) if self.digraph is None else str(self.digraph.source)

    @property
    def html(self) -> str:
        """The picture as a page of its own."""
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(self.title)}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>body{{margin:1rem;background:{self._paper}}}svg{{max-width:max(100%,60rem);height:auto}}</style></head>\n"
            f"<body>{self.svg}</body></html>\n"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to `path`, as its ending says: .svg, .html, .dot, or .png and .pdf, which `dot` paints."""
        format = files.ending(path, self.formats)
        content: str | bytes
        if format in ("png", "pdf"):
            content = paint.painted(self.svg, format)
        else:
            content = {"svg": lambda: self.svg, "html": lambda: self.html, "dot": lambda: self.dot}[format]()
        files.write(path, content)

    def __repr__(self) -> str:
        return self.description

    def __dir__(self) -> list[str]:
        return listed(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows. An image survives in notebooks that are not trusted, where raw SVG is dropped."""
        bundle = {"text/plain": repr(self)}
        try:
            data = base64.b64encode(self.svg.encode("utf-8", "replace")).decode("ascii")
            image = (
                f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(self.description)}" style="max-width:100%">'
            )
            bundle |= {"image/svg+xml": self.svg, "text/html": image}
        except Exception as error:  # a picture that can't be drawn must not take the notebook's output with it
            bundle["text/plain"] = f"{self.description} (not drawn: {error})"
        return bundle


# What Graphviz and matplotlib users look for.
_ADVICE = "picture.save('picture.svg'); a notebook shows a picture that is the last line of a cell"
answer(Picture, dict.fromkeys(("show", "view", "render", "display", "savefig"), _ADVICE))
