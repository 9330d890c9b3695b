# Everything here runs from .venv/ in this folder, which is made when it is absent. Nothing else on the machine changes.
# Without make: see "Without make" in docs/reference.md; each target below is a few ordinary commands.

PYTHON  ?= python3
WORKERS ?= 2

VENV  := .venv
BIN   := $(VENV)/bin
# One file per kind of installation. It is older than pyproject.toml after a change there, so make installs again.
READY := $(VENV)/.installed
LAB   := $(VENV)/.installed-lab
DEV   := $(VENV)/.installed-dev
BENCH := $(VENV)/.installed-bench
TALK  := $(VENV)/.installed-talk
BOOK  := $(VENV)/.installed-book

DEMO := runs/demo
ARMS := random,random+more,random+triplets,random+graph

.DEFAULT_GOAL := help
.PHONY: help demo lab test lint format notebooks notebooks-check artifacts bench talk book offline clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "PYTHON=python3.12 chooses the Python (3.11 or newer) that makes .venv; WORKERS=4 runs more tests at once;"
	@echo "ARGS='--folder mine --no-browser -- --port 9000' goes to 'make lab'."
	@echo "NOTEBOOKS='--execute 03' chooses notebooks and executes them again."

demo: $(READY)  ## install, check the machine, compare four arms on built-in pictures (under 10 minutes)
	@$(BIN)/mmtutorial doctor
	@$(BIN)/mmtutorial run --dataset scenes --preset class --arms $(ARMS) --seeds 0 --out $(DEMO) \
	    $(if $(wildcard $(DEMO)),--resume)

lab: $(LAB)  ## install JupyterLab, copy the notebooks to a folder of yours and open them there
	@$(BIN)/mmtutorial lab $(ARGS)

# One thread per worker: workers that each take every core slow one another down.
test: lint  ## install the tools, check the style and the types, run all tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

lint: $(DEV)  ## check the style (ruff), the types (mypy) and who imports whom (import-linter)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV)  ## rewrite the code in the house's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(DEV)  ## make the notebooks from notebooks/src, executing those with solutions that changed
	OMP_NUM_THREADS=1 $(BIN)/python -m notebooks.generator $(NOTEBOOKS)

notebooks-check: $(DEV)  ## say which notebooks are not what their masters make
	$(BIN)/python -m notebooks.generator --check

artifacts: $(READY)  ## tune again and write what notebook 05 shows (about three minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m mmtutorial.artifacts.make tuning-frames

bench: $(BENCH)  ## time us beside other packages and plain loops (under 20 minutes); writes docs/speed.md
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks

talk: $(TALK)  ## make the talk: one HTML file that needs no network, and a PDF; in build/talk
	@OMP_NUM_THREADS=1 $(BIN)/python -m talk $(ARGS)

book: $(BOOK)  ## make the book: notebooks and guides as pages that need no installation; in build/book
	@OMP_NUM_THREADS=1 $(BIN)/python -m book $(ARGS)

offline: $(TALK) book  ## pack wheels, notebooks, talk and book for a room without internet; in build/offline
	@OMP_NUM_THREADS=1 $(BIN)/python -m offline $(ARGS)

clean:  ## remove caches, build outputs and the demo's run; .venv and other runs stay
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis $(DEMO)
	find mmtutorial tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --clear: what stands there without a working Python inside is the rest of an interrupted or outdated set-up.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "mmtutorial needs Python 3.11 or newer and '$(PYTHON)' is missing or older: install one and name it, as in 'make PYTHON=python3.12 $(or $(firstword $(MAKECMDGOALS)),demo)'" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "'$(PYTHON)' cannot make a virtual environment: install its venv package (on Debian and Ubuntu 'sudo apt install python3-venv') and try again" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

$(READY): pyproject.toml | $(BIN)/python
	@echo "Installing mmtutorial into $(VENV) (some minutes the first time, as PyTorch is large)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(BIN)/python -m pip install -e '.[photos]'
	@touch $@

$(LAB): pyproject.toml | $(BIN)/python
	@echo "Installing mmtutorial and JupyterLab into $(VENV) (some minutes the first time, as PyTorch is large)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(BIN)/python -m pip install -e '.[lab,photos]'
	@touch $(READY) $@

$(DEV): pyproject.toml | $(BIN)/python
	@echo "Installing mmtutorial and its development tools into $(VENV) (some minutes the first time, as PyTorch is large)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(BIN)/python -m pip install -e '.[dev]'
	@touch $(READY) $(LAB) $@

$(TALK): pyproject.toml | $(BIN)/python
	@echo "Installing mmtutorial and what the talk needs into $(VENV) (some minutes the first time, as PyTorch is large)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(BIN)/python -m pip install -e '.[talk,photos]'
	@touch $(READY) $@

$(BOOK): pyproject.toml | $(BIN)/python
	@echo "Installing mmtutorial and what makes the book into $(VENV) (some minutes the first time, as PyTorch is large)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(BIN)/python -m pip install -e '.[book,lab,photos]'
	@touch $(READY) $(LAB) $@

$(BENCH): pyproject.toml | $(BIN)/python
	@echo "Installing mmtutorial and what it is compared with into $(VENV) (some minutes the first time, as PyTorch is large)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(BIN)/python -m pip install -e '.[bench,photos]'
	@touch $(READY) $@
