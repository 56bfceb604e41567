#!/usr/bin/env bash
# run.sh [--short | --again] [--only engine|policies|packs] [KERNEL…]: the engine's tests on other kernels, each in a QEMU guest.
#   KERNEL as in vm-run.sh, or `host` for the running one (policies only). Default: a list below, and host.
#   A full run of the policies is kept in native/test/policy/outcomes, and docs/kernels.md made of all that is kept.
#   Every policy of every pack is tried on one of them (6.12): its self-test must fire.
#   --again: of the policies only what failed, or was not there yet, at the last full run; with what is kept of that it is a full one.
#   --short: the short form of the policy cases only; for one guest within a minute and a half.
# Logs and outcomes are in .cache/kernels/results. Ends with one line of totals.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2

short= only= again= kernels=()
while [ $# -gt 0 ]; do
	case $1 in
	--short) short=--short only=policies ;;
	--again) again=1 only=policies ;;
	--only) only=$2; shift ;;
	--*) sed -n '2,8p' "$0" >&2; exit 2 ;;
	*) kernels+=("$1") ;;
	esac
	shift
done
all=(5.10 6.1 6.1-rt 6.12 6.12-rt 6.18 7.3 7.3-rt host)
[ ${#kernels[@]} -gt 0 ] || kernels=("${all[@]}")
cache=$(realpath -m "${TELOVIX_KERNEL_CACHE:-.cache/kernels}")
results=$cache/results
prepared=$PWD/native/.output/policy-cases
bun=$PWD/node_modules/.bin/bun
mkdir -p "$results"
passed=0 failed=0 skipped=0

# Adds the last closing line of a log; a suite that has none has failed.
count() { # LOG STATUS
	local totals p f s
	totals=$(grep -oE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$1" | tail -n1)
	read -r p f s <<<"$(sed -E 's/ passed, / /; s/ failed(, ([0-9]+) skipped)?/ 0\2/' <<<"${totals:-0 passed, 0 failed}")"
	[ "$2" -eq 0 ] || [ "$f" -gt 0 ] || { f=1; echo "FAILED with status $2; the end of $1:"; tail -n 15 "$1"; }
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + 10#${s:-0}))
	printf '   %d passed, %d failed, %d skipped (%s)\n' "$p" "$f" "$((10#${s:-0}))" "$1"
}
# A kernel that patches itself puts a breakpoint there and waits for every CPU before it takes it away again. Emulated CPUs
# may run it from an old translation afterwards: an oops "int3" where the code shows none. Seen only under emulation, on a loaded host.
ran_stale() { # CONSOLE
	grep -q 'Oops: int3' "$1" && ! grep -m1 'Code: ' "$1" | grep -q 'cc <'
}
guest() { # COMMAND...; in suite
	STORM=2000 test/kernels/vm-run.sh -t "$limit" -k "$log.console" -s "$results" -e STORM "$kernel" -- "$@" >"$log" 2>&1
	status=$?
}
suite() { # NAME KERNEL LIMIT COMMAND...
	local name=$1 kernel=$2 limit=$3 log=$results/$2-$1.log status
	shift 3
	printf '\n== %s on %s\n' "$name" "$kernel"
	if [ "$kernel" = host ]; then "$@" >"$log" 2>&1; status=$?
	else
		guest "$@"
		if [ $status -eq 125 ] && ran_stale "$log.console"; then
			echo "   the emulator ran a breakpoint that was no longer there; once more ($log.stale)"
			cp "$log.console" "$log.stale"
			guest "$@"
		fi
	fi
	grep -E '^not ok' -A4 "$log" | head -n 60
	count "$log" $status
}

# The guests see the host's files as they are: a copy, so that a build meanwhile changes nothing.
stage=$(mktemp -d "$cache/stage.XXXXXX")
trap 'rm -rf "$stage"' EXIT
mkdir "$stage/native"
# What it imports, and what compiles policies on the way, is found beside it.
ln -s "$PWD/src" "$PWD/test" "$PWD/node_modules" "$stage/"
make -C native all triggers >&2 && make -C native/test/policy >&2 || exit 2
[ -n "$only" ] && [ "$only" != policies ] || "$bun" native/test/policy/prepare.ts "$prepared" || exit 2
[ -n "$only" ] && [ "$only" != packs ] || "$bun" build.ts --manifest >&2 || exit 2
cp -a native/.output native/test "$stage/native/"
for kernel in "${kernels[@]}"; do
	# Outcomes of an earlier run say nothing of this one.
	rm -f "$results/$kernel$short.json"
	[ -n "$only" ] && [ "$only" != engine ] || [ "$kernel" = host ] || suite engine "$kernel" 1500 "$stage/native/test/run.sh"
	[ -n "$only" ] && [ "$only" != policies ] ||
		suite policies "$kernel" 3600 "$bun" "$stage/native/test/policy/run.ts" $short ${again:+--again "$PWD/native/test/policy/outcomes/$kernel.json"} --json "$results/$kernel$short.json" "$stage/native/.output/policy-cases"
	[ "$kernel" != 6.12 ] || { [ -n "$only" ] && [ "$only" != packs ]; } ||
		suite packs "$kernel" 600 "$PWD/test/kernels/packs.sh" "$stage/native/.output/telovix-engine"
done
# A run on all kernels takes hours: the page is made of the last full run on each.
if { [ -z "$only" ] || [ "$only" = policies ]; } && [ -z "$short" ]; then
	rm -rf "$results/report"
	mkdir "$results/report"
	for kernel in "${kernels[@]}"; do cp "$results/$kernel.json" "$results/report/" 2>/dev/null; done
	"$bun" native/test/policy/report.ts "$results/report" native/test/policy/outcomes docs/kernels.md "${all[@]}"
fi
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
