# winnow. `make` lists the targets; `make check` is what CI runs.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

GO     ?= go
PYTHON ?= python3

# What is compiled does not depend on where the clone lies: another clone of the same commit takes it from the cache.
export GOFLAGS := $(strip $(shell $(GO) env GOFLAGS) -trimpath)

# Reference weights, laid out as a Hugging Face cache of the tests' own: nobody's cache is touched.
MODELS ?= $(CURDIR)/.cache/huggingface/hub
export HF_HUB_CACHE := $(MODELS)

# Inputs per fuzz target. Counted, not timed: a slow machine tests as much as a fast one.
FUZZ_COUNT ?= 2000

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST) | { [[ -t 1 && -z "$${NO_COLOR:-}" ]] && cat || sed 's/\x1b\[[0-9;]*m//g'; }

.PHONY: build
build: ## build the winnow command into bin/
	$(GO) build -o bin/ ./cmd/winnow

.PHONY: models
models: ## fetch the reference weights the tests compare with (once)
	$(PYTHON) scripts/fetch-models.py "$(MODELS)"

.PHONY: test
test: models ## fetch the reference weights and run all tests
	$(GO) test -tags weights ./...

.PHONY: check
check: ## everything CI runs: tests, lint, race, tiers, generated code, other platforms, fuzzing, README
	@bash .ci/run

# Sweeps over damage, plans and texts: one thing after the other, and minutes under the race detector. make test does them.
DAMAGE := FlippedBytes|MutilatedFiles|Repair|RepairOfSmallIndex|Faults|CrashPoints|DamagedSections|DamageIsNotInherited|DamagedListHasNoCodes
SWEEPS := $(DAMAGE)|Sweep|Golden|Plans|Drift|IndexSearch|CrowdedVectors|GraphRecall|GraphRecallFiltered|BytesOfCodesAndGraph|CodesAreExact|CodesAreBounded|PromisesOfLargeParts|PrunedIsExhaustive|BatchInvariance|SyncManyTinyFiles|DepthAndDiversity|AskChecksSoMuchAndNoMore|AtIsWhatASearchGives|RunFilesAreTheSameByteForByte

.PHONY: race
race: models ## tests under the race detector; not of packages in which nothing runs side by side, nor sweeps
	$(GO) test -race -short -skip '^Test($(SWEEPS))$$' $$($(GO) list ./... | grep -vE '/(cmd/winnow|internal/chart|internal/lint|document/internal/docx)$$')
	$(GO) test -race -short -run 'TestScripts/(index_together|search|streams|terminal)$$|Interrupt|Signal' ./cmd/winnow

.PHONY: reliability
reliability: ## power cuts, kills, damage, full disks, servers stopped under load: the long form, half an hour (docs/reliability.md)
	WINNOW_LONG=1 $(GO) test -count=1 -timeout 3h -v -run 'Crash|Kill|Flipped|Mutilated|MergeOfDamage|Repair|Heal|Faults|LastSync|InDoubt|CreateFails|FullDisk|Drift|Leaks|Foreign|Ledger|BackCompat|Plans' ./index
	$(GO) test -count=1 -timeout 1h -run Schedules ./index -rapid.checks=2000
	WINNOW_LONG=1 $(GO) test -race -count=1 -timeout 1h -v -run 'Together|Processes' ./index
	WINNOW_LONG=1 $(GO) test -count=1 -timeout 1h -v -run 'TestServer(Killed|Stopped|Reloads)' ./cmd/winnow
	WINNOW_LONG=1 $(GO) test -count=1 -timeout 1h -v -run 'BadConnections' ./server
	WINNOW_LONG=1 $(GO) test -count=1 -timeout 1h -v -run 'SyncManyTinyFiles' .

.PHONY: noasm
noasm: models ## everything built, and what computes tested, without any assembly
	$(GO) build -tags noasm ./...
	$(GO) test -tags noasm -short -skip '^Test($(DAMAGE))$$' ./internal/... ./model/... ./encoder/... ./index/vector/... ./index/lexical/... ./train/... ./rank/...

.PHONY: tiers
tiers: models ## models at each SIMD tier (kernels' own tests walk all tiers); one this machine lacks falls back to the next lower
	@for tier in scalar avx2 avx512; do \
		echo "WINNOW_SIMD=$$tier"; \
		WINNOW_SIMD=$$tier $(GO) test -count=1 -short ./internal/parity/... ./encoder/...; \
	done

.PHONY: parity
parity: models ## compare with the stored values of the reference libraries, in detail
	$(GO) test -count=1 -v ./internal/parity/...

.PHONY: cross
cross: ## build and vet for other systems and processors: each of both once; make release builds all six pairs
	@for target in linux/arm64 darwin/arm64 windows/amd64; do \
		echo "$$target"; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build ./...; \
	done
	@for target in linux/arm64 windows/amd64; do \
		echo "vet $$target"; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) vet ./...; \
	done

RELEASE ?= dist

.PHONY: release
release: ## archives, checksums and bills of materials into dist/, the same bytes for the same commit; TARGETS=linux/amd64,… for some
	$(GO) run ./internal/cmd/make-release --out "$(RELEASE)" $(if $(TARGETS),--targets "$(TARGETS)")

PACKAGING_VENV := .cache/venv-packaging

$(PACKAGING_VENV)/done: scripts/packaging/requirements.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# Where there is no clone with its commit, as in an archive of the source, the time is any.
.PHONY: packaging
packaging: build $(PACKAGING_VENV)/done ## a release for this machine, the Dockerfile and the service, checked by others' tools
	[[ -d .git ]] || export SOURCE_DATE_EPOCH=1767225600; \
	$(MAKE) --no-print-directory release RELEASE=.cache/release TARGETS=$$($(GO) env GOHOSTOS)/$$($(GO) env GOHOSTARCH)
	bash scripts/packaging/check.sh $(PACKAGING_VENV)/bin .cache/release

.PHONY: qemu
qemu: # what runs arm64 programs here
	@command -v qemu-aarch64 >/dev/null || bash scripts/install-qemu.sh

# Emulated twice: with every extension, and as an old core without dot products.
ARM64 := CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO)

.PHONY: arm64
arm64: qemu ## numeric tests of the arm64 kernels, emulated
	$(ARM64) test -count=1 -short -exec qemu-aarch64 ./internal/kernel
	$(ARM64) test -count=1 -short -exec "qemu-aarch64 -cpu cortex-a72" ./internal/kernel
	$(ARM64) test -count=1 -short -exec qemu-aarch64 -run 'Formats.*/neon' ./internal/transformer

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZ_COUNT inputs
	bash scripts/fuzz.sh $(FUZZ_COUNT)

.PHONY: readme
readme: build ## run the commands of README.md
	$(PYTHON) scripts/readme_commands.py README.md

MCP_VENV := .cache/venv-mcp

$(MCP_VENV)/done: scripts/mcp/requirements.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet -r $<
	@touch $@

.PHONY: mcp-clients
mcp-clients: build $(MCP_VENV)/done ## the official Python client of the Model Context Protocol against bin/winnow
	$(MCP_VENV)/bin/python scripts/mcp/clients.py bin/winnow

.PHONY: tools
tools: bin/golangci-lint bin/gofumpt ## build the pinned linters into bin/

bin/golangci-lint bin/gofumpt &: tools/go.mod tools/go.sum
	$(GO) build -modfile=tools/go.mod -o bin/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint mvdan.cc/gofumpt
	@touch bin/golangci-lint bin/gofumpt

.PHONY: lint
lint: tools ## formatting, go vet, golangci-lint
	@unformatted=$$(bin/gofumpt -l .); [[ -z "$$unformatted" ]] || { echo "not formatted, run bin/gofumpt -w .:"; echo "$$unformatted"; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	bin/golangci-lint run ./...

.PHONY: format
format: tools ## format all Go files
	bin/golangci-lint fmt ./...
	bin/gofumpt -w internal/kernel/_gen

.PHONY: generate
generate: ## write the assembly kernels anew from internal/kernel/_gen
	$(GO) generate ./...

.PHONY: generated
generated: ## generate, and fail if that changed anything
	$(GO) -C internal/kernel/_gen test ./...
	bash scripts/check-generated.sh

.PHONY: bench
bench: ## Go benchmarks; compare two outputs with benchstat
	$(GO) test -run '^$$' -bench . -benchmem -count 6 ./internal/... ./tokenizer/... ./encoder/... ./index/...

DURATION   ?= 5m
LOAD_FLAGS ?=

.PHONY: load
load: build ## what a server does under load: DURATION=5m a loop, two hours in all (docs/reliability.md)
	$(GO) run ./bench/load --winnow bin/winnow --data "$(SHARED)/eval/trec-dl-2019-2020" --duration $(DURATION) $(LOAD_FLAGS)

CLIENTS := .cache/clients

$(CLIENTS)/python-done: scripts/clients/requirements.txt
	$(PYTHON) -m venv $(CLIENTS)/venv
	$(CLIENTS)/venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(CLIENTS)/node-done: scripts/clients/package.json scripts/clients/package-lock.json
	@mkdir -p $(CLIENTS)
	cp $^ $(CLIENTS)
	cd $(CLIENTS) && npm ci --silent --no-audit --no-fund
	@touch $@

.PHONY: clients
clients: build $(CLIENTS)/python-done $(CLIENTS)/node-done ## unmodified clients of OpenAI, Cohere, Hugging Face, LangChain and LlamaIndex against the real server
	$(CLIENTS)/venv/bin/python scripts/clients/clients.py bin/winnow

SCHEMATHESIS_VENV  := .cache/venv-schemathesis
SCHEMATHESIS_FLAGS ?=

$(SCHEMATHESIS_VENV)/done: scripts/schemathesis/requirements.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: schemathesis
schemathesis: build $(SCHEMATHESIS_VENV)/done ## requests that openapi.json allows, or nearly allows, against the real server: none may get a 5xx
	$(SCHEMATHESIS_VENV)/bin/python scripts/schemathesis/run.py bin/winnow $(SCHEMATHESIS_FLAGS)

.PHONY: browser
browser: ## the page in headless Chromium, which scripts/install-chromium.sh installs; WINNOW_SCREENSHOTS=DIR keeps pictures
	@command -v chromium chromium-browser google-chrome >/dev/null || { echo "chromium is missing: bash scripts/install-chromium.sh installs it"; exit 1; }
	$(GO) vet -tags browser ./server
	$(GO) test -count=1 -tags browser -run '^TestPage$$' ./server

REFERENCE_VENV := .cache/venv-reference
PEERS_VENV     := .cache/venv-peers

$(REFERENCE_VENV)/done: scripts/reference/requirements.txt
$(PEERS_VENV)/done: bench/peers/requirements.txt
$(REFERENCE_VENV)/done $(PEERS_VENV)/done:
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet -r $<
	@touch $@

RETRIEVER  ?=
RERANKER   ?=
COLLECTION ?=
PEER_FLAGS ?=

.PHONY: bench-peers
bench-peers: $(PEERS_VENV)/done ## compare with other engines: RETRIEVER=DIR RERANKER=DIR COLLECTION=DIR (bench/peers/README.md)
	@[[ -n "$(RETRIEVER)" && -n "$(RERANKER)" && -n "$(COLLECTION)" ]] || { echo "give RETRIEVER=DIR RERANKER=DIR COLLECTION=DIR, see bench/peers/README.md"; exit 2; }
	$(PEERS_VENV)/bin/python bench/peers/run.py --retriever "$(RETRIEVER)" --reranker "$(RERANKER)" --collection "$(COLLECTION)" $(PEER_FLAGS)

TRAIN_VENV  := .cache/venv-train
TRAIN_FLAGS ?=

$(TRAIN_VENV)/done: bench/train/requirements.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet -r $<
	@touch $@

.PHONY: bench-train
bench-train: $(TRAIN_VENV)/done ## compare training with PyTorch: RETRIEVER=DIR RERANKER=DIR (bench/train/run.py)
	@[[ -n "$(RETRIEVER)" && -n "$(RERANKER)" ]] || { echo "give RETRIEVER=DIR RERANKER=DIR"; exit 2; }
	$(TRAIN_VENV)/bin/python bench/train/run.py --shared "$(SHARED)" --retriever "$(RETRIEVER)" --reranker "$(RERANKER)" --write docs/benchmarks/training.md $(TRAIN_FLAGS)

INDEX_VENV  := .cache/venv-index
SHARED      ?= ../shared/data
INDEX_FLAGS ?=

$(INDEX_VENV)/done: bench/index/requirements.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet -r $<
	@touch $@

.PHONY: bench-index
bench-index: $(INDEX_VENV)/done ## compare the index with other libraries: SHARED=DIR RETRIEVER=DIR (bench/index/README.md)
	$(INDEX_VENV)/bin/python bench/index/run.py --shared "$(SHARED)" $(if $(RETRIEVER),--retriever "$(RETRIEVER)") $(INDEX_FLAGS)

.PHONY: fixtures
fixtures: $(REFERENCE_VENV)/done ## compute the random checkpoints' reference values anew; with RETRIEVER=DIR those of all-MiniLM-L6-v2, too
	$(REFERENCE_VENV)/bin/python scripts/reference/random_checkpoints.py
	@[[ -z "$(RETRIEVER)" ]] || $(REFERENCE_VENV)/bin/python scripts/reference/real_models.py --retriever "$(RETRIEVER)"

.PHONY: trained-models
trained-models: build $(REFERENCE_VENV)/done ## models that winnow train wrote, and rows of winnow mine, read by the real sentence-transformers and datasets
	$(REFERENCE_VENV)/bin/python scripts/reference/trained_models.py --winnow bin/winnow

.PHONY: clean
clean: ## remove what was built; downloads in .cache stay
	rm -rf bin dist
