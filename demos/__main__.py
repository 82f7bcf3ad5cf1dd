"""Lists the demos, and runs them by name: python -m demos digits --help"""

from __future__ import annotations

import ast
import os
import runpy
import sys
from pathlib import Path

from demos import ORDER

HERE = Path(__file__).parent
USAGE = """\
python -m demos NAME [options]   run one (NAME --help says what it takes)
python -m demos --all [options]  run them all (--size, --seed, --format and --output are known to all)
"""

# The arrays are small: several threads would wait for one another longer than they compute, and round in other orders.
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def demos() -> dict[str, str]:
    """Every demo by name, with the first line of its docstring."""
    texts = {name: ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text("utf-8"))) or "" for name in ORDER}
    return {name: text.split("\n")[0] for name, text in texts.items()}


def run(name: str, *options: str) -> None:
    sys.argv = [f"python -m demos {name}", *options]
    try:
        runpy.run_module(f"demos.{name}", run_name="__main__")
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "demos", "tinygrad_reg", "viz"):
            raise
        venv = HERE.parent / ".venv" / "bin" / "python"
        ready = f"{os.path.relpath(venv)} -m demos {name}" if venv.exists() else "make demo"
        sys.exit(
            f"{name} needs {missing}, which {sys.executable} does not have. Run it with what this project installs: "
            f"{ready}\n(or install it yourself: pip install '.[data,plots]')"
        )
    except BrokenPipeError:  # whoever reads what is printed has read enough, as in `python -m demos losses | head`
        sys.stdout = None
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(f"\n{name} was interrupted")


def main() -> None:
    known = demos()
    match sys.argv[1:]:
        case [] | ["-h" | "--help"]:
            width = max(map(len, known))
            print(USAGE, *(f"  {name:{width}}  {line}" for name, line in known.items()), sep="\n")
        case ["--all", *options]:
            for name in known:
                print(f"\n=== {name}: {known[name]}")
                run(name, *options)
        case [name, *options] if name in known:
            run(name, *options)
        case [name, *_]:
            sys.exit(f"no demo is called {name!r}: there are {', '.join(known)}")


if __name__ == "__main__":
    main()
