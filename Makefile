# perf-ratchet: `make demo` runs the main job, `make test` passes the tests. Both install what they need.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

WORKFLOWS := $(wildcard .github/workflows/*.yml)
SCRIPTS := .ci/run .ci/release-notes $(wildcard .github/*.sh .github/actions/*/*.sh tests/*.sh tests/acting/*.sh)

export OMP_NUM_THREADS := 1

.PHONY: help demo test coverage faults workflows lint action bench package lock golden clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/installed ## profile real pipelines, catch a regression, propose a tighter baseline
	$(BIN)/perf-ratchet demo --folder .demo

test: .venv/installed ## run the tests
	@bash tests/fetch_openapi.sh .tools/github-openapi.json
	@bash tests/fetch_webhooks.sh .tools/github-webhooks.json
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not act and not faults and not package" $(COVERAGE)

coverage: ## run the tests, and hold what they execute to the floor in pyproject.toml
	$(MAKE) test COVERAGE="--cov --cov-report=term:skip-covered"

faults: .venv/installed ## lose every answer, and cut every night at every request
	@bash tests/fetch_openapi.sh .tools/github-openapi.json
	$(BIN)/python -m pytest -n auto -m faults tests/bot

workflows: .venv/installed ## execute the workflow files against a fake GitHub
	$(BIN)/python -m pytest -m act tests/bot

lint: .venv/installed ## ruff, mypy strict, import contracts; workflows and shell scripts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zizmor --offline --no-progress --quiet .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/jactionlint --oneline
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema custom.github-workflows-require-timeout $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --schemafile .github/perf-ratchet.schema.json .github/perf-ratchet.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	$(BIN)/shellcheck $(SCRIPTS)

action: ## install the bot as the workflows do, hash-locked, and run it
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	  RUNNER_TEMP=$$folder GITHUB_PATH=$$folder/path bash .github/actions/ratchet/install.sh && \
	  PATH=$$folder/perf-ratchet/bin:$$PATH COMMAND="audit .github/perf-baselines/h100.json" FAIL_ON_FINDINGS=true \
	  bash .github/actions/ratchet/run.sh

package: .venv/installed ## build the wheel and the sdist, and try both in empty environments
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/twine check --strict dist/*
	$(BIN)/python -m pytest -m package tests/test_package.py

bench: .venv/installed ## what a stage and a command cost, and how well a slowdown is judged
	PYTHONPATH=tests $(BIN)/python -m bench.overhead
	PYTHONPATH=tests $(BIN)/python -m bench.commands
	PYTHONPATH=tests $(BIN)/python -m bench.judgement

lock: ## resolve the dependencies anew (torch stays without a hash: each platform has its own wheel)
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-header --output-file requirements-bot.lock pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-header --extra profiler --extra demo --extra dev \
	  --constraint requirements-torch.lock --unsafe-package perf-ratchet --unsafe-package torch \
	  --output-file requirements-dev.lock pyproject.toml

golden: .venv/installed ## write the golden files anew; review them as rendered Markdown
	$(BIN)/python -m pytest -n auto --golden=write tests

clean: ## remove what the other targets made
	rm -rf .venv .tools .demo dist

.venv/installed: requirements-dev.lock requirements-torch.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "perf-ratchet needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "installing torch and diffusers into .venv (minutes, once)"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --requirement requirements-torch.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
