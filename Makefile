# Every target sets up what it needs; `make help` lists them.

IS_311 := import sys; sys.exit(sys.version_info[:2] != (3, 11))
PYTHON ?= $(shell for p in python3.11 python3; do $$p -c '$(IS_311)' 2>/dev/null && echo $$p && break; done)
PYTEST_ARGS ?=
WORKERS ?= 2

# uv brings Python 3.11 where there is none. Its installer and pipx put uv into ~/.local/bin.
UV := $(shell PATH="$$PATH:$$HOME/.local/bin" command -v uv)
MAKE_VENV = $(if $(PYTHON),"$(PYTHON)" -m venv .venv,"$(UV)" venv --quiet --python 3.11 --seed .venv)
define NO_PYTHON
sim2coco needs Python 3.11 (PyBullet has no wheels for later versions). Install it with one of these commands:
  Debian, Ubuntu   sudo apt install -y pipx && pipx install uv && make setup
  Fedora           sudo dnf install -y python3.11 && make setup
  macOS, conda     conda create -y -n py311 python=3.11 && conda run -n py311 make setup
or name an interpreter: make setup PYTHON=/path/to/python3.11
On macOS, setup stops there for now: requirements.lock has packages for Linux on x86-64 only.
endef
export NO_PYTHON
# Tests start hundreds of processes; without compiled files beside the sources each of them takes 1 s longer.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
TORCH := torch==2.13.0+cpu
RAY := ray==2.60.0
TORCH_INDEX := https://download.pytorch.org/whl/cpu
READY := .venv/.installed
STALE := $(shell test "$$(cat $(READY) 2>/dev/null)" = "$(CURDIR)" && $(BIN)/python -c '' 2>/dev/null || echo stale)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup torch ray demo test test-full check docs bench formats lock

help: ## Print this list.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

setup: $(READY) ## Create .venv with this package and the packages in requirements.lock.

# The stamp comes last and names this folder: a half-made, broken or moved environment is repaired, not trusted.
# --no-deps: albumentations asks for a second OpenCV wheel, which would own the same folder cv2/.
$(READY): requirements.lock pyproject.toml $(STALE)
	@$(if $(PYTHON),"$(PYTHON)" -c '$(IS_311)' 2>/dev/null,test -n "$(UV)") || { echo "$$NO_PYTHON" >&2; exit 1; }
	@test "$$(uname -sm)" = "Linux x86_64" \
		|| { echo "requirements.lock has packages for Linux on x86-64 only; this is $$(uname -sm)" >&2; exit 1; }
	@test ! -e $@ || test "$$(cat $@)" = "$(CURDIR)" || rm -rf .venv
	@rm -f $@
	@$(BIN)/python -c 'import pip; $(IS_311)' 2>/dev/null || { rm -rf .venv && $(MAKE_VENV); }
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-build-isolation -e .
	@echo "$(CURDIR)" > $@

.PHONY: stale
stale:

# The CPU build; PyPI's build needs another 2 GB for CUDA. Tests that need PyTorch are skipped without it.
torch: $(READY) ## Install PyTorch (CPU) for `sim2coco validate` and its tests.
	@$(BIN)/python -c 'import torch' 2>/dev/null || $(PIP) $(TORCH) || $(PIP) --index-url $(TORCH_INDEX) $(TORCH)

ray: $(READY) ## Install Ray for `engine=ray` and its tests.
	@$(BIN)/python -c 'import ray' 2>/dev/null || $(PIP) $(RAY)

demo: $(READY) ## Generate a small data set in data/demo and a contact sheet of its labelled images.
	$(BIN)/sim2coco generate experiment=demo out=data/demo
	$(BIN)/sim2coco show data/demo --sheet 48 --to data/demo_sheet.png

test: $(READY) ## Run all tests except slow ones (PYTEST_ARGS="-k word" selects some).
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) $(PYTEST_ARGS)

test-full: $(READY) ## Run all tests, including slow ones at full size.
	$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

check: $(READY) ## Check lint, formatting, types and import contracts.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY) ## Regenerate the generated pages in docs/.
	$(BIN)/python docs/build.py

bench: $(READY) ## Measure the time per image, end to end, by number of workers and by image size.
	$(BIN)/python -m benchmarks.end_to_end
	$(BIN)/python -m benchmarks.sizes

formats: $(READY) ## Read every format with other programs, each in its own environment, and write the results table.
	$(BIN)/python docs/formats/run.py

lock: ## Resolve the dependencies again and write requirements.lock (needs uv).
	@command -v uv >/dev/null || { echo "make lock needs uv on PATH: https://docs.astral.sh/uv/" >&2; exit 1; }
	uv lock
	uv export -q --no-emit-project --all-extras --no-extra validate --no-extra ray --group dev --format requirements-txt --no-header --no-annotate -o requirements.lock
