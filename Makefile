# One virtual environment, made on first use; every target needs nothing but Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet

.PHONY: venv demo test lint bench clean

venv: $(VENV)/.runtime

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python pyproject.toml
	$(PIP) -e '.[all]'
	touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(PIP) -e '.[dev]'
	touch $@

$(VENV)/.bench: $(VENV)/.runtime
	$(PIP) -e '.[bench]'
	touch $@

demo: $(VENV)/.runtime
	$(BIN)/kansym discover datasets/kepler.csv --target period --seconds 30 --seed 0 --out runs/kepler

test: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

bench: $(VENV)/.bench
	$(BIN)/python -m kansym.benchmark

clean:
	rm -rf $(VENV) runs build dist .pytest_cache .ruff_cache .hypothesis
