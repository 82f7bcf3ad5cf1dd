"""The program `dot` of Graphviz: whether it is there, what it makes of DOT text, and what is said where it fails.

It is a program, not a Python package: graphs/engine.py and paint.py ask it to place boxes, and to paint PNG and PDF.
"""

from __future__ import annotations

import shutil
import subprocess

TIMEOUT = 20.0  # seconds
INSTALL = (
    "Install Graphviz (Debian, Ubuntu: 'sudo apt install graphviz'; macOS: 'brew install graphviz'; "
    "Windows: 'winget install graphviz'), then check with 'python -m viz doctor'"
)
MISSING = f"there is no program 'dot' on this machine's PATH. {INSTALL}"


class DotNotFound(FileNotFoundError):
    """The program `dot` was needed and is not there, or does not work."""


def find() -> str | None:
    """Path of the program `dot`, None where there is none."""
    return shutil.which("dot")


def run(source: str, format: str, *options: str) -> bytes:
    """What `dot` makes of the DOT text, in one of its formats."""
    program = find()
    if program is None:
        raise DotNotFound(MISSING)
    try:
        done = subprocess.run(
            [program, *options, f"-T{format}"], input=source.encode(), capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise DotNotFound(f"it took longer than {TIMEOUT:g} s") from None
    except OSError as error:
        raise DotNotFound(f"{program} can't be started: {error}") from None
    if done.returncode or not done.stdout:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise DotNotFound(
            f"it said: {lines[-1]}" if lines else f"it stopped with code {done.returncode} and no message"
        )
    return done.stdout


def version() -> str:
    """What `dot -V` says."""
    program = find()
    if program is None:
        raise DotNotFound(MISSING)
    try:
        done = subprocess.run([program, "-V"], capture_output=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DotNotFound(f"{program} can't be run: {error}") from None
    if done.returncode:
        raise DotNotFound(f"{program} -V stopped with code {done.returncode}")
    return (done.stderr or done.stdout).decode(errors="replace").strip()
