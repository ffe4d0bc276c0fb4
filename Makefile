# `make demo` shows devenv at work, `make test` proves it; both set up what they need.
PYTHON ?= python3
BIN := .venv/bin
# Tests at once: those that need the engine wait much.
UNIT_WORKERS ?= 2
ENGINE_WORKERS ?= 4
# Cold starts that `make bench` measures: after each, all first connections must be let in.
BENCH_ROUNDS ?= 100
STANDINS ?= $(BIN)/python tests/images/build.py

.PHONY: help venv engine images devcontainer demo test lint unit engine-test bench clean

help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

venv: .venv/.done ## A virtual environment with devenv and all that its tests need

.venv/.done: pyproject.toml
	@tests/machine/python.sh $(PYTHON) .venv
	$(BIN)/pip install --quiet --editable '.[test]'
	@touch $@

engine: ## A container engine, Compose and a local registry (installs them on Debian as root)
	@tests/machine/engine.sh

images: venv engine ## The stand-ins for official images, built from Debian's packages
	@$(STANDINS)

demo: venv engine ## devenv up on examples/shop, and an application that uses all of it
	@$(BIN)/python examples/demo.py

test: lint unit engine-test ## Everything

lint: venv ## Style and types
	$(BIN)/ruff format --check devenv tests examples
	$(BIN)/ruff check devenv tests examples
	$(BIN)/mypy

unit: venv ## All tests that need no engine
	$(BIN)/pytest -q -m 'not engine' -n $(UNIT_WORKERS)

devcontainer: venv ## The reference CLI of devcontainers, from npm
	@tests/machine/devcontainer.sh $(BIN)/python

engine-test: images devcontainer ## Tests against a real engine and real servers
	$(BIN)/pytest -q -m engine -n $(ENGINE_WORKERS) --dist loadfile --no-loadscope-reorder

bench: images ## Measure, beside the peers; writes docs/benchmarks.md and docs/benchmarks-data.md
	$(BIN)/python -m tests.bench --rounds $(BENCH_ROUNDS)
	$(BIN)/python -m tests.bench.data --gigabytes 1 5

clean: ## Remove what was built here
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
