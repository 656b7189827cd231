# Every job of the house; `make` alone prints this menu.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := menu
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
# Further arguments of pytest: make test PYTEST_ARGS="-k lanes -x"
PYTEST_ARGS ?=
# Test files run side by side in this many processes, on two cores three, since end-to-end tests mostly wait; those of
# the browser, which never wait, after the others in fewer, each with a server.
WORKERS ?= 3
BROWSERS ?= 2
# Arguments of the benchmark: make bench BENCH_ARGS="--events 50000"
BENCH_ARGS ?=
HOST ?= 127.0.0.1
PORT ?= 8080

.PHONY: menu
menu:  ## print this menu
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- use ---------------------------------------------------------------------------------------

.PHONY: install
install: .venv/.installed  ## make .venv and install Shipbell there, from the hashed lock

.venv/.installed: requirements/dev-lock.txt pyproject.toml tools/make_venv.sh
	@PYTHON="$(PYTHON)" tools/make_venv.sh
	@echo "Installing Shipbell into .venv (once, about a minute) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev-lock.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: demo
demo: install  ## show CI events reaching a simulated WeCom group; ends by itself
	@$(BIN)/shipbell demo

.PHONY: run
run: install  ## serve API, hooks and worker on HOST:PORT (127.0.0.1:8080) until Ctrl-C
	@$(BIN)/shipbell serve --host "$(HOST)" --port "$(PORT)"

# --- build -------------------------------------------------------------------------------------

.PHONY: test
test: install wanted check  ## what CI runs: check, then every test but the drills
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not drill and not browser" $(PYTEST_ARGS)
	@$(BIN)/python -m pytest -n $(BROWSERS) --dist loadfile -m browser $(PYTEST_ARGS)

.PHONY: check
check: install  ## format, lint, types, import directions, size guard, licences
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "Not formatted; make format mends it." >&2; exit 1; }
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/size_guard.py
	@$(BIN)/python tools/licences.py

.PHONY: format
format: install  ## format the code and sort the imports
	@$(BIN)/ruff check --quiet --select I --fix .
	@$(BIN)/ruff format --quiet .

.PHONY: drills
drills: install wanted  ## the long tests: kill, flood, stall, throttle, stop, API walks
	@$(BIN)/python -m pytest -m drill $(PYTEST_ARGS)

.PHONY: bench
bench: install  ## events accepted and delivered a second, CPU and memory, on this machine
	@$(BIN)/python bench/throughput.py $(BENCH_ARGS)

.PHONY: bench-pages
bench-pages: install  ## every page with 1,000 subscriptions and 1,000,000 deliveries: time, bytes, query plans
	@$(BIN)/python bench/pages.py $(BENCH_ARGS)

.PHONY: docs
docs: install  ## write docs/reference again from the code
	@$(BIN)/python tools/reference.py

.PHONY: screenshots
screenshots: install wanted  ## photograph the console into docs/screenshots
	@$(BIN)/python tools/screenshots.py

.PHONY: deps
deps:  ## as root on Debian or Ubuntu: install Chromium, Chinese fonts and promtool, for the tests
	@tools/system_deps.sh install

# In CI what is missing is installed; anywhere else it is named, since nobody asked to change the machine.
.PHONY: wanted
wanted:
	@tools/system_deps.sh $(if $(filter-out false 0,$(CI)),install)

.PHONY: lock
lock: install  ## renew requirements/*.txt from pyproject.toml
	@$(LOCK) pyproject.toml -o requirements/lock.txt
	@$(LOCK) -c requirements/lock.txt --group dev --extra otel pyproject.toml -o requirements/dev-lock.txt

# Universal: one lock for every Python from 3.11 on and every processor; it names no host and no folder.
LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.PHONY: clean
clean:  ## remove .venv and every cache; shipbell-data stays
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
