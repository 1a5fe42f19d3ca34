# Every target sets up what it needs; `make help` lists them.

IS_311 := import sys; sys.exit(sys.version_info[:2] != (3, 11))
PYTHON ?= $(shell for p in python3.11 python3; do $$p -c '$(IS_311)' 2>/dev/null && echo $$p && break; done)
PYTEST_ARGS ?=
WORKERS ?= 2

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
READY := .venv/.installed
STALE := $(shell test "$$(cat $(READY) 2>/dev/null)" = "$(CURDIR)" && $(BIN)/python -c '' 2>/dev/null || echo stale)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test test-full check docs bench lock

help: ## Print each target with its sentence.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

setup: $(READY) ## Make .venv with the packages that requirements.lock names, and this one.

# The stamp comes last and names this folder: a half-made, broken or moved environment is repaired, not trusted.
# --no-deps: albumentations asks for a second OpenCV wheel, which would own the same folder cv2/.
$(READY): requirements.lock pyproject.toml $(STALE)
	@test -n "$(PYTHON)" && "$(PYTHON)" -c '$(IS_311)' 2>/dev/null \
		|| { echo "sim2coco needs Python 3.11: install it, or name it: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test ! -e $@ || test "$$(cat $@)" = "$(CURDIR)" || rm -rf .venv
	@rm -f $@
	@$(BIN)/python -c 'import pip; $(IS_311)' 2>/dev/null || { rm -rf .venv && "$(PYTHON)" -m venv .venv; }
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-build-isolation -e .
	@echo "$(CURDIR)" > $@

.PHONY: stale
stale:

demo: $(READY) ## Generate a small data set in data/demo and show it as a sheet of pictures.
	$(BIN)/sim2coco generate experiment=demo out=data/demo
	$(BIN)/sim2coco show data/demo --sheet 48 --to data/demo_sheet.png

test: $(READY) ## Run the tests, without those marked slow (PYTEST_ARGS="-k word" for some).
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) $(PYTEST_ARGS)

test-full: $(READY) ## Run every test, the long ones at full size.
	$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

check: $(READY) ## Lint, formatting, types and import contracts.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY) ## Write the generated pages of docs/ anew.
	$(BIN)/python docs/build.py

bench: $(READY) ## Measure how long pictures take, end to end, by workers and by size.
	$(BIN)/python -m benchmarks.end_to_end
	$(BIN)/python -m benchmarks.sizes

lock: ## Resolve the dependencies anew into requirements.lock (needs uv).
	@command -v uv >/dev/null || { echo "make lock needs uv on PATH: https://docs.astral.sh/uv/" >&2; exit 1; }
	uv lock
	uv export -q --no-emit-project --all-extras --group dev --format requirements-txt --no-header --no-annotate -o requirements.lock
