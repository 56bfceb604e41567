#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Policies across kill -9 of the engine: numbered opens go on while it dies and comes back, and each is told exactly
# once. Also plans that appear, break and vanish while the engine runs.
set -u
cd "$(dirname "$0")/.." || exit 2
engine=$PWD/.output/telovix-engine
bun=../node_modules/.bin/bun
work=$(mktemp -d /tmp/tx-policy-XXXXXX)
pins=/run/telovix-policy-test-$$
engine_pid=
cleanup() {
	[ -n "$engine_pid" ] && kill "$engine_pid" 2>/dev/null && wait "$engine_pid" 2>/dev/null
	"$engine" unpin --pin "$pins" >/dev/null 2>&1
	rm -rf "$work"
}
trap cleanup EXIT
say() { # NAME STATUS
	if [ "$2" -eq 0 ]; then echo "ok policy: $1"; else echo "not ok policy: $1"; fi
}
waits() { # CONDITION: until it holds, 30 s at most
	for _ in $(seq 300); do
		eval "$1" && return 0
		sleep 0.1
	done
	return 1
}
start() {
	"$engine" run --out "$work/out" --plan "$work/plans" --pin "$pins" --standalone --node-name node-1 2>>"$work/err" &
	engine_pid=$!
}
told() { grep -ho "\"string_arg\":\"$work/number-[0-9]*\"" "$work"/out/events-*.jsonl | sort | uniq -c; }
state() { grep -q "\"name\":\"numbered\",\"file\":\"numbered.plan\",$1" "$work/out/policies.json" 2>/dev/null; }

if ! "$engine" probe --json | grep -qE '"kind":"(tp_btf|raw_tp)","status":"ok"'; then
	echo "######## THIS KERNEL REFUSES eBPF: NO POLICY WAS TESTED ########"
	echo "skip policy"
	exit 0
fi
mkdir -p "$work/out" "$work/plans"
cat >"$work/numbered.yaml" <<END
apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata: { name: numbered }
spec:
  kprobes:
    - call: sys_openat
      syscall: true
      args: [{ index: 1, type: string }]
      selectors:
        - matchArgs: [{ index: 1, operator: Prefix, values: ["$work/number-"] }]
END
"$bun" ../src/main.ts policy convert --to plan "$work/numbered.yaml" --out "$work/numbered.plan" >/dev/null
say "it compiles" $?
cp "$work/numbered.plan" "$work/plans/numbered.plan"
start
waits 'state "\"mode\":\"monitor\",\"state\":\"ok\""'
say "it is loaded" $?

# The first ones before the kill, some while nobody reads, the rest under the next engine.
for i in $(seq 1 600); do
	: <"$work/number-$i"
	[ "$i" = 200 ] && kill -9 "$engine_pid" && wait "$engine_pid" 2>/dev/null
	[ "$i" = 400 ] && start
done 2>/dev/null
waits '[ "$(told | wc -l)" -eq 600 ]'
say "each of 600 opens is told, those without an engine too" $?
told | awk '$1 != 1 { bad = 1 } END { exit bad }'
say "and none twice" $?
! grep -q '"engine_loss"' "$work"/out/events-*.jsonl
say "nothing counts as lost" $?

# A file that is no plan any more leaves in force what it was.
head -c 100 "$work/numbered.plan" >"$work/plans/broken" && mv "$work/plans/broken" "$work/plans/numbered.plan"
waits 'grep -q "\"reason\":" "$work/out/policies.json"'
say "a damaged plan is refused with a reason" $?
: 2>/dev/null <"$work/number-601"
waits 'told | grep -q "number-601\""'
say "and what was loaded before stays" $?
rm "$work/plans/numbered.plan"
waits '! state ""'
say "a plan that vanishes is unloaded" $?
kill "$engine_pid" && wait "$engine_pid"
engine_pid=
[ ! -d "$pins" ]
say "an orderly end leaves nothing pinned" $?
