# SPDX-License-Identifier: Apache-2.0
#
# Thin: Meson and Ninja build, the scripts in tools/ check.  `make help` lists the targets.
# BUILD=DIR, ASAN=DIR and STATIC=DIR take other build directories, CC=clang another compiler.

BUILD ?= build
ASAN ?= build-asan
STATIC ?= build-static
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
INCLUDEDIR ?= $(PREFIX)/include
PYTHON ?= /usr/bin/python3
MESON ?= meson
NINJA ?= ninja
CLANG_FORMAT ?= $(or $(shell command -v clang-format-14),clang-format)
CLANG_TIDY ?= $(or $(shell command -v clang-tidy-14),clang-tidy)
PYTEST = $(PYTHON) -B -m pytest
FUZZ_SECONDS ?= 60
VM_JOBS ?= 1

DAVIT = $(abspath $(BUILD))/davit
JOBS = $(shell nproc 2>/dev/null || echo 1)
SOURCE_DIRS = $(wildcard src include tests bench examples handlers)
SOURCES = find $(SOURCE_DIRS) -name '*.[ch]' -print0

export ASAN_OPTIONS ?= halt_on_error=1:abort_on_error=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS ?= halt_on_error=1:abort_on_error=1:print_stacktrace=1

.DEFAULT_GOAL = all
.NOTPARALLEL:
.PHONY: all help deps demo check check-style check-layers check-links check-members check-sources check-format \
	check-tidy check-unit check-asan check-integration check-rootless check-userns check-oldkernel check-tools check-matrix \
	check-clients-quick check-clients check-vm-quick check-vm static check-static conformance bench format fuzz size \
	dist install uninstall deb check-deb clean

all: $(BUILD)/build.ninja ## build the release binary: build/davit
	@$(NINJA) -C $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | \
		awk -F'|' '{ printf "%-26s%s\n", $$1, $$2 }'

$(BUILD)/build.ninja:
	@tools/install-deps build
	@$(MESON) setup $(BUILD) --buildtype=release --prefix=$(PREFIX)

$(ASAN)/build.ninja:
	@tools/install-deps check
	@$(MESON) setup $(ASAN) --buildtype=debugoptimized -Db_sanitize=address,undefined \
		-Db_lundef=false -Db_ndebug=false

$(STATIC)/build.ninja:
	@tools/install-deps build
	@$(MESON) setup $(STATIC) --buildtype=release -Dstatic=true -Dtests=false

deps: ## install what building and testing need (Debian; elsewhere it says what)
	@tools/install-deps check

demo: ## build, run a container from busybox, show its output and its state
	@tools/install-deps demo
	@$(MAKE) --no-print-directory all
	@DAVIT=$(DAVIT) examples/demo $(BUILD)/demo

check: deps ## style, unit tests with sanitizers, integration tests, the state matrix, Podman, two other kernels (root)
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory -k check-style check-links check-members check-unit check-tools check-integration \
		check-matrix check-clients-quick check-vm-quick

check-style: check-layers check-sources check-format ## layers, style rules, format; no root

check-layers: ## the order of the folders is the order of the includes
	@tools/check-layers

check-links: all ## no folder calls a function of one above it, not even without its header
	@tools/check-layers --link $(BUILD)

check-members: all ## nothing is read from config.json and then ignored
	@tools/check-members $(BUILD)

check-sources: ## our own rules, see tools/check-style --help
	@tools/check-style

check-format: ## compare with clang-format 14
	@$(SOURCES) | xargs -0 -P $(JOBS) -n 8 sh -c 'out=$$($(CLANG_FORMAT) --dry-run -Werror "$$@" 2>&1) || \
		{ echo "$$out"; exit 1; }' sh || { echo "check-format: run make format" >&2; exit 1; }

check-tidy: $(BUILD)/build.ninja ## clang-tidy with the short list of .clang-tidy
	@find src -name '*.c' -print0 | xargs -0 -P $(JOBS) -n 4 $(CLANG_TIDY) -p $(BUILD) --quiet \
		--extra-arg=-Wno-unknown-warning-option

check-unit: $(ASAN)/build.ninja ## unit tests under AddressSanitizer and UBSan; no root
	@$(MESON) test -C $(ASAN) --print-errorlogs

check-asan: $(ASAN)/build.ninja ## integration tests with the sanitized binary (root, slow)
	@$(NINJA) -C $(ASAN)
	@DAVIT=$(abspath $(ASAN))/davit DAVIT_TEST_PATIENCE=4 $(PYTEST) tests/integration

check-tools: ## tests of the scripts in tools/ and bench/
	@$(PYTEST) -p no:cacheprovider tools/tests bench

check-integration: all ## run real containers, and see that each row of the specification is shown (root)
	@DAVIT=$(DAVIT) DAVIT_ROWS=$(BUILD)/rows.json $(PYTEST) tests/integration
	@tools/conformance --results $(BUILD)/rows.json --unit $(ASAN) --check

check-rootless: all ## the integration tests as an ordinary user, whose cgroup subtree and ids are delegated (root makes him)
	@DAVIT=$(DAVIT) DAVIT_TEST_MODE=rootless $(PYTEST) tests/integration

check-userns: all ## the integration tests as root of a user namespace, as below rootless Podman (root)
	@DAVIT=$(DAVIT) DAVIT_TEST_MODE=userns $(PYTEST) tests/integration

check-oldkernel: all ## the integration tests with the system calls denied that came after Linux 5.1 (root)
	@DAVIT=$(DAVIT) DAVIT_TEST_VIEW=oldkernel $(PYTEST) tests/integration

static: $(STATIC)/build.ninja ## build a binary that needs no library at all: build-static/davit
	@$(NINJA) -C $(STATIC)

check-static: static ## run it in a system without libraries (root)
	@tools/install-deps demo
	@STATIC=$(STATIC) $(PYTEST) -q -p no:cacheprovider tests/packages/test_static.py

conformance: all ## write docs/conformance.md from the tests (root)
	@$(MAKE) --no-print-directory check-unit
	@DAVIT=$(DAVIT) DAVIT_ROWS=$(BUILD)/rows.json $(PYTEST) -q tests/integration
	@tools/conformance --results $(BUILD)/rows.json --unit $(ASAN) --write

check-matrix: all ## each command in each situation, in the cgroup layouts this machine can show (root)
	@DAVIT=$(DAVIT) $(PYTEST) -q tests/vm

check-clients-quick: all ## Podman and Buildah run on davit, without network (root)
	@tools/install-deps clients
	@DAVIT=$(DAVIT) tests/clients/run --quick

check-clients: all ## real clients on davit, crun and runc in each cgroup view; writes docs/clients.md (root, an hour)
	@tools/install-deps daemons
	@tools/install-deps vm
	@DAVIT=$(DAVIT) tests/clients/run --write

check-vm-quick: all ## the same on two other kernels: cgroup v2 with systemd, v1 without a freezer (root)
	@tools/install-deps vm
	@DAVIT=$(DAVIT) tests/vm/vm check --quick

check-vm: all ## the matrix and the tests of state, life and cgroups on every layout (root, an hour)
	@tools/install-deps vm
	@DAVIT=$(DAVIT) tests/vm/vm check --jobs $(VM_JOBS)

bench: all ## compare with crun, runc and the floor (root); ARGS="--rounds 50 --json"
	@bench/run --runtime davit=$(DAVIT) $(ARGS)

format: ## rewrite the sources with clang-format 14
	@$(SOURCES) | xargs -0 -P $(JOBS) -n 8 $(CLANG_FORMAT) -i

fuzz: ## fuzz the parsers for FUZZ_SECONDS each
	@if [ -x tests/fuzz/run ]; then tests/fuzz/run $(FUZZ_SECONDS); \
	else echo "fuzz: there is no tests/fuzz/run"; fi

size: ## the longest functions and files
	@tools/size-report

dist: $(BUILD)/build.ninja ## a release tarball from the last commit, tested
	@$(MESON) dist -C $(BUILD)

# LIBDIR and SYSCONFDIR are Meson's unless they are given: nothing of davit goes there yet.
install: $(BUILD)/build.ninja ## install below DESTDIR to PREFIX, BINDIR, DATADIR, MANDIR, INCLUDEDIR (LIBDIR, SYSCONFDIR)
	@$(MESON) configure $(BUILD) --prefix='$(PREFIX)' --bindir='$(BINDIR)' --datadir='$(DATADIR)' --mandir='$(MANDIR)' \
		--includedir='$(INCLUDEDIR)' $(if $(LIBDIR),--libdir='$(LIBDIR)') $(if $(SYSCONFDIR),--sysconfdir='$(SYSCONFDIR)')
	@$(MESON) install -C $(BUILD) $(if $(DESTDIR),--destdir '$(abspath $(DESTDIR))')

uninstall: ## remove what the last `make install` put there
	@$(NINJA) -C $(BUILD) uninstall

deb: ## build the Debian packages in build/deb
	@tools/install-deps deb
	@packaging/build-deb $(BUILD)/deb

check-deb: ## build them without the unit tests, look at them with lintian, try what is in them (root)
	@DEB_BUILD_OPTIONS=nocheck $(MAKE) --no-print-directory deb
	@lintian --display-info --pedantic --fail-on error,warning,info,pedantic --allow-root $(BUILD)/deb/*.changes
	@DEB=$(abspath $(BUILD))/deb $(PYTEST) -q -p no:cacheprovider tests/packages/test_deb.py

clean: ## remove the build directories
	rm -rf -- $(BUILD) $(ASAN) $(STATIC)
