# Two commands do everything on a fresh machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1

.PHONY: demo test slow coverage lint types layers bench live-check clean

# The main job on the embedded study: differential, signature, scores, associations, package, verification, report.
demo: $(READY)
	@$(BIN)/exomics run exercise_response --configfile simulated -d demo --cores 2

test: $(READY)
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

# Only the files that hold long proofs are collected.
slow: $(READY)
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist loadfile -m slow $$(grep -rl --include='test_*.py' mark.slow tests)

# The lines and branches of exomics/ that the tests reach, kernels apart: compiled code counts no lines.
coverage: $(READY)
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow" --cov --cov-report term

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports

# Ours beside the peers that are installed, in one run, one thread.
bench: $(READY)
	$(ONE_THREAD) $(BIN)/python -m tests.benchmarks

# A few public sources over the network, those included whose bytes were never seen: have their addresses moved?
live-check: $(READY)
	@$(BIN)/python -m tests.live_check

# The environment. `pip install -e .` in an environment of your own does as well.
$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "exomics needs Python 3.11 or newer as $(PYTHON); set PYTHON=..." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing exomics and its dependencies into $(VENV) (a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $(READY)

clean:
	rm -rf $(VENV) results build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
