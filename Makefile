# Every target does its own set-up on a fresh clone: `make demo` and `make test` need only Python 3.11 and a network.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.eqdsl-installed
DEMO ?= runs/pendulum

.PHONY: help setup demo test test-all lint grammar bench bench-fit bench-speed build clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## make .venv and install eqdsl in it, editable, with the tested versions

$(STAMP): pyproject.toml .ci/constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[plot,data,dev]'
	@touch $@

demo: $(STAMP)  ## make pendulum data, fit the model to them, score it and say what was found (two minutes)
	mkdir -p $(dir $(DEMO))
	$(BIN)/python examples/pendulum/make_data.py
	$(BIN)/eqdsl show examples/pendulum/model.eq
	$(BIN)/eqdsl fit examples/pendulum/model.eq examples/pendulum/train.h5 -o $(DEMO) --minutes 1 --force
	$(BIN)/eqdsl evaluate $(DEMO) examples/pendulum/test.h5
	$(BIN)/eqdsl inspect $(DEMO) --distil --report $(DEMO)/report.html --force

test: $(STAMP)  ## the tests, without those marked slow
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto

test-all: $(STAMP)  ## all tests, the slow ones included
	$(BIN)/python -m pytest -m ''

lint: $(STAMP)  ## style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

grammar: $(STAMP)  ## the parser's tables, after a change of grammar/eqdsl.lark
	PYTHONHASHSEED=0 $(BIN)/python -m eqdsl.syntax.tables

bench: $(STAMP)  ## the benchmarks in benchmarks/
	$(BIN)/python -m benchmarks

bench-fit: $(STAMP)  ## fits with known answers: APHYNITY's table and others; goes on where it was stopped (hours)
	$(BIN)/python -m benchmarks.fits

bench-speed: $(STAMP)  ## speed with peers, on one core and two; on a machine that does nothing else (25 minutes)
	$(BIN)/python -m benchmarks.speed --threads 1 2 --write

build: $(STAMP)  ## wheel and source archive in dist/
	$(BIN)/python -m build --no-isolation

clean:  ## remove what the targets made
	rm -rf $(VENV) dist build $(DEMO) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
