# Every command installs what it needs by itself; nothing has to run before.
#   make demo            one video, from a brief in Payload to a file on disk
#   make demo CMS=none   the same without Node, from a signed webhook
#   make demo STORAGE=s3 the same through a real S3 server
#   make up              everything stays up, with Payload's admin
#   make sample          a film that uses all of the engine, in three shapes, and its contact sheet
#   make demo-sheet      the demo's film once more, and its contact sheet
#   make screens         the README's pictures of the admin, taken in a browser
#   make test            the whole test suite, but for what is marked slow
#   make test-slow       what is marked slow: long fault runs, the longest ways through the admin, and
#                        SQLite where PostgreSQL was asked
#   make smoke           all of production on one machine: a killed daemon, an alert, a restored backup
#   make faults          kill daemons at every step, 100 times, and let every fault strike at every
#                        hop, 10 times each; writes specs/fault-matrix.md
#   make faults-hops     the second of these alone
#   make soak            thousands of small jobs under random faults; writes specs/soak.md
#   make fuzz            damages every kind of file that the engine reads, for ten minutes
#   make compat          unit tests on the oldest and the newest Python, the demo on the newest
#   make check           what CI runs: format, lint, types, import rules, tests, plugin checks, compat
#   make bench           what the render engine costs, beside the encoder alone and its peers
#   make bench-generation  what generation adds to the providers' own time
#   make bench-bridge    what the bridge costs, beside the barest server and a peer
#   make bench-scale     jobs an hour a core, fan-out, waiting, and what an idle daemon costs
#   make scale           where more daemons stop helping, by a simulation
#   make bench-words     how near the words of a narration are found, and what is noticed
#   make sbom            what the images install: CycloneDX into dist, and specs/licences.md
#   make clean           remove what was installed, built and made
#   make … PYTHON=python3.13  any of these on that Python, in an environment of its own

SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
# A Python that is asked for gets an environment of its own: two never share one.
ifeq ($(origin VENV),undefined)
ifeq ($(origin PYTHON),file)
VENV := .venv
else
VENV := .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
endif
endif
CMS ?= payload
STORAGE ?= local
PYTEST_ARGS ?=
# Processes that the tests are dealt out to, each with servers of its own; 0 for none.
PYTEST_WORKERS ?= 2

BIN := $(VENV)/bin
PLUGIN := cms_bridge/payload_plugin
NEW_ENOUGH := const [a, b] = process.versions.node.split(".").map(Number); \
	process.exit(+(a < 20 || (a === 20 && b < 9)))
NODE_MODULES := $(PLUGIN)/node_modules/.package-lock.json

.PHONY: help
help:
	@sed -n 's/^#   //p' Makefile

# --- installation -------------------------------------------------------------------------------

# requirements.lock carries hashes and no addresses; pip takes it from any index. It is whole, so
# there is nothing left to resolve.
$(VENV)/.installed: requirements.lock pyproject.toml
	@echo "Installing Python packages into $(VENV) (once; about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; set PYTHON=… to one."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { echo "Python's venv module is needed (Debian: apt-get install $(notdir $(PYTHON))-venv)."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar on \
		--no-deps --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	@touch $@

$(NODE_MODULES): $(PLUGIN)/package-lock.json
	@command -v npm >/dev/null && node -e '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo "Payload needs Node.js 20.9 or newer with npm, and none was found on PATH."; \
		echo "Install it, or run the same path without a CMS: make demo CMS=none"; exit 1; }
	@echo "Installing Payload's npm packages (once; one to two minutes)"
	@cd $(PLUGIN) && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error

.PHONY: python node
python: $(VENV)/.installed
node: $(NODE_MODULES)

# --- for people ---------------------------------------------------------------------------------

.PHONY: demo up
demo: python $(if $(filter payload,$(CMS)),node)
	@$(if $(filter s3,$(STORAGE)),$(BIN)/python -m tests.support.servers.s3,) \
		$(BIN)/reelwright demo --cms $(CMS)

up: python $(if $(filter payload,$(CMS)),node admin)
	@$(BIN)/reelwright up --cms $(CMS)

# The admin is built once and again when its sources change.
.PHONY: admin
admin: $(PLUGIN)/dev/.next/BUILD_ID
$(PLUGIN)/dev/.next/BUILD_ID: $(NODE_MODULES) $(shell find $(PLUGIN)/src $(PLUGIN)/dev \
		-type f -not -path '*/.next/*' 2>/dev/null)
	@echo "Building Payload's admin (once; one to two minutes)"
	@cd $(PLUGIN) && NEXT_TELEMETRY_DISABLED=1 npm run --silent build:dev
	@touch $@

# Everything is kept in OUT, so that only what changed is made again.
OUT ?= .cache/sample
SAMPLE := samples/bakery/storyboard.json
SAMPLE_SHEETS := specs/pictures

$(OUT)/assets/.made: $(filter-out %/__init__.py,$(wildcard samples/bakery/*.py)) | python
	@echo "Painting the sample's pictures (once; under a minute)"
	@$(BIN)/python -m samples.bakery.make $(@D) && touch $@

.PHONY: sample
sample: python $(OUT)/assets/.made
	@$(BIN)/python -m render $(SAMPLE) -o $(OUT)/bakery.mp4 --assets $(OUT)/assets \
		--cache $(OUT)/cache --profile landscape --profile vertical --profile square \
		--captions $(OUT)/bakery.vtt --words $(OUT)/words.json --thumbnails $(OUT)/thumbnails --hls $(OUT)/hls \
		--gif $(OUT)/bakery.gif --json > $(OUT)/result.json \
		|| { tail -n 1 $(OUT)/result.json; exit 1; }
	@$(BIN)/python -m tools.contact $(OUT)/bakery.landscape.mp4 $(OUT)/result.json \
		--storyboard $(SAMPLE) --out $(SAMPLE_SHEETS)/contact.jpg \
		--strip $(SAMPLE_SHEETS)/sample.jpg --of crust,lane,oven,table,dough,street

.PHONY: demo-sheet
demo-sheet: python
	@$(BIN)/python -m tools.demo_sheet -o $(SAMPLE_SHEETS)/demo-contact.jpg

.PHONY: screens
screens: python node admin
	$(BIN)/pytest -m slow tests/e2e/test_screens.py -k TheMainScreens --pictures $(SAMPLE_SHEETS)

# --- for developers -----------------------------------------------------------------------------

.PHONY: format lint types imports specs test test-python test-unit test-plugin test-slow smoke faults faults-hops soak fuzz \
	coverage compat check clean

format: python
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: python
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: python
	$(BIN)/basedpyright

imports: python
	$(BIN)/lint-imports

specs: python
	$(BIN)/python -m tools.specs
	$(BIN)/python -m tools.dashboards

test: test-python test-plugin

test-python: python node admin
	$(BIN)/pytest -n $(PYTEST_WORKERS) $(PYTEST_ARGS)

test-unit: python
	$(BIN)/pytest tests/unit -n $(PYTEST_WORKERS) $(PYTEST_ARGS)

test-slow: python node admin
	$(BIN)/pytest -m "slow or hypothesis" --timeout 1800 $(PYTEST_ARGS)

# SMOKE_ARGS="--images no" leaves the images unbuilt; the journal and pictures are in .cache/smoke.
smoke: python
	$(BIN)/python -m tests.smoke $(SMOKE_ARGS)

# Set FAULT_RUNS for another number of runs.
faults: python
	$(BIN)/python -m tests.faults.matrix --runs $(or $(FAULT_RUNS),100) --out specs/fault-matrix.md
	$(MAKE) --no-print-directory faults-hops

# HOP_RUNS of each cell, those in .cache/faults/hops.jsonl included: it goes on where it stopped.
# HOP_ARGS="--hops 6,7 --faults SIGKILL" has some of them made alone.
faults-hops: python node
	$(BIN)/python -m tests.faults.hops --runs $(or $(HOP_RUNS),10) --out specs/fault-matrix.md $(HOP_ARGS)

# SOAK_JOBS for another number; half an hour on two cores that have nothing else to do.
soak: python
	$(BIN)/python -m tests.faults.soak --jobs $(or $(SOAK_JOBS),2000) --out specs/soak.md $(SOAK_ARGS)

# FUZZ_SECONDS sets how long; FUZZ_ARGS="--seed 7 --first 40 --runs 1" has one run again.
fuzz: python
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.fuzz --seconds $(or $(FUZZ_SECONDS),600) $(FUZZ_ARGS)

coverage: python node admin
	$(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	$(BIN)/coverage report --skip-covered --sort=cover

test-plugin: node
	cd $(PLUGIN) && npm run --silent check

# Half an hour; BENCH_ARGS="--only sound,motion" measures single rows again.
.PHONY: bench
bench: python
	$(BIN)/python -m benchmarks.render $(BENCH_ARGS)

# Wants a machine that does nothing else; BENCH_ARGS="--seconds 30 --films 2" is a quick look.
.PHONY: bench-scale
bench-scale: python
	$(BIN)/python -m benchmarks.fleet --write $(BENCH_ARGS)

.PHONY: scale
scale: python
	$(BIN)/python -m benchmarks.scale

.PHONY: bench-generation
bench-generation: python
	$(BIN)/python -m benchmarks.generation --write $(BENCH_ARGS)

.PHONY: bench-bridge
bench-bridge: python
	$(BIN)/python -m benchmarks.bridge --write $(BENCH_ARGS)

# Another voice than the reading's, in an environment that nothing else uses.
PIPER := .cache/piper
$(PIPER)/.made: benchmarks/words/piper.txt
	@$(PYTHON) -m venv $(PIPER)
	@$(PIPER)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.PHONY: bench-words
bench-words: python $(PIPER)/.made
	$(BIN)/python -m benchmarks.words --piper $(PIPER)/bin/python --write $(BENCH_ARGS)

# What an image installs, installed once more into an environment that nothing else uses.
SBOM := .cache/sbom
$(SBOM)/.made: requirements-sbom.lock
	@$(PYTHON) -m venv $(SBOM)
	@$(SBOM)/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --require-hashes --requirement $<
	@touch $@

dist/%.cdx.json: deploy/containers/%.lock $(SBOM)/.made
	@rm -rf $(SBOM)/$* && $(PYTHON) -m venv --without-pip $(SBOM)/$*
	@$(SBOM)/bin/python -m pip --python $(SBOM)/$*/bin/python install --quiet --disable-pip-version-check \
		--no-deps --require-hashes --requirement $<
	@mkdir -p $(@D)
	@$(SBOM)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-file $@ $(SBOM)/$*/bin/python

.PHONY: sbom
sbom: python dist/bridge.cdx.json dist/daemon.cdx.json
	$(BIN)/python tools/licences.py dist/daemon.cdx.json

compat: python
	@.ci/compat $(BIN)/python

# Two at a time: each waits often enough for servers, browsers and installations.
check: lint imports
	@$(MAKE) --no-print-directory -j2 types test-python test-plugin compat

clean:
	rm -rf .venv .venv-* .data .cache dist .pytest_cache .ruff_cache .hypothesis .coverage htmlcov
	rm -rf $(PLUGIN)/node_modules $(PLUGIN)/dist $(PLUGIN)/dev/.next
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
