# Two commands: `make demo` shows the product on this repository, `make test` proves it.
# Each works from nothing but Python 3.11+ and pip; README.md has the same for Windows.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install --constraint constraints.txt

NEW_ENOUGH := import sys; sys.version_info < (3, 11) and \
	sys.exit("This needs Python 3.11 or newer; name one, such as: make PYTHON=python3.12 demo")

.PHONY: demo test lint types imports unit clean

demo: $(VENV)/.installed
	$(BIN)/rlm-mcp index --root .
	$(BIN)/rlm-mcp search --root . --limit 3 "where is the master key read from"
	$(BIN)/rlm-mcp ask --root . "how are pages sealed?"

test: lint types imports unit

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/basedpyright --pythonpath $(BIN)/python

imports: $(VENV)/.installed-dev
	$(BIN)/lint-imports

unit: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

clean:
	rm -rf $(VENV)

# An environment that is half made, or of a Python too old, would be taken for a whole one later.
$(VENV)/bin/python:
	@$(PYTHON) -c '$(NEW_ENOUGH)'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing into $(VENV), about a minute ..."
	$(INSTALL) --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable '.[dev]'
	touch $@ $(VENV)/.installed
