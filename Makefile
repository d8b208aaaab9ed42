# Songnuan. `make demo` lives a union's year and writes its report; `make test` checks everything; `make serve` opens the office.
# Both servers come along as wheels; set DATABASE_URL and REDIS_URL to use servers of your own.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# An environment knows the folder it was made in: a moved clone makes a new one.
HERE := $(shell pwd | cksum | cut -d' ' -f1)
RUN := $(VENV)/ready-$(HERE)
DEV := $(VENV)/ready-dev-$(HERE)
# What the house is measured against lives in an environment of its own.
RIVAL := var/bench/django

# Chinese in paths and on the screen, whatever the shell was told.
export PYTHONUTF8 := 1
export LC_ALL := C.UTF-8
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help demo serve test lint fuzz canary fire bench bench-profile bench-scale lock clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

demo: $(RUN) ## a union's year, from the first survey to the annual report, into var/demo
	@$(BIN)/songnuan demo

serve: $(RUN) ## the office, at an address it prints
	@$(BIN)/songnuan serve $(if $(wildcard var/postgres),,$(if $(wildcard var/demo/token),--demo))

lint: $(DEV) ## style, types and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# The order of the tests and what they draw begins here: the same in every run, until another number is given.
SEED ?= 20251125

test: lint ## lint, then every test
	SONGNUAN_CHAOS_SEED=$(SEED) $(BIN)/pytest -n 2 --dist loadgroup --randomly-seed=$(SEED)

fire: $(DEV) ## the foundation under fire: long races, kills and recounts, and a table of figures with their seeds
	$(BIN)/pytest tests/chaos -m chaos -n 0 -p no:randomly

bench: $(DEV) $(RIVAL)/ready ## whole case lives a second: the one door beside hand-written psycopg and its peers, into var/bench
	PYTHONPATH=. $(BIN)/python -m benchmarks.contest --django $(RIVAL)/bin/python

fuzz: $(DEV) ## schemathesis, all phases, with each role's token: no 5xx, no broken contract
	PYTHONPATH=. $(BIN)/python -m tests.fuzz.fuzzing

canary: $(DEV) ## a thousand planted families: nowhere in plain
	CANARIES=1000 $(BIN)/pytest -q -s tests/worker/test_canary.py

bench-profile: $(DEV) ## where the time of a case's life goes: take() beside the hand-written program, in milliseconds
	PYTHONPATH=. $(BIN)/python -m benchmarks.where_it_goes

bench-scale: $(DEV) ## a record of a million cases: lists, inbox, figures, the audit (SIZES="10000 100000" for less, or 10000000)
	PYTHONPATH=. $(BIN)/python -m benchmarks.scale $(if $(SIZES),--sizes $(SIZES)) $(if $(ROOM),--room $(ROOM))

lock: ## choose the versions of everything anew (needs uv)
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile $(COMPILE) --group build pyproject.toml -o requirements.lock
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile $(COMPILE) --group build --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile $(COMPILE) -c requirements-dev.lock benchmarks/requirements-django.in -o benchmarks/requirements-django.lock
COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade

clean: ## take away the environment and what the tools keep; the record in var/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

$(RUN): requirements.lock pyproject.toml .ci/environment
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh .ci/environment requirements.lock $@

$(DEV): requirements-dev.lock pyproject.toml .ci/environment
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh .ci/environment requirements-dev.lock $@

$(RIVAL)/ready: benchmarks/requirements-django.lock | $(DEV)
	rm -rf $(RIVAL) && $(BIN)/python -m venv $(RIVAL)
	$(RIVAL)/bin/python -m pip install -qq --no-input --no-deps --require-hashes --only-binary :all: -r $<
	@touch $@
