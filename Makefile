# Everything a user runs. GNU Make 3.81 and bash 3.2 are enough.
SHELL := /bin/bash
PYTHON := .venv/bin/python
LOCAL := $(PYTHON) -m local
ENGINE ?= local
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup up tour prove down preview logs check test lint types format lock docs bench

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: .venv/.ready ## make .venv, with everything pinned by hash

.venv/.ready: requirements/dev.lock requirements/uv.lock local/bin/setup
	@local/bin/setup

up: setup ## deploy the reference system to the local AWS and run one real job through it
	@$(LOCAL) start --renew
	@$(LOCAL) up --engine $(ENGINE)
	@$(LOCAL) job --engine $(ENGINE)

tour: setup ## walk through every pattern of the deployed system, each doing one real job
	@$(LOCAL) tour --engine $(ENGINE)

prove: setup ## prove that each grant is needed and that nothing more is granted
	@$(LOCAL) start --renew
	@$(LOCAL) up --engine $(ENGINE)
	@$(LOCAL) prove --engine $(ENGINE)

preview: setup ## show what `make up` would change
	@$(LOCAL) start
	@$(LOCAL) preview --engine $(ENGINE)

down: setup ## destroy everything, see that nothing is left, stop the local AWS
	@$(LOCAL) destroy --engine $(ENGINE)
	@$(LOCAL) stop

logs: setup ## show what the local AWS and its functions print
	@$(LOCAL) logs

check: setup lint types ## fast tests, lint and types
	@$(PYTHON) -m pytest -q -n $(JOBS) tests/unit tests/policies

test: setup lint types ## every test
	@local/bin/browser
	@$(PYTHON) -m pytest -n $(JOBS) --dist loadgroup tests

lint: setup
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

types: setup
	@.venv/bin/pyrefly check

format: setup ## put the code in order
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lock: setup ## pin requirements anew
	@for file in requirements/*.in handlers/*/requirements.in; do \
	  .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	    --no-annotate --no-header --no-emit-index-url $$file --output-file $${file%.in}.lock || exit 1; \
	done
	@.venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	  --no-annotate --no-header --no-emit-index-url policies/pyproject.toml --constraint requirements/dev.lock \
	  --output-file policies/requirements.txt

docs: setup ## draw the system and write the generated pages
	@$(PYTHON) -m policies.catalogue > docs/policies.md
	@$(LOCAL) docs

bench: setup ## measure each pattern beside its peer
	@for file in bench/[a-z]*.py; do $(PYTHON) -m bench.$$(basename $$file .py) || exit 1; done
