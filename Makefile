# KeyWatch. Everything below needs Python 3.11 or newer and make; each target builds what it needs and only when its inputs changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV := $(VENV)/.ready-dev
CLI := node_modules/.ready
# What is imported is compiled once; pip did not do it for all that is never imported.
RUN := env -u PYTHONDONTWRITEBYTECODE PATH="$(CURDIR)/node_modules/.bin:$(CURDIR)/$(BIN):$$PATH" PYTHONPATH="$(CURDIR)/lambda_src:$(CURDIR)" JSII_NODE="$(CURDIR)/$(BIN)/node"
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade --custom-compile-command "make lock"
# The second lock leaves out what the first one has.
NAMES := sed -n 's/^\([A-Za-z0-9._-]*\)==[^; ]* \\$$/--no-emit-package \1/p'
ARGS ?=
TESTS ?= tests
FUZZ ?= tests/unit
ALERTS ?= 100000
WORLDS ?= 2000
FIRST ?= 1
# One more than there are processors: the emulator's tests wait most of the time.
JOBS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1)))
FORMAT ?= json
MB ?= 1000
# What archives say of when their files were made: 2020-02-02, always.
BUILT_AT := 1580601600

.DEFAULT_GOAL := help
.PHONY: check explain sweep doctor
.PHONY: help install demo demo-picture test fuzz mutants locks audit sbom lint format bench bench-scan dist docs lock synth spoke deploy destroy clean

help:  ## show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

# A virtual environment whose Python is gone (upgraded, removed) is none.
ifeq ($(wildcard $(BIN)/python),)
$(READY): .FORCE
endif
.FORCE:

$(READY): requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo 'KeyWatch needs Python 3.11 or newer, and there is no "$(PYTHON)" here. Install it, or name one: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "KeyWatch needs Python 3.11 or newer; $(PYTHON) is %d.%d. Install a newer one, or name one: make PYTHON=/path/to/python3" % sys.version_info[:2])'
	@$(PYTHON) -m tools.install packages requirements.txt $@

$(DEV): requirements-dev.txt $(READY)
	@$(PYTHON) -m tools.install packages requirements-dev.txt $@

$(CLI): package.json package-lock.json $(READY)
	@$(PYTHON) -m tools.install cdk package-lock.json $@ $(VENV)

install: $(CLI)  ## build .venv and node_modules

demo: $(CLI)  ## deploy into an embedded AWS emulator, let KMS calls fail, show the alerts (ARGS=--json: JSON Lines, one alert a line)
	@$(RUN) python -m demo $(ARGS)

demo-picture: $(CLI)  ## make docs/demo.svg, the picture of `make demo` in the README
	@$(RUN) python -m demo --picture docs/demo.svg

test: $(CLI) $(DEV)  ## all tests, in one process more than there are processors (TESTS=tests/unit for some, ARGS for pytest options)
	@$(RUN) python -m pytest -n $(JOBS) $(TESTS) $(ARGS)

fuzz: $(DEV)  ## property tests with 5,000 random examples and more each, hostile alerts, random worlds (ALERTS=100000 WORLDS=2000 FIRST=1)
	@$(RUN) python -m pytest -n $(JOBS) -m hypothesis --hypothesis-profile=fuzz $(FUZZ) $(ARGS)
	@$(RUN) python -m tests.fuzz_alerts --alerts $(ALERTS) --first $(FIRST) --jobs $(JOBS)
	@$(RUN) python -m tests.worlds --worlds $(WORLDS) --first $(FIRST) --jobs $(JOBS)

mutants: $(DEV)  ## change the program in thousands of small ways and tell which changes no test notices (up to an hour; ARGS=diagnosis or ARGS=incidents for a part)
	@$(RUN) python -m tools.mutants $(ARGS)

locks: $(DEV)  ## is everything that is installed and needed in the locks?
	@$(RUN) python -m tools.locks

audit: $(DEV) $(CLI)  ## is a vulnerability known in what ships or builds? It says what it could not check (exit code 2)
	@$(RUN) python -m tools.audit

sbom: $(DEV)  ## write dist/function.cdx.json and dist/toolchain.cdx.json: every package with version, licence and hashes (CycloneDX)
	@$(RUN) python -m tools.sbom

lint: $(DEV)  ## ruff, one-way imports and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(RUN) lint-imports --no-cache
	$(RUN) mypy

format: $(DEV)  ## let ruff format and fix what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV)  ## speed, AWS calls and memory under load; writes bench.json
	@$(RUN) python -m tests.bench $(ARGS)

bench-scan: $(DEV)  ## speed of keywatch scan over a generated year, beside zgrep, jq and duckdb where they are installed (MB=1000)
	@$(RUN) python -m tests.bench.scan --megabytes $(MB) $(ARGS)

dist: $(DEV)  ## build the wheel and the source archive in dist/: byte for byte the same from the same sources
	@rm -rf dist
	@$(RUN) SOURCE_DATE_EPOCH=$(BUILT_AT) python -m hatchling build --directory dist

docs: $(DEV)  ## regenerate the generated pages of docs/
	@$(RUN) python -m docs.generate

synth: $(CLI)  ## print the CloudFormation template
	@$(RUN) cdk synth $(ARGS)

spoke: $(READY)  ## print the CloudFormation template of a spoke, for every account and Region that reports to a hub (FORMAT=yaml)
	@$(RUN) python -m infra.spoke $(FORMAT)

deploy: $(CLI)  ## deploy to the AWS account of your credentials (ARGS='-c keywatch:alert_emails=you@example.com')
	@$(RUN) python -m tools.preflight $(ARGS)
	@$(RUN) cdk deploy --all $(ARGS)

destroy: $(CLI)  ## remove KeyWatch from the account
	@$(RUN) cdk destroy --all $(ARGS)

check: $(if $(KEY),,.no-key) $(READY)  ## can this key be used? (KEY=alias/x, several separated by spaces; REGION=us-east-1, WAIT=60, ARGS=--json)
	@$(RUN) python -m cli check $(ARGS) $(if $(REGION),--region $(REGION)) $(if $(WAIT),--wait $(WAIT)) -- $(KEY)

.no-key:
	@echo 'Which key? Name it: make check KEY=alias/payments (several separated by spaces; REGION=us-east-1, WAIT=60)' >&2; exit 2

explain: $(READY)  ## what does an error text, log line or record mean? (make -s explain < file; needs no deployment)
	@$(RUN) python -m cli explain $(ARGS)

sweep: $(READY)  ## every key, alias and key store of the Region at risk (ARGS=--json)
	@$(RUN) python -m cli sweep $(ARGS)

doctor: $(READY)  ## is this deployment working? (ARGS=--json)
	@$(RUN) python -m cli doctor $(ARGS)

lock: $(DEV)  ## pin all dependencies again, with hashes
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) -c requirements.txt --no-emit-package pip $$($(NAMES) requirements.txt) requirements-dev.in -o requirements-dev.txt
	$(COMPILE) -c requirements.txt lambda_src/requirements.in -o lambda_src/requirements.txt
	PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only --no-audit --no-fund --omit-lockfile-registry-resolved

clean:  ## remove everything that was built
	rm -rf $(VENV) $(VENV).log node_modules cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov bench.json demo-out mutants-out dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
