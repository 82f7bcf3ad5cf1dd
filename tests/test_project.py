"""The project around the code: what is installed, what an import loads, what the commands are."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import metadata, requires
from importlib.util import find_spec
from pathlib import Path

import pytest

import tinygrad_reg as tg

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def in_a_new_python(code):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", code]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_import_loads_nothing_that_draws_or_brings_data():
    loaded = in_a_new_python("import sys, tinygrad_reg; print(*{name.split('.')[0] for name in sys.modules})").split()
    assert "numpy" in loaded
    assert {"viz", "graphviz", "matplotlib", "sklearn", "scipy", "pytest"} & set(loaded) == set()


def test_viz_loads_no_plotting_before_it_is_asked_to_plot():
    loaded = in_a_new_python("import sys, viz; print(*{name.split('.')[0] for name in sys.modules})").split()
    assert {"matplotlib", "sklearn", "scipy"} & set(loaded) == set()


def test_users_need_numpy_graphviz_and_tqdm_only():
    assert {re.match(r"\w+", line)[0] for line in PROJECT["dependencies"]} == {"numpy", "graphviz", "tqdm"}
    assert {"plots", "data", "test", "bench"} <= PROJECT["optional-dependencies"].keys()


# The rooms of each house, which stand on those before them: files and folders. What is not named is the ground floor:
# the engine, and what all pictures share.
ROOMS = {
    "tinygrad_reg": [
        {"data"},
        {"ops"},
        {"insight"},
        {"initializers", "penalties", "constraints", "losses", "loss_inputs", "metrics", "metric_inputs", "optim"},
        {"layers"},
        {"diagnostics"},
        {"program"},
        {"training"},
    ],
    "viz": [{"graphs", "plots"}, {"chain_rule"}, {"lessons", "programs"}, {"__main__"}],
}


def floor(path, rooms):
    """How high the file of a path within the package, such as ops/shapes, is."""
    return next((i for i, floor in enumerate(rooms, 1) if path.parts[0] in floor), 0)


def imported(file, package):
    """The files of the package that a file imports, as paths within it; the top is where all of them meet."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            home = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for found in [home / one.name for one in node.names] if home.is_dir() else [home]:
                there = found.is_dir() or found.with_suffix(".py").exists()
                yield (found if there else home).relative_to(package)


@pytest.mark.parametrize("house", ROOMS)
def test_imports_run_one_way(house):
    package, rooms = ROOT / house, ROOMS[house]
    upwards = [
        f"{path} imports {other}"
        for path in (
            file.relative_to(package)
            for file in package.rglob("*.py")
            if file.parent != package or file.stem != "__init__"
        )
        for other in imported(package / path, package)
        if other.parts and floor(other, rooms) > floor(path.with_suffix(""), rooms)
    ]
    assert upwards == []


@pytest.mark.parametrize("package", ["tinygrad_reg", "viz"])
def test_packages_say_that_they_are_typed(package):
    assert (Path(find_spec(package).origin).parent / "py.typed").exists()


def test_what_is_installed_is_this_project():
    """Holds where the project is installed, as `make test` does; not where the tests run on the bare checkout."""
    try:
        installed = metadata("tinygrad_reg")
    except ModuleNotFoundError:
        pytest.skip("tinygrad_reg is not installed here")
    assert installed["Version"] == tg.__version__
    assert installed["License-Expression"] == "MIT"
    assert installed["Requires-Python"] == ">=3.11"
    assert any(line.startswith("numpy>=2") for line in requires("tinygrad_reg"))


def test_every_command_that_readme_and_help_name_is_a_make_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(
        re.findall(
            r"(?:^|`|\")make ([a-z]+)", makefile + (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    assert {"test", "demo", "demos", "check", "bench", "clean"} <= named
    assert named <= targets


def test_every_public_name_can_be_had_and_is_listed():
    """The framework is loaded name by name on first use: what dir() lists must be there, in a fresh process too."""
    code = "import tinygrad_reg as tg; names = dir(tg); [getattr(tg, n) for n in names]; print(len(names))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 50
