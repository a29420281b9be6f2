# Every target does its own set-up; `make` alone lists the targets.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help setup demo test check thorough bench fuzz faults wheel lock clean
help:            ## List the targets
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## Make .venv with the command `interop` in it
$(READY): requirements.lock fhir.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 setup"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV) || { echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: --requirement fhir.lock --dest $(VENV)/fhir
	$(BIN)/interop package add $(VENV)/fhir/*.whl
	@touch $(READY)

demo: $(READY)   ## Exchange a client plan among the three sandboxes and show what happened
	@$(BIN)/interop demo

# A fixed hash seed makes generated examples the same on every machine where CI is set.
test: check      ## Run every check and every test
	PYTHONHASHSEED=0 $(BIN)/python -m pytest

check: $(READY)  ## Run the checks alone: format, lint, types, layers, dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

thorough: check  ## Run the tests with many more generated examples
	$(BIN)/python -m pytest --thorough

bench: $(READY)  ## Print documents per second, step by step
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.exchange

fuzz: $(READY)   ## Feed damaged documents and definitions to every reader, for hours; `make test` does so a short while
	$(BIN)/python -m pytest tests/fuzz --hypothesis-profile=fuzz

faults: $(READY) ## Break the exchange on purpose: DOCUMENTS=1000 SEED=1 WORKERS=2
	$(BIN)/python -m tests.faults --documents $(or $(DOCUMENTS),1000) --seed $(or $(SEED),1) --workers $(or $(WORKERS),2)

wheel: $(READY)  ## Build the wheel into dist/
	$(BIN)/python -m hatchling build --target wheel --directory dist

LOCK = $(BIN)/uv pip compile pyproject.toml --extra otel --universal --generate-hashes --quiet --no-header
lock: $(READY)   ## Lock the dependencies anew, with hashes and without hosts
	$(LOCK) --group dev --output-file requirements.lock
	$(LOCK) --constraint requirements.lock --output-file packaging/requirements.lock

clean:           ## Remove what set-up and tests have made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
