# One virtual environment, made on first use; every target needs nothing but Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet

.PHONY: venv demo test test-long lint docs bench bench-gpu golden clean

venv: $(VENV)/.runtime

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python pyproject.toml
	$(PIP) -e '.[all]'
	touch $@

# One installation for a fresh clone: it has all that .runtime has.
$(VENV)/.test: $(VENV)/bin/python pyproject.toml
	$(PIP) -e '.[test]'
	touch $(VENV)/.runtime $@

$(VENV)/.dev: $(VENV)/.test
	$(PIP) -e '.[dev]'
	touch $@

$(VENV)/.docs: $(VENV)/.runtime
	$(PIP) -e '.[docs]'
	touch $@

$(VENV)/.bench: $(VENV)/.runtime
	$(PIP) -e '.[bench]'
	touch $@

demo: $(VENV)/.runtime
	$(BIN)/kansym discover datasets/kepler.csv --target period --seconds 20 --seed 0 --out runs/kepler

test: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --max-worker-restart 0 --dist loadfile --no-loadscope-reorder \
		-m 'not pages and not long'

# Whole searches of some seconds each, beside which `make test` has shorter tests of the same code.
test-long: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --max-worker-restart 0 --dist load -m long

# Where candidates are made and judged nothing branches more than this.
SEARCH_ROOMS := $(addprefix kansym/,conserved dynamics extraction forms groups implicit kan search structure terms)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff check --select C901 --config 'lint.mccabe.max-complexity=12' $(SEARCH_ROOMS)
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# Warnings are errors. The gallery runs every example, which takes some minutes; KANSYM_GALLERY=0 leaves it unexecuted.
docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -b html -d docs/_build/doctrees -n -W --keep-going -q docs docs/_build/html
	$(BIN)/python docs/check_site.py docs/_build/html
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/docs tests/test_examples.py tests/kan/test_hello.py -m pages
	@echo "docs/_build/html/index.html"

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.speed

# On a machine with a CUDA card: its tests, then the card beside one core.
bench-gpu: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m cuda
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.card

# Eighty searches that must find what they found before; see benchmarks/golden.py.
golden: $(VENV)/.runtime
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.golden

clean:
	rm -rf $(VENV) runs build dist docs/_build docs/gallery docs/api/generated .pytest_cache .ruff_cache .hypothesis
