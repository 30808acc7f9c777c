# Each command works alone on a fresh machine: it makes .venv and installs what it needs first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test check lint format bench shots lock

PYTHON := .venv/bin/python
PORT ?= 8501
# Further arguments for pytest, e.g. make test ARGS="-k floors"
ARGS ?=
# How many tests run at once, each with servers and databases of its own: more than there are cores, as a part of them
# waits at any time for a browser, a process or a clock
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) * 3 / 2 )))
PARALLEL := --numprocesses=$(WORKERS) --maxprocesses=8 --dist=worksteal

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

run: .venv/.runtime ## Start the lab and print its address (PORT=8501)
	@$(PYTHON) scripts/run.py --port $(PORT)

# SQLite, PostgreSQL and the browser write all the time: in memory, where the system has a place for that and room in it.
ROOMY := $(shell df --output=avail,target /dev/shm 2>/dev/null | awk '$$1 > 4000000 && $$2 == "/dev/shm"')
test check: export TMPDIR := $(if $(ROOMY),/dev/shm,$(or $(TMPDIR),/tmp))
# Compiled tests are kept: to compile them takes half of the time in which they're collected, in each process.
unexport PYTHONDONTWRITEBYTECODE

test: .venv/.tests ## Run every test, style and floors included
	@scripts/system_packages.sh
	@$(PYTHON) -m pytest $(PARALLEL) $(ARGS)

# Left out is what tests/support/kinds.py marks.
ENGINE := tests/lab tests/library tests/project
LONGER := browser or server or pages or postgresql or processes or catalogue or properties
check: .venv/.tests ## Run style, types, floors and the engine's tests, for the everyday loop
	@$(PYTHON) -m pytest $(PARALLEL) -m "not ($(LONGER))" $(ENGINE) $(ARGS)

lint: .venv/.tests ## Check style, types and floors only
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@$(PYTHON) -m pytest -q tests/project/test_floors.py

format: .venv/.tests ## Lay the code out and repair what can be repaired
	@$(PYTHON) -m ruff check --fix-only --quiet .
	@$(PYTHON) -m ruff format .

bench: .venv/.tests ## Measure speed
	@scripts/system_packages.sh
	@$(PYTHON) -m benchmarks

shots: .venv/.tests ## Take the screenshots anew
	@scripts/system_packages.sh
	@$(PYTHON) scripts/screenshots.py

lock: ## Pin what the direct dependencies bring along anew
	@scripts/lock.sh

.venv/.made: scripts/environment.sh
	@scripts/environment.sh

.venv/.runtime: requirements.txt constraints.txt | .venv/.made
	@echo "Installing what the lab needs into .venv (once, about a minute)"
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --requirement requirements.txt
	@touch $@

.venv/.tests: requirements-test.txt .venv/.runtime
	@echo "Installing what the tests need into .venv (once)"
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --requirement requirements-test.txt
	@touch $@
