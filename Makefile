# Everything here works on a machine that has Python 3.11 or newer and make; nothing else is assumed.
PYTHON ?= python3
PORT ?= 8765
MINUTES ?= 10
SEED ?= 1
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# What has been compiled once is kept, whatever this shell thinks of it: each process starts a quarter of a second sooner.
unexport PYTHONDONTWRITEBYTECODE

# Three at a time, since tests wait for disk and database as well; whoever is done first takes over from the others.
SPREAD := -n 3 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help install demo test test-ci test-all lint fmt audit bench bench-smoke bench-signals faults lock clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; say which: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes --only-binary :all: -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q bot handlers storage
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) install --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@

install: $(VENV)/.installed  ## make .venv with everything the bot needs

demo: install  ## the whole thing on this machine: a page with three phones, no token, no account
	$(BIN)/checkin-bot demo --port $(PORT)

test: $(VENV)/.installed-dev  ## all tests, on SQLite and on a real PostgreSQL that the tests start
	$(BIN)/python -m pytest $(SPREAD) -m 'not slow' -q

test-ci: $(VENV)/.installed-dev  ## the long ones too, but for those that take minutes each: what .ci/run runs
	$(BIN)/python -m pytest $(SPREAD) -m 'not at_length' -q

test-all: $(VENV)/.installed-dev  ## every test there is: whole processes killed, cut off, backed up and put back as well
	$(BIN)/python -m pytest $(SPREAD) -q

lint: $(VENV)/.installed-dev  ## style, types, and who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/.installed-dev  ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)-audit/.installed: requirements-audit.lock
	$(PYTHON) -m venv $(VENV)-audit
	$(VENV)-audit/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary :all: -r requirements-audit.lock
	@touch $@

audit: $(VENV)-audit/.installed  ## known weaknesses of what is locked; needs an advisory service on the network
	$(VENV)-audit/bin/pip-audit --disable-pip --require-hashes --progress-spinner off $(AUDIT) -r requirements.lock -r requirements-dev.lock

bench-smoke: $(VENV)/.installed-dev  ## that the benchmarks still run; says nothing about speed
	$(BIN)/python -m tests.benchmarks --smoke

bench: $(VENV)/.installed-dev  ## how fast it is, against plain peers in the same run
	$(BIN)/python -m tests.benchmarks

bench-signals: $(VENV)/.installed-dev  ## how good the rules are, on made-up clients; writes docs/signals-benchmark.md
	$(BIN)/python -m tests.benchmarks.signals --write

faults: $(VENV)/.installed-dev  ## kill -9, a third of all calls going wrong, on both databases: make faults MINUTES=10 SEED=1 KILLS=200
	$(BIN)/python -m tests.faults --minutes $(MINUTES) --seed $(SEED) $(if $(KILLS),--kills $(KILLS))

lock:  ## choose versions anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --extra build pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --extra build --extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --group audit -o requirements-audit.lock

clean:  ## take away what the commands above made
	rm -rf $(VENV) $(VENV)-audit dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache
