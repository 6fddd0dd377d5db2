# KeyWatch. Everything below needs Python >= 3.11 and make; each target builds what it needs and only when its inputs changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CLI := node_modules/.ready
RUN := PATH="$(CURDIR)/node_modules/.bin:$(CURDIR)/$(BIN):$$PATH" PYTHONPATH="$(CURDIR)/lambda_src:$(CURDIR)" JSII_NODE="$(CURDIR)/$(BIN)/node"
ARGS ?=
TESTS ?= tests

.DEFAULT_GOAL := help
.PHONY: check explain sweep doctor
.PHONY: help install demo test lint format bench docs lock synth deploy destroy clean

help:  ## show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "KeyWatch needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(CLI): package.json package-lock.json $(READY)
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

install: $(CLI)  ## build .venv and node_modules

demo: $(CLI)  ## deploy into an embedded AWS emulator, let KMS calls fail, show the alerts (ARGS=--json for machines)
	@$(RUN) python -m demo $(ARGS)

test: $(CLI)  ## all tests (TESTS=tests/unit for some, ARGS for pytest options)
	@$(RUN) python -m pytest $(TESTS) $(ARGS)

lint: $(READY)  ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(RUN) mypy

format: $(READY)  ## let ruff format and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## speed, AWS calls and memory under load; writes bench.json
	@$(RUN) python -m tests.bench $(ARGS)

docs: $(READY)  ## regenerate the generated pages of docs/
	@$(RUN) python -m docs.generate

synth: $(CLI)  ## print the CloudFormation template
	@$(RUN) cdk synth $(ARGS)

deploy: $(CLI)  ## deploy to the AWS account of your credentials (ARGS='-c keywatch:alert_emails=you@example.com')
	@$(RUN) cdk deploy --all $(ARGS)

destroy: $(CLI)  ## remove KeyWatch from the account
	@$(RUN) cdk destroy --all $(ARGS)

check: $(READY)  ## can this key be used? (KEY=alias/x, several apart by blanks; REGION=us-east-1, WAIT=60, ARGS=--json)
	@$(RUN) python -m cli check $(ARGS) $(if $(REGION),--region $(REGION)) $(if $(WAIT),--wait $(WAIT)) -- $(KEY)

explain: $(READY)  ## what does an error text, log line or record mean? (make -s explain < file; needs no deployment)
	@$(RUN) python -m cli explain $(ARGS)

sweep: $(READY)  ## every key, alias and key store of the Region at risk (ARGS=--json)
	@$(RUN) python -m cli sweep $(ARGS)

doctor: $(READY)  ## can this deployment see and speak? (ARGS=--json)
	@$(RUN) python -m cli doctor $(ARGS)

lock: $(READY)  ## pin all dependencies anew, with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade --custom-compile-command "make lock" requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade --custom-compile-command "make lock" -c requirements.txt lambda_src/requirements.in -o lambda_src/requirements.txt
	PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only --no-audit --no-fund --omit-lockfile-registry-resolved

clean:  ## remove everything that was built
	rm -rf $(VENV) node_modules cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov bench.json demo-out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
