# Telovix: everything a developer types. `make help` lists it.
SHELL := /bin/bash
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BUN := node_modules/.bin/bun
# Below a directory that every user may enter: the databases do not run as root.
DATA_DIR ?= /var/lib/telovix-dev
ARGS ?=
BENCH ?=

DEBIAN_PACKAGES := clang lld llvm libbpf-dev libelf-dev zlib1g-dev libzstd-dev bpftool clang-format libclang-rt-14-dev pkg-config chromium iproute2 curl zstd redis-server
STAMPS := .cache/stamps

.PHONY: help setup run test check fmt native ui build bench bench-engine soak-engine bench-tools e2e unit integration clean

help: ## List what make can do
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

setup: $(STAMPS)/debian $(STAMPS)/npm $(STAMPS)/kafka ## Install what is missing (Debian and npm packages)

$(STAMPS)/debian: Makefile
	@mkdir -p $(STAMPS)
	@missing=""; for p in $(DEBIAN_PACKAGES); do dpkg-query -W -f '$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" != 0 ]; then echo "These Debian packages are missing:$$missing. Install them, or run make as root." >&2; exit 1; fi; \
	  echo "installing:$$missing"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >$(STAMPS)/apt.log 2>&1 || { tail -n 20 $(STAMPS)/apt.log; exit 1; }; \
	fi
	@touch $@

$(STAMPS)/npm: package.json package-lock.json .npmrc
	@mkdir -p $(STAMPS)
	@# Not `npm ci`: it insists on packages for other platforms, which a mirror need not have. The versions are the lock file's all the same.
	npm install --no-save --no-audit --no-fund
	@touch $@

# A broker for the tests only: where there is no Java and no way to it, they say so and skip.
$(STAMPS)/kafka: test/kafka/pom.xml
	@mkdir -p $(STAMPS)
	@if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then \
	  [ "$$(id -u)" = 0 ] && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends maven default-jre-headless >$(STAMPS)/java.log 2>&1 || true; \
	fi
	@rm -rf .cache/kafka
	@mvn -q -B -f test/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/.cache/kafka >$(STAMPS)/mvn.log 2>&1 \
	  || echo "There is no Kafka broker here (mvn, see $(STAMPS)/mvn.log): its tests are skipped."
	@touch $@

native: setup ## Build the engine (C)
	$(MAKE) -C native

ui: setup ## Bundle the web UI
	$(BUN) build.ts --ui

build: setup native ## Build dist/telovix and dist/telovix-head
	$(BUN) build.ts

run: build ## Build and start a Console with a local sensor
	dist/telovix console serve --local-sensor --data-dir $(DATA_DIR) $(ARGS)

check: setup ## Lint, layer rules, format, types, dead code
	$(BUN) build.ts --manifest
	node_modules/.bin/oxlint --type-aware --deny-warnings src test scripts build.ts
	node_modules/.bin/oxfmt --check
	node_modules/.bin/tsc --noEmit
	node_modules/.bin/knip

fmt: setup ## Format all code
	node_modules/.bin/oxfmt
	clang-format -i $$(git ls-files 'native/*.c' 'native/*.h')

test: ## Set up, build and run every test
	@bash scripts/test.sh

bench: build ## Measure, each figure beside its budget (BENCH="--rows 100M", "--only query,sensor")
	$(BUN) scripts/bench.ts $(BENCH)

BENCH_PACKAGES := qemu-system-x86 busybox-static cpio kmod xz-utils zstd python3
BENCH_KERNEL ?= 6.12
ROUNDS ?= 5
MINUTES ?= 20

bench-engine: native bench-tools ## Measure the engine beside auditd and bpftrace (BENCH_KERNEL=6.12 ROUNDS=5)
	$(BUN) scripts/bench-engine.ts --kernel $(BENCH_KERNEL) --rounds $(ROUNDS)

soak-engine: native bench-tools ## Does the engine grow or lose? (MINUTES=20 BENCH_KERNEL=6.12, or here)
	$(BUN) scripts/bench-engine.ts --kernel $(BENCH_KERNEL) --soak $(MINUTES)

bench-tools:
	@$(MAKE) DEBIAN_PACKAGES="$(BENCH_PACKAGES)" STAMPS=$(STAMPS)/bench $(STAMPS)/bench/debian
	$(MAKE) -C native/bench

KERNEL_PACKAGES := qemu-system-x86 busybox-static cpio kmod xz-utils zstd
KERNELS ?=

.PHONY: test-kernels kernel-tools
test-kernels: native kernel-tools ## Engine, policies and packs on other kernels, in QEMU guests (KERNELS="6.1 6.12-rt")
	@test/kernels/run.sh $(KERNELS)

kernel-tools:
	@$(MAKE) DEBIAN_PACKAGES="$(KERNEL_PACKAGES)" STAMPS=$(STAMPS)/kernels $(STAMPS)/kernels/debian

ARM64_PACKAGES := lld qemu-user-static

.PHONY: arm64 arm64-tools
arm64: setup arm64-tools ## Build the engine for 64-bit Arm and run what runs without such a machine
	$(MAKE) -C native check-arm64

arm64-tools:
	@$(MAKE) DEBIAN_PACKAGES="$(ARM64_PACKAGES)" STAMPS=$(STAMPS)/arm64 $(STAMPS)/arm64/debian

.PHONY: chaos
chaos: build ## Random faults under a fleet, every event accounted for (ROUNDS=1000, CHAOS_SEED=… replays, CHAOS_KIND=Kafka, CHAOS_FAULTS="kill -9 engine,node's disk full")
	ROUNDS=$(if $(filter command\ line environment,$(origin ROUNDS)),$(ROUNDS),1000) $(BUN) test test/chaos --timeout 86400000

e2e: build ## Only the tests with the built file and a real browser
	$(BUN) test test/e2e --timeout 180000

clean: ## Remove what was built
	rm -rf dist embed/ui embed/manifest.ts embed/engine.tar.zst $(STAMPS)
	$(MAKE) -C native clean
