"""What HTML pages share: parts that are read from files, both themes as variables, and the look of a graph in them."""

from __future__ import annotations

from importlib.resources import files

from .theme import DARK, LIGHT, Theme


def part(package: str, name: str) -> str:
    """A file that lies beside the modules of `package`."""
    return files(package).joinpath(name).read_text("utf-8")


def graph_style() -> str:
    """The style sheet of a graph whose script marks what is going on in it."""
    return part(__package__, "graph.css")


def insisted(theme: str) -> str:
    """The attribute of a page that does not follow the reader's system."""
    return f' data-theme="{theme}"' if theme != "auto" else ""


def variables() -> str:
    """Both themes as variables of a style sheet."""

    def block(theme: Theme) -> str:
        return "".join(f"--{name}:{value};" for name, value in theme.variables().items())

    return (
        f":root{{{block(LIGHT)}}}@media(prefers-color-scheme:dark){{:root:not([data-theme=light]){{{block(DARK)}}}}}"
        f":root[data-theme=light]{{color-scheme:light}}:root[data-theme=dark]{{{block(DARK)}color-scheme:dark}}\n"
    )
