"""The suite on every Python that is installed here, with the newest NumPy, and on the oldest NumPy that is admitted.

    make versions                          # all of them, side by side, in environments below .venv
    .venv/bin/python -m tests.versions 3.13

What is not installed is left out, and named.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


class Version(NamedTuple):
    """A Python and a NumPy."""

    name: str
    python: str
    numpy: str  # as pip takes it


def oldest_numpy() -> str:
    """The oldest one that pyproject.toml admits."""
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    (least,) = (found[1] for entry in needed if (found := re.fullmatch(r"numpy>=([\d.]+).*", entry)))
    return ".".join([*least.split("."), "0", "0"][:3])


def found(version: str) -> str | None:
    """An interpreter of this version that can make environments, None where there is none."""
    candidates = [shutil.which(f"python{version}"), *glob.glob(f"{Path.home()}/.pyenv/versions/{version}.*/bin/python")]
    question = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, [sys.executable, *candidates]):
        answer = subprocess.run([candidate, "-c", question], capture_output=True, text=True, check=False)
        if answer.stdout.strip() == version:
            return candidate
    return None


def versions() -> Iterator[Version]:
    """What is to be run here: this Python with the oldest NumPy, the others with the newest."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    oldest = oldest_numpy()
    yield Version(f"Python {own}, NumPy {oldest}", sys.executable, f"numpy=={oldest}")
    for version in PYTHONS:
        python = None if version == own else found(version)
        if python is not None:
            yield Version(f"Python {version}, newest NumPy", python, "numpy")
        elif version != own:
            print(f"Python {version} is not installed here: left out", flush=True)


def run(version: Version) -> tuple[bool, str]:
    """Whether the suite passes, and what it said."""
    folder = ROOT / ".venv" / "versions" / re.sub(r"\W+", "-", version.name)
    python = folder / "bin" / "python"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [version.python, "-m", "venv", "--clear", str(folder)],
        [*install, "--editable", f"{ROOT}[test]", version.numpy],
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"],
    ):
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode:
            return False, done.stdout
    return True, done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; 1 where one fails."""
    words = sys.argv[1:] if arguments is None else arguments
    chosen = [v for v in versions() if not words or any(word in v.name for word in words)]
    passed = True
    started = time.perf_counter()
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 2) - 1)) as pool:
        for version, (good, said) in zip(chosen, pool.map(run, chosen), strict=True):
            last = said.strip().splitlines()[-1] if said.strip() else ""
            print(f"{version.name}: {'good' if good else 'FAILED'} ({last})", flush=True)
            if not good:
                print(said[-8000:])
            passed &= good
    print(f"{len(chosen)} versions in {time.perf_counter() - started:.0f} s")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
