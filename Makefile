# perf-ratchet: `make demo` runs the main job, `make test` passes the tests. Both install what they need.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
SGLANG := 0.5.23
TORCH := 2.13.0
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
LOCKED := -m pip install --quiet --no-deps --only-binary :all: --require-hashes --requirement

WORKFLOWS := $(wildcard .github/workflows/*.yml)
SCRIPTS := .ci/run docs/pictures/take.sh .ci/release-notes $(wildcard .github/*.sh .github/actions/*/*.sh tests/*.sh tests/acting/*.sh)

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

export OMP_NUM_THREADS := 1
export TORCH_INDEX

.PHONY: help demo test coverage faults workflows lint docs pictures install-check action bench parity package lock golden clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/installed ## profile real pipelines, catch a regression, propose a tighter baseline
	$(BIN)/perf-ratchet demo --folder .demo

test: .venv/installed ## run the tests
	@bash tests/fetch_openapi.sh .tools/github-openapi.json
	@bash tests/fetch_webhooks.sh .tools/github-webhooks.json
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not act and not faults and not package" $(COVERAGE)

coverage: ## run the tests, and require the coverage that pyproject.toml sets
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
	PATH="$(CURDIR)/$(BIN):$$PATH" shellcheck $(SCRIPTS)

install-check: ## install the lock with the oldest pip that a supported Python bundles, and with the newest
	@set -e; for pip in pip==23.2.1 pip; do \
	  folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; python=$$folder/bin/python; \
	  $(PYTHON) -m venv "$$folder"; \
	  "$$python" -m pip install --quiet --upgrade "$$pip"; \
	  "$$python" $(LOCKED) requirements-dev.lock; \
	  "$$python" -m pip install --quiet --no-deps --no-build-isolation .; \
	  "$$python" -m pip --version; "$$python" -m pip check; rm -rf "$$folder"; \
	done

docs: .venv/installed ## build the site of the documentation into .docs; a warning or a broken link is an error
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env docs .docs

pictures: .venv/installed ## take the pictures of README and docs again, with chromium
	bash docs/pictures/take.sh

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

parity: .venv/installed .tools/parity/installed ## sglang's own test beside ours, on random requests and what it prints
	PYTHONPATH=tests $(BIN)/python -m parity

lock: ## resolve the dependencies again, for every Python and platform
	echo torch==$(TORCH) | $(COMPILE) --no-config --output-file requirements-torch.lock -
	$(COMPILE) --output-file requirements-bot.lock pyproject.toml
	$(COMPILE) --extra profiler --extra demo --extra docs --extra dev --constraint requirements-torch.lock \
	  --no-emit-package perf-ratchet --no-emit-package torch --output-file requirements-dev.lock pyproject.toml

golden: .venv/installed ## rewrite the golden files; review them as rendered Markdown
	$(BIN)/python -m pytest -n auto --golden=write tests

clean: ## remove what the other targets made
	rm -rf .venv .tools .demo .docs dist

.venv/installed: requirements-dev.lock requirements-torch.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "perf-ratchet needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "installing torch and diffusers into .venv (minutes, once)"
	$(PYTHON) -m venv .venv
	$(BIN)/python $(LOCKED) requirements-dev.lock
	@bash tests/install_torch.sh $(BIN)/python requirements-torch.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	@touch $@

.tools/parity/installed:
	@echo "installing sglang $(SGLANG) without its dependencies into .tools/parity (39 MB, once)"
	$(PYTHON) -m venv .tools/parity
	.tools/parity/bin/python -m pip install --quiet --no-deps sglang==$(SGLANG)
	.tools/parity/bin/python -m pip install --quiet pytest tabulate
	@touch $@
