# make demo   set up, then run the main job on a simulated sequence and show the scores
# make test   format check, lint, types, tests
# make docs   the documentation site, in build/docs
# make extras what optional tests need too: napari, GEFF, TensorBoard

PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= requirements/constraints.txt
BIN := $(VENV)/bin
PIP_CONSTRAINTS := $(if $(CONSTRAINTS),-c $(CONSTRAINTS))

.PHONY: help install extras demo test docs format clean

help:
	@sed -n 's/^# //p' Makefile

$(BIN)/.installed: pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: needs Python 3.11 or newer; name one with make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --upgrade $(PIP_CONSTRAINTS) --editable '.[pretrained,dev,docs]'
	@touch "$@"

install: $(BIN)/.installed

extras: install
	"$(BIN)/python" -m pip install --quiet $(PIP_CONSTRAINTS) \
	  --editable '.[pretrained,dev,docs,tensorboard,tracks]' 'napari>=0.5.4'

demo: install
	"$(BIN)/ctc-submit" demo

test: install
	"$(BIN)/ruff" format --check .
	"$(BIN)/ruff" check .
	"$(BIN)/mypy"
	"$(BIN)/python" -m pytest

docs: install
	"$(BIN)/sphinx-build" --fail-on-warning --fresh-env --quiet --jobs auto docs build/docs
	@echo build/docs/index.html

format: install
	"$(BIN)/ruff" format .
	"$(BIN)/ruff" check --fix .

clean:
	rm -rf "$(VENV)" build dist demo .mypy_cache .pytest_cache .ruff_cache
