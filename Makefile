# The front door. Everything but `deploy` runs without an AWS account, credentials or Docker, and with
# no network beyond the package index; the first run of a target installs what it needs, inside this folder.

PYTHON ?= python3.13
# Prefix of the deployment that `make deploy` publishes to; the same as in samconfig.toml.
PREFIX ?= steward
MAKEFLAGS += --no-print-directory --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := help
.PHONY: help demo test sweep sim mutate check browser build bench pipelines events docs deploy locks clean uninstall

# An environment may forbid bytecode, and then each start of scikit-learn costs seconds.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV
comma := ,
# A proxy would swallow the calls to the embedded AWS on this machine.
export NO_PROXY := 127.0.0.1,localhost$(if $(NO_PROXY),$(comma)$(NO_PROXY))
export no_proxy := $(NO_PROXY)
export SAM_CLI_TELEMETRY := 0
export UV_NO_PROGRESS := 1
# Nothing is kept outside this folder, so that `make uninstall` leaves nothing behind.
export UV_NO_CACHE := 1
export PIP_NO_CACHE_DIR := 1
export __SAM_CLI_APP_DIR := $(CURDIR)/.aws-sam/cli

# A newcomer's real account is never touched: only `make deploy`, on its own, sees the real environment.
ifneq ($(MAKECMDGOALS),deploy)
unexport AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE
unexport AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_ENDPOINT_URL
export AWS_ACCESS_KEY_ID := dummy
export AWS_SECRET_ACCESS_KEY := dummy
export AWS_CONFIG_FILE := /dev/null
export AWS_SHARED_CREDENTIALS_FILE := /dev/null
export AWS_EC2_METADATA_DISABLED := true
export AWS_REGION := eu-west-1
export AWS_DEFAULT_REGION := eu-west-1
endif

# What the simulations and the mutations run on.
SIMULATED := .:functions:layers/core

## help        What each target does (also what plain `make` says)
help:
	@sed -n 's/^## //p' Makefile

## demo        Watch a model go round on the embedded AWS: upload, train, approve, serve, roll out, trace
demo: .venv/.demo
	.venv/bin/steward demo

## test        Run the tests
test: .venv/.dev
	.venv/bin/pytest --numprocesses 2 --dist loadgroup
	# Every branch of every decision, in a run of its own: measuring all tests takes a minute more.
	.venv/bin/pytest tests/steward/decide --cov --quiet

## check       Lint, types, the template, scanners, the architecture's rules, every model's file
check: .venv/.dev .venv-sam/.sam .venv-scan/.scan
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv-sam/bin/sam validate --lint
	.venv-scan/bin/checkov --config-file .checkov.yaml
	.venv-scan/bin/bandit --quiet --configfile pyproject.toml --recursive layers/core functions cli pipelines
	.venv/bin/pytest tests/architecture
	.venv/bin/steward check

## browser     Look at the last demo's report and the lineage's pages in headless Chromium, at two widths
browser: .venv/.dev
	@command -v $${CHROMIUM:-chromium} >/dev/null || \
	  { echo "Chromium is missing; install it with 'apt-get install chromium', or name it: CHROMIUM=/path make browser" >&2; exit 1; }
	@test -f build/demo/report.html || { echo "There is no report to look at yet; 'make demo' writes it." >&2; exit 1; }
	.venv/bin/pytest tests/browser

## sweep       Break into every call of every flow, with every fault: all must end the same (minutes)
sweep: .venv/.dev
	PYTHONPATH=$(SIMULATED) .venv/bin/python -m tests.simulation.sweep $(CASE)

## sim         Simulate histories by their seeds, with faults and losses: what must hold holds (minutes)
sim: .venv/.dev
	PYTHONPATH=$(SIMULATED) .venv/bin/python -m tests.simulation $(SEED)

## mutate      Take each check and condition out of Steward in turn, and see that a test fails each time
mutate: .venv/.dev
	PYTHONPATH=$(SIMULATED) .venv/bin/python -m tests.mutation

## build       Build what SAM deploys, without a container engine, and import every handler from it
build: .venv-sam/.sam
	PATH="$(CURDIR)/.venv-sam/bin:$$PATH" .venv-sam/bin/sam build
	.venv-sam/bin/python -I .ci/import_handlers.py .aws-sam/build

## bench       Sizes, cold starts, requests to AWS, the judges of canaries and drift, against their bounds
bench: build .venv/.dev
	PYTHONPATH=.:functions:layers/core:pipelines/tabular/source:pipelines/monitor/source .venv/bin/python -m benchmarks .aws-sam/build

## pipelines   Compile the pipelines again, compare; use the SageMaker SDK against the embedded AWS
pipelines: .venv-pipelines/.pipelines .venv/.dev
	.venv-pipelines/bin/python -m pipelines.compile --check
	.venv/bin/pytest tests/sdk

## events      Wrap the sample events in events/ as queue batches in events/sqs/ again
events: .venv/.demo
	.venv/bin/steward events

## docs        Write the tables of docs/iam.md from template.yaml again
docs: .venv/.dev
	.venv/bin/python -m tests.architecture.iam

## deploy      Build, deploy with SAM to the AWS account of your environment, publish the models
deploy: .venv/.demo .venv-sam/.sam
	@test "$(MAKECMDGOALS)" = deploy || { echo "Run 'make deploy' on its own: no other target sees your AWS account." >&2; exit 2; }
	PATH="$(CURDIR)/.venv-sam/bin:$$PATH" .venv-sam/bin/sam build
	.venv-sam/bin/sam deploy
	.venv/bin/steward --prefix $(PREFIX) publish

## locks       Pin all packages again from requirements/*.in (for maintainers; needs the package index)
locks: .venv/.uv
	cd requirements && $(COMPILE) --python-platform aarch64-manylinux2014 functions.in -o functions.txt
	cd requirements && for name in uv demo dev sam scan pipelines; do $(COMPILE) --universal $$name.in -o $$name.txt || exit; done
COMPILE = ../.venv/bin/uv pip compile --quiet --generate-hashes --python-version 3.13 \
	--no-header --no-emit-index-url --no-emit-find-links

## clean       Remove everything that runs and builds left behind
clean:
	rm -rf build .aws-sam .steward .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -path './.venv*' -prune -o -name __pycache__ -type d -exec rm -rf {} +

## uninstall   Also remove the installed packages; then only the repository is left
uninstall: clean
	rm -rf .venv .venv-sam .venv-scan .venv-pipelines

# ---- Environments. A stamp file says that one is complete; a changed lock installs again.

.venv/.uv: requirements/uv.txt
	@requirements/preflight $(PYTHON) 700
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.demo: .venv/.uv requirements/demo.txt
	@echo "Installing the demo's packages into .venv, once: 540 MB on disk and about half a minute."
	@requirements/preflight $(PYTHON) 650
	$(call install,.venv,demo)
	@$(install_steward)
	@touch $@

.venv/.dev: .venv/.demo requirements/dev.txt
	@echo "Installing the tools for tests and checks into .venv, once: 290 MB more and a few seconds."
	@requirements/preflight $(PYTHON) 400
	$(call install,.venv,dev)
	@touch $@

.venv-sam/.sam: .venv/.uv requirements/sam.txt
	@echo "Installing the SAM command line into .venv-sam, once: 330 MB on disk and about half a minute."
	@requirements/preflight $(PYTHON) 450
	$(PYTHON) -m venv .venv-sam
	$(call install,.venv-sam,sam)
	@touch $@

.venv-scan/.scan: .venv/.uv requirements/scan.txt
	@echo "Installing the scanners of template and code into .venv-scan, once: 260 MB on disk and some seconds."
	@requirements/preflight $(PYTHON) 400
	$(PYTHON) -m venv --without-pip .venv-scan
	$(call install,.venv-scan,scan)
	@touch $@

.venv-pipelines/.pipelines: .venv/.uv requirements/pipelines.txt
	@echo "Installing the SageMaker SDK into .venv-pipelines, once: 770 MB on disk and about half a minute."
	@requirements/preflight $(PYTHON) 1000
	$(PYTHON) -m venv --without-pip .venv-pipelines
	$(call install,.venv-pipelines,pipelines)
	@touch $@

# $(call install,ENVIRONMENT,LOCK): what the lock says, each hash checked, compiled once for all starts.
install = .venv/bin/uv pip install --quiet --require-hashes --compile-bytecode --python $(1)/bin/python -r requirements/$(2).txt

# `steward` runs from this folder as it is: a path file instead of an installed copy, and a two-line command.
define install_steward
printf '%s\n' '$(CURDIR)' '$(CURDIR)/layers/core' > .venv/lib/python3.13/site-packages/steward.pth
@printf '%s\n' '#!/bin/sh' \
  'exec "$(CURDIR)/.venv/bin/python" -P -c "import sys; from cli.main import main; sys.exit(main())" "$$@"' > .venv/bin/steward
@chmod +x .venv/bin/steward
endef
