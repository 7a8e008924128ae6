# `make` alone explains itself. Everything runs in .venv, which `make setup` (called by the others) makes by itself.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
# Tests wait most of the time: three of them keep two cores busy.
WORKERS ?= 3
.DEFAULT_GOAL := help
.PHONY: help setup demo test check format gen faults chaos bench clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv with pinned packages and bundle the bridge (again only what changed)
	@$(PYTHON) scripts/setup.py

demo: setup ## link, send, receive and tell against the simulated WhatsApp; ARGS=--once ends by itself
	@$(BIN)/wagate demo $(ARGS)

test: setup check ## linters, types and every test, on real parts (about as long as a coffee)
	@$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadfile $(ARGS)

check: setup ## ruff, mypy strict and the bridge's types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q . && $(BIN)/mypy && $(BIN)/python scripts/check_bridge.py

format: setup ## put the code into the house's form
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

gen: setup ## remake everything generated: protobuf, frame types, reference pages
	@for script in scripts/gen_*.py; do echo "$$script"; $(BIN)/python $$script || exit 1; done

faults: setup ## the long fault run: at least 100 kills, checked from the sandbox's records (ARGS="--seed 7")
	@$(BIN)/python -m tests.faults.run $(ARGS)

chaos: setup ## strike a whole fleet under load, checked from others' records (ARGS="--seed 7 --minutes 10 --faults F1,F12")
	@$(BIN)/python -m tests.chaos.run $(ARGS)

bench: setup ## measure against bare Baileys and write bench/RESULTS.md
	@$(BIN)/python -m bench $(ARGS)

clean: ## remove what setup made
	@rm -rf .venv bridge/node_modules src/wagate/engine/baileys/bridge.mjs
