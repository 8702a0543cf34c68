# The book's commands. `make book` and `make test` are all that a reader needs; the rest is for authors.
PYTHON ?= python3
BIN := .venv/bin
HTML := build/_build/html
INSTALLED := build/installed
SOURCES := src tests tools training book/_ext
SLOW := tests/test_site.py tests/test_firefox.py tests/test_webkit.py # first, so that both cores are busy to the end
TESTS := $(SLOW) $(filter-out $(SLOW),$(wildcard tests/test_*.py)) notebooks src

export PATH := $(CURDIR)/$(BIN):$(PATH)
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: help book site test lint js browsers notebooks lab bench widgets versions links clean

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1: /p' Makefile

book: site ## build the site and serve it on localhost until Ctrl-C
	@$(BIN)/python tools/serve.py $(HTML)

site: .venv/ready ## build the site into build/
	$(BIN)/jupyter-book build . --path-output build -W --keep-going -q > /dev/null

test: lint js browsers $(INSTALLED)/ready ## run every check: style, JavaScript, Python, site, browser, wheel, notebooks
	JUPYTER_PATH=$(CURDIR)/$(INSTALLED)/share/jupyter $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --nbval --nbval-kernel-name installed --nbval-cell-timeout 120 --durations 25 $(TESTS)

lint: .venv/ready ## check the style of the Python sources and the types of the library
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

js: widgets/node_modules ## run the JavaScript unit tests
	cd widgets && node --test

browsers: .venv/ready ## bring the browsers that the tests need, where they are missing
	$(BIN)/python tools/browsers.py

notebooks: .venv/ready ## execute and normalise every notebook
	$(BIN)/python tools/notebooks.py execute

lab: .venv/ready ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir notebooks

bench: .venv/ready ## measure the widgets, the pages (with Lighthouse) and the core
	$(BIN)/python -m tools.bench

widgets: widgets/node_modules ## build src/self_attention/widgets/widgets.js
	cd widgets && npm run build

versions: .venv/ready ## run the chapters beside the oldest and the newest versions that the ranges allow (needs an index)
	$(BIN)/pytest -rP tests/versions.py

links: .venv/ready ## ask every address outside whether it still answers (needs a network)
	$(BIN)/jupyter-book build . --path-output build/links --builder linkcheck

clean: ## remove what was built, but not .venv
	rm -rf build widgets/node_modules .pytest_cache .ruff_cache .mypy_cache .hypothesis

.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer with venv is needed; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo missing)."; \
	  echo "Name another one: make PYTHON=python3.12 (Debian and Ubuntu: apt install python3-venv)."; exit 1; }
	@echo "Installing into .venv: a few minutes, once"
	$(PYTHON) -m venv .venv
	$(BIN)/python tools/install_torch.py
	$(BIN)/pip install -q -r requirements.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

# The wheel, alone, beside the packages of .venv: what `make test` executes the chapters with.
$(INSTALLED)/ready: .venv/ready $(shell find src -type f -not -name '*.pyc' 2>/dev/null) pyproject.toml tools/installed.py
	$(BIN)/python tools/installed.py $(INSTALLED)
	@touch $@

widgets/node_modules: widgets/package-lock.json .venv/ready
	cd widgets && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@
