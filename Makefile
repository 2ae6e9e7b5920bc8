# Two commands: `make run` does the main job, `make test` runs all checks. Both set everything up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run docs test test-run test-compiled test-slow test-mutants bench bench-quick bench-load lint setup lock clean help

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed  ## create .venv from requirements.lock
	@mkdir -p -m 700 .stammdaten

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	@echo "Setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --require-hashes --no-deps --requirement requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

run: setup  ## load the ERP, build the marts, push what changed (without an ERP: a sample portfolio and a local sandbox)
	@$(BIN)/stammdaten run

lint: setup  ## read the code without running it; FILE=models/… is one model (or folder) in seconds
ifdef FILE
	$(BIN)/sqlfluff lint $(FILE) --disable-progress-bar
else
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint models --processes 2 --disable-progress-bar  # macros and generic tests are no SQL by themselves
endif

# Compiled once, the tests are not compiled anew by each worker, whatever the environment says.
test test-run test-compiled: export PYTHONDONTWRITEBYTECODE :=

# Lint beside the tests: both wait for a disk or a server now and then.
test: setup  ## all checks but the long ones
	@$(MAKE) --no-print-directory --jobs 2 lint test-run

# More workers than cores, as half of a test is waiting.
test-run: test-compiled
	$(BIN)/pytest -rs -m "not slow" --numprocesses 4 --dist loadfile --no-loadscope-reorder

test-compiled: setup
	@$(BIN)/pytest --collect-only --quiet --quiet >/dev/null

test-slow: setup  ## the long suites: whole systems, all cases of each matrix of faults; and the SQL that dbt makes of the models
	$(BIN)/sqlfluff lint models --config tests/all_partners.sqlfluff --processes 2 --disable-progress-bar
	$(BIN)/pip install --quiet --require-hashes --no-deps --no-build-isolation --requirement requirements-spark.lock  # docs/engines.md
	$(BIN)/pytest -m slow

test-mutants: setup  ## drop, rename, swap, mistype each mapped field: do the tests see it?
	$(BIN)/python -m tests.mutants

docs: setup  ## build the site of the docs in target/site: search, rules, lineage, dbt's docs; needs no network
	@$(BIN)/python -m pipelines.docs_site

bench: setup  ## measures everything up to 1,000,000 units and writes docs/benchmarks.md (about an hour)
	$(BIN)/python -m benchmarks --page

bench-quick: setup  ## the same measurements in small, under three minutes
	$(BIN)/python -m benchmarks --quick

bench-load: setup  ## the load of 1,000,000 units against the least that could be done
	$(BIN)/python -m benchmarks.load

lock:  ## renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --extra spark --constraint requirements.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements-spark.lock

clean:  ## remove the environment and everything a run wrote
	rm -rf $(VENV) .stammdaten target logs
