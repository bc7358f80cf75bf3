# simrack: `make demo` and `make test` set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Most stories wait for modems and networks rather than for a processor.
SIDE_BY_SIDE := -n 4 --dist loadgroup

.PHONY: help demo test test-fast lint bench install clean

help:
	@echo "make demo        a simulated modem bank and the gateway, with one text told as a story (ARGS=--once ends after it)"
	@echo "make test        the whole suite"
	@echo "make test-fast   its fast part"
	@echo "make lint        ruff and mypy"
	@echo "make bench       the benchmarks; prints each figure beside its target"
	@echo "make install     the commands simrack and simrack-sim in $(VENV)"

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "simrack needs Python 3.11 or newer; try make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "the venv module is missing; on Debian: apt install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

install: $(VENV)/.installed

demo: $(VENV)/.installed
	@$(BIN)/simrack demo $(ARGS)

test: $(VENV)/.installed-test
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

test-fast: $(VENV)/.installed-test
	@$(BIN)/python -m pytest -m 'not slow' -n 2 $(ARGS)

lint: $(VENV)/.installed-test
	@$(BIN)/ruff check gateway simulator tests
	@$(BIN)/mypy

bench: $(VENV)/.installed-test
	@$(BIN)/python -m tests.bench $(ARGS)

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .hypothesis
