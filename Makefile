# The book's commands. `make book` and `make test` are all that a reader needs; the rest is for authors.
PYTHON ?= python3
BIN := .venv/bin
HTML := build/_build/html
SOURCES := src tests tools training book/_ext
SLOW := tests/test_wheel.py tests/test_site.py # first, so that both cores are busy to the end
TESTS := $(SLOW) $(filter-out $(SLOW),$(wildcard tests/test_*.py)) notebooks src

export PATH := $(CURDIR)/$(BIN):$(PATH)
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: help book site test lint js notebooks lab bench widgets links address release clean

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1: /p' Makefile

book: site ## build the site and serve it on localhost until Ctrl-C
	@$(BIN)/python tools/serve.py $(HTML)

site: .venv/ready ## build the site into build/
	$(BIN)/jupyter-book build . --path-output build -W --keep-going -q > /dev/null

test: lint js ## run every check: style, JavaScript, Python, site, browser, wheel, notebooks
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --nbval --nbval-cell-timeout 120 --durations 25 $(TESTS)

lint: .venv/ready ## check the style of the Python sources
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

js: widgets/node_modules ## run the JavaScript unit tests
	cd widgets && node --test

notebooks: .venv/ready ## execute and normalise every notebook
	$(BIN)/python tools/notebooks.py execute

lab: .venv/ready ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir notebooks

bench: .venv/ready ## measure the widgets, the pages (with Lighthouse) and the core
	$(BIN)/python -m tools.bench

widgets: widgets/node_modules ## build src/self_attention/widgets/widgets.js
	cd widgets && npm run build

links: .venv/ready ## list the links that leave the book, with the places where they stand
	$(BIN)/python tools/links.py

address: .venv/ready ## say where the book lives, or move it: URL=https://github.com/you/book [SITE=...] [BRANCH=...]
	$(BIN)/python tools/address.py $(URL) $(SITE:%=--site %) $(BRANCH:%=--branch %)

release: .venv/ready ## check, build, commit and tag VERSION=1.2.3; without it, build the last commit into build/release/
	$(BIN)/python tools/release.py $(VERSION)

clean: ## remove what was built, but not .venv
	rm -rf build widgets/node_modules .pytest_cache .ruff_cache .hypothesis

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

widgets/node_modules: widgets/package-lock.json .venv/ready
	cd widgets && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@
