# The commands of this project. They need make, git and Python 3.11 or newer; everything else goes into .venv.

PYTHON ?= python3
python = .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help test demo demos lint types docs check oracle versions attack mutation stubs bench clean

help:
	@echo "make test     set up .venv (once) and run all tests"
	@echo "make demo     set up .venv (once) and train a classifier on real digits"
	@echo "make demos    run every demo"
	@echo "make check    lint, types, tests, docs"
	@echo "make oracle   compare every op, loss, layer and optimizer with PyTorch, which it installs"
	@echo "make versions run the tests on every Python that is installed, and on the oldest NumPy"
	@echo "make attack   kill it, starve it, feed it rubbish, by the thousand: docs/trust.md has the figures"
	@echo "make mutation make every formula a little wrong, one at a time: a test has to fail each time"
	@echo "make stubs    write methods.pyi, docs/ops.md and docs/api.md anew, after a change of ops or docstrings"
	@echo "make bench    compare the cost with the peers that are installed"
	@echo "make clean    remove .venv and all that was generated"

test: export OPENBLAS_NUM_THREADS ?= 1  # small matrices are multiplied faster by one thread
test: .venv/.test
	$(python) -m pytest

demo: .venv/.test
	$(python) -m demos digits

demos: .venv/.test
	$(python) -m demos --all

lint: .venv/.check
	$(python) -m ruff check
	$(python) -m ruff format --check

types: .venv/.check
	$(python) -m mypy

docs: .venv/.test
	$(python) -m pytest -q tests/test_readme.py

check: lint types test docs

oracle: .venv/.oracle
	$(python) -m pytest -q tests/oracle

versions: .venv/.test
	$(python) -m tests.versions

attack: .venv/.test
	$(python) -m tests.attacks

mutation: .venv/.test
	$(python) -m tests.mutation

stubs: .venv/.test
	$(python) -m tests.stub
	$(python) -m tests.ops_page
	$(python) -m tests.api_page

bench: .venv/.bench
	$(python) -m benchmarks

clean:
	rm -rf .venv build dist demos/output .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# .venv/.test, .venv/.check, .venv/.bench, .venv/.oracle say that this extra of pyproject.toml is installed.
.venv/.%: pyproject.toml | $(python)
	@echo "Installing what pyproject.toml asks for ('$*') into .venv, once ..."
	@$(python) -m pip install --quiet --editable '.[$*]' || { \
		echo "Could not install the packages that pyproject.toml names: is the package index (pypi.org, or the one in your pip.conf) within reach? Try again with: make $(MAKECMDGOALS)" >&2; exit 1; }
	@touch $@

# What is missing is said in one line, before anything is made.
works = $(shell $(PYTHON) -c $(1) >/dev/null 2>&1 && echo yes)
$(python):
	$(if $(call works,pass),,$(error '$(PYTHON)' does not run: install Python 3.11 or newer (Debian: apt install python3 python3-venv), or name yours: make $(MAKECMDGOALS) PYTHON=/path/to/python3))
	$(if $(call works,'import sys; assert sys.version_info >= (3, 11)'),,$(error '$(PYTHON)' is older than Python 3.11: install a newer one, and name it: make $(MAKECMDGOALS) PYTHON=python3.11))
	$(if $(call works,'import venv; import ensurepip'),,$(error '$(PYTHON)' has no venv or pip: install them (Debian: apt install python3-venv), then try again: make $(MAKECMDGOALS)))
	@$(PYTHON) -m venv --clear .venv
