#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# test/arm64.sh DIR [UNIT...]: what of DIR's arm64 build can be proven on another machine, under user emulation. That
# has no bpf(), so nothing is loaded. Prints "ok arm64: NAME" and "not ok arm64: NAME: why"; exit code 1 when any was not.
set -u
dir=${1:?usage: test/arm64.sh DIR [UNIT...]}
shift
emulator=qemu-aarch64-static
engine=$dir/telovix-engine
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		printf 'ok arm64: %s\n' "$name"
	else
		printf 'not ok arm64: %s: %s\n' "$name" "$(tail -n 1 "$work/out")"
		failed=1
	fi
}
run() { # what both streams say goes into $work/said; the emulated program's exit code
	timeout 60 $emulator "$@" >"$work/said" 2>&1
}

static() {
	llvm-readelf -lh "$engine" >"$work/elf" || return 1
	grep -q 'Machine: *AArch64' "$work/elf" || { echo "not built for AArch64"; return 1; }
	! grep -E 'INTERP|DYNAMIC' "$work/elf" || return 1
}
# The paths of whoever built it would make its bytes theirs.
nameless() {
	! grep -aoE "$(realpath ..)[^[:cntrl:]]*" "$engine"
}
version() {
	run "$engine" version && grep -qE '^telovix-engine [0-9]+\.' "$work/said"
}
# Both builds do the same actions: compared where the other one has been built.
actions() {
	run "$engine" act --list || return 1
	test -s "$work/said" || { echo "no actions"; return 1; }
	test ! -x "$dir/../telovix-engine" || "$dir/../telovix-engine" act --list | diff - "$work/said"
}
# Told, not crashed: every kind of program refused with the reason, and the machine named.
probe() {
	run "$engine" probe --json
	test $? -lt 124 || { echo "ended by a signal or by the clock"; return 1; }
	test "$(id -u)" -eq 0 || { grep -q 'Only root may load' "$work/said"; return; }
	grep -q '"machine":"aarch64"' "$work/said" || { echo "the machine is not named"; return 1; }
	grep -q '"kind":"tp_btf","status":"rejected","reason":"load: Function not implemented"' "$work/said"
}
# No half start: a sentence, exit code 1, no segment.
start() {
	mkdir "$work/events"
	run "$engine" run --out "$work/events" --standalone
	local code=$?
	test $code -eq 1 || { echo "exit code $code"; return 1; }
	grep -q '^telovix-engine: ' "$work/said" || { echo "it said nothing"; return 1; }
	test -z "$(ls "$work/events")" || { ls "$work/events"; return 1; }
}
usage() {
	run "$engine" no-such-command
	test $? -eq 2
}

check 'static AArch64 executable' static
check 'no path of the build machine' nameless
check 'version' version
check 'act --list' actions
check 'wrong usage' usage
check 'probe where there is no bpf()' probe
check 'run where there is no bpf()' start
for unit in "$@"; do
	case ${unit##*/} in
	unit_event_symbols) echo "SKIPPED arm64: ${unit##*/}: looks at its own executable mappings, of which an emulated program has none" ;;
	unit_event_loader) echo "SKIPPED arm64: ${unit##*/}: opens files with openat2, which the emulator does not know" ;;
	*) check "${unit##*/}" timeout 300 $emulator "$unit" ;;
	esac
done
exit $failed
