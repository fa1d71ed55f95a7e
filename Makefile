# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Everything is made below .venv and .build; "make clean" removes both.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat tests/requirements.txt meta/ee-requirements.txt | cksum | cut -d' ' -f1)
PY := PYTHONPATH=tests $(BIN)/python
CHECK := $(PY) -m tools.check
PYTEST := $(BIN)/pytest

export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup demo check test lint sanity unit integration coverage bench rooms test-wordpress build install \
	changelog format clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Create .venv with everything that the other targets need (PYTHON=... chooses the interpreter)

$(BIN)/python:
	python=$$(sh tests/tools/find-python.sh $(PYTHON)) && "$$python" -m venv $(VENV)

# All that building needs; "make setup" brings it along as well.
$(BIN)/ansible-galaxy: | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "ansible-core>=2.16"

$(READY): | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
	rm -f $(VENV)/.ready-*
	touch $@

demo: setup ## Show the collection at work against a simulated RunCloud, in about two minutes
	$(PY) tests/demo/run.py

check: setup ## Run what finds most mistakes, in under 90 seconds: for every day
	$(CHECK) quick

test: setup ## Run all checks and tests, as continuous integration does
	$(CHECK)

lint: setup ## Run the linters and type checks
	$(CHECK) lint

sanity: setup ## Run ansible-test sanity on a copy of the collection
	$(CHECK) sanity

unit: setup ## Run the unit tests (ARGS=... goes to pytest)
	$(PYTEST) tests/unit $(ARGS)

integration: setup ## Run the integration tests (ARGS=... goes to pytest)
	$(PYTEST) tests/integration $(ARGS)

coverage: setup ## Run all tests and show which lines and branches of plugins/ no test reached
	$(CHECK) coverage

bench: setup ## Measure against a bare script and write docs/benchmarks.md (QUICK=1: small; PARTS="sizes steady"; ARGS)
	$(PY) -m benchmark $(if $(QUICK),--quick) $(ARGS) $(PARTS)

rooms: setup ## Show the rooms of plugins/, how long they are and whom they use
	@$(PY) -m unit.project.test_layers

test-wordpress: setup ## Run the tests that need a real WordPress (made by tests/wordpress)
	bash tests/wordpress/run.sh

build: | $(BIN)/ansible-galaxy ## Build the collection's tarball into .build/ (needs ansible-core only)
	$(PY) -m tools.collection .build

install: build ## Install the tarball for the user who runs this
	$(BIN)/ansible-galaxy collection install --force "$$(ls -t .build/multisite-runcloud-*.tar.gz | head -n 1)"

changelog: setup ## Move the fragments in changelogs/fragments and the list of modules into the changelog
	$(BIN)/antsibull-changelog release --update-existing --reload-plugins

format: setup ## Format the Python code and apply what the linter can repair
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

clean: ## Remove everything that was made
	rm -rf $(VENV) .build .ansible .ruff_cache .hypothesis
