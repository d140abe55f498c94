# The same words for developers and for CI. `make demo` and `make test` set up what they need.
PYTHON ?= python3
BIN := .venv/bin
DEMO_ARGS ?=
TEST_ARGS ?=

.PHONY: install demo test lint format bench build servers clean

install: .venv/.installed

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: install
	$(BIN)/batteryd demo $(DEMO_ARGS)

test: install servers lint
	$(BIN)/pytest -n auto $(TEST_ARGS)

# Real servers for the tests, where this user may install them; their tests are skipped elsewhere.
servers:
	@tests/servers.sh

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install
	$(BIN)/python -m tests.bench $(BENCH_ARGS)

build: install
	$(BIN)/python -m build --outdir dist .

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
