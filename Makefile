# Everything runs on the Node that package-lock.json pins. npm itself runs on the system's, which `npm ci` cannot replace
# under its own feet.
SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# Without a shell that is named, the make of macOS (3.81) looks up programs in the PATH that it was started with.
SHELL := /bin/bash

MODULES := node_modules/.package-lock.json
RESULTS := .temporal-arc/test-results
JEST := NODE_OPTIONS="$(NODE_OPTIONS) --experimental-vm-modules --disable-warning=ExperimentalWarning" jest

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run run-scaleset demo fuzz test test-unit test-integration contract tools manifests docker-build sbom verify bench bench-jobs bench-size clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(MODULES) ## Bring up everything on this machine and print what to do in a second terminal
	@exec node dev/make/run.ts

run-scaleset: run ## The same, by its old name

JOBS ?= 200
demo: $(MODULES) ## Queue JOBS jobs at the stand-in of a running "make run", and show them until all are done
	@exec node dev/make/demo.ts $(JOBS)

test: test-unit test-integration ## Run all tests: unit tests, then the integration suite

test-unit: $(MODULES) ## Run the unit tests, which need nothing but Node
	@mkdir -p $(RESULTS) && rm -f $(RESULTS)/unit.json
	env -u GITHUB_CONFIG_URL $(JEST) $(TESTS) --selectProjects unit --json --outputFile=$(RESULTS)/unit.json

# Two halves side by side, each on servers of its own: most of a test is waiting.
HALVES := $(if $(TESTS),1/1,1/2 2/2)
test-integration: tools ## Run the integration suite on a real control plane and a Temporal server
	@mkdir -p $(RESULTS) && rm -f $(RESULTS)/integration*.json
	@for half in $(HALVES); do \
	  $(JEST) $(TESTS) --selectProjects integration --runInBand --shard $$half --json --outputFile=$(RESULTS)/integration-$${half%/*}.json & \
	  running="$$running $$!"; \
	done; \
	for half in $$running; do wait $$half || failed=1; done; exit $${failed:-0}

fuzz: $(MODULES) ## Do at random what the field does, for MINUTES, from SEED on, or as a file of STEPS says (docs/fuzzing.md)
	@exec env SEED="$(SEED)" MINUTES="$(MINUTES)" STEPS="$(STEPS)" node dev/make/fuzz.ts

contract: $(MODULES) ## Run the contract suite against the GitHub of GITHUB_CONFIG_URL (docs/github.md)
	@test -n "$$GITHUB_CONFIG_URL" || { echo 'Set GITHUB_CONFIG_URL to a repository, organization or enterprise to test with.' >&2; exit 2; }
	@test -n "$$GITHUB_TOKEN$$GITHUB_APP_ID" || { echo 'Set GITHUB_TOKEN, or GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID and GITHUB_APP_PRIVATE_KEY.' >&2; exit 2; }
	$(JEST) test/contract --selectProjects unit --runInBand --verbose --testTimeout 180000

tools: $(MODULES) ## Find or build the tools (etcd, Kubernetes, KWOK, Temporal, Helm)
	@node dev/make/tools.ts

manifests: $(MODULES) ## Generate crds/ and the documents that derive from the code
	node dev/make/manifests.ts
	node dev/make/docs.ts

docker-build: $(MODULES) ## Build the image IMAGE:TAG for PLATFORM with docker, podman or buildah (docs/image.md)
	@IMAGE="$(IMAGE)" TAG="$(TAG)" PLATFORM="$(PLATFORM)" BUILDER="$(BUILDER)" ARCHIVE="$(ARCHIVE)" \
	  BUILD_BASE="$(BUILD_BASE)" RUNTIME_BASE="$(RUNTIME_BASE)" node dev/make/docker-build.ts

sbom: $(MODULES) ## Write the bill of materials of the image (CycloneDX)
	@PLATFORM="$(PLATFORM)" node dev/make/sbom.ts .temporal-arc/sbom.cdx.json

verify: $(MODULES) ## Check format, lint, types and everything generated
	@echo '-- format';    prettier --check --log-level warn .
	@echo '-- lint';      eslint --max-warnings 0 .
	@echo '-- types';     tsc -p .
	@echo '-- imports';   depcruise --config .dependency-cruiser.js --output-type err src dev bench test
	@echo '-- dead code'; knip
	@echo '-- manifests'; node dev/make/manifests.ts --check
	@echo '-- documents'; node dev/make/docs.ts --check

bench: $(MODULES) ## Run the benchmark of the creation of runners
	node bench/main.ts create $(BENCH)

bench-jobs: $(MODULES) ## Run the benchmark of jobs, from the queue to the last trace
	node bench/main.ts jobs $(BENCH)

bench-size: $(MODULES) ## Run the benchmark of one large set, up and down, and replay each of its runs
	node bench/main.ts size $(BENCH)

clean: ## Remove what was built, and the data of make run
	rm -rf dist coverage .temporal-arc

$(MODULES): package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing: install Node.js 18 or later (https://nodejs.org).' >&2; exit 1; }
	PATH="$(SYSTEM_PATH)" npm ci --no-audit --no-fund --loglevel=error
	@touch $@
