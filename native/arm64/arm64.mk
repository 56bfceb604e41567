# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# make arm64: .output/arm64/telovix-engine, static, on a machine of another kind (needs ld.lld).
# make arm64-sysroot: the libraries it needs, from Debian's packages.
# make check-arm64: its unit tests, and what of it runs without an arm64 kernel (needs qemu-aarch64-static).

ARM64_OUT := .output/arm64
ARM64_SYSROOT := $(abspath ../.cache/arm64-sysroot)
# The BPF objects keep this machine's MULTIARCH: of the system's headers they use fixed-width types alone.
ARM64_CC := $(CLANG) --target=aarch64-linux-gnu --sysroot=$(ARM64_SYSROOT) -fuse-ld=lld -Wno-unused-command-line-argument
ARM64_MAKE = $(MAKE) --no-print-directory OUT=$(ARM64_OUT) ARCH=arm64 MULTIARCH=$(MULTIARCH) CC="$(ARM64_CC)"
# $(1): a command, $(2): the Debian package it is in
arm64_needs = @command -v $(1) >/dev/null || { echo "The arm64 build needs $(1): install Debian's package $(2)." >&2; exit 1; }

.PHONY: arm64 arm64-sysroot check-arm64 arm64-run
arm64: $(ARM64_SYSROOT)/packages
	$(call arm64_needs,ld.lld,lld)
	$(Q)$(ARM64_MAKE) $(ARM64_OUT)/telovix-engine

arm64-sysroot: $(ARM64_SYSROOT)/packages

# Under user emulation: real arm64 code on this machine's kernel.
check-arm64: arm64
	$(call arm64_needs,qemu-aarch64-static,qemu-user-static)
	$(Q)$(ARM64_MAKE) arm64-run

# Only within ARM64_MAKE.
arm64-run: $(UNITS)
	$(Q)test/arm64.sh $(OUT) $(UNITS)

$(ARM64_SYSROOT)/packages: arm64/sysroot.sh
	$(call say,SYSROOT,$(@D))
	$(Q)arm64/sysroot.sh $(@D)
