#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Behaviour tests on the running kernel: starts the engine, runs the triggers, compares what they say
# they did with what the engine says it saw. Last line: "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 2
engine=$PWD/.output/telovix-engine
match=$PWD/.output/match
triggers=$PWD/.output/triggers
work=$(mktemp -d /tmp/tx-test-XXXXXX)
passed=0 failed=0 skipped=0
engine_pid=

cleanup() {
	[ -n "$engine_pid" ] && kill "$engine_pid" 2>/dev/null
	[ -n "${sleeper:-}" ] && kill "$sleeper" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# Counts and shows the result lines that come in; keeps anything else out of the count.
tally() {
	while IFS= read -r line; do
		case $line in
		"ok "*) passed=$((passed + 1)) ;;
		"not ok "*) failed=$((failed + 1)) ;;
		"skip "*) skipped=$((skipped + 1)) ;;
		esac
		printf '%s\n' "$line"
	done
}
check() { # NAME COMMAND...: ok when the command succeeds
	local name=$1
	shift
	if "$@" >/dev/null 2>&1; then tally <<<"ok $name"; else tally <<<"not ok $name"; fi
}
started() { # DIR: waits until the engine writing there has begun
	for _ in $(seq 200); do
		grep -qs engine_start "$1"/events-*.jsonl && return 0
		sleep 0.1
	done
	return 1
}
ended() { # PID: waits until it is gone, or a zombie that nobody has waited for yet
	for _ in $(seq 100); do
		grep -qs "^State:.[^Z]" "/proc/$1/status" || return 0
		sleep 0.1
	done
	return 1
}
export -f started
start_engine() { # DIR [OPTIONS...]
	local dir=$1
	shift
	mkdir -p "$dir"
	"$engine" run --out "$dir" --node-name node-1 "$@" 2>"$dir.err" &
	engine_pid=$!
	started "$dir"
}
stop_engine() { # SIGNAL
	kill "-$1" "$engine_pid" 2>/dev/null
	wait "$engine_pid" 2>/dev/null
	engine_pid=
}

# What needs no kernel.
"$engine" --help >/dev/null
check "--help succeeds" test $? -eq 0
"$engine" run --nonsense 2>/dev/null
check "wrong usage exits with 2" test $? -eq 2
"$engine" run --out "$work/none" 2>"$work/err"
check "a missing directory is an error with a hint" grep -q "cannot be written.*Create it" "$work/err"
setpriv --reuid 65534 --clear-groups "$engine" run --out /tmp 2>"$work/err"
check "without root it says so" grep -q "Run it as root" "$work/err"
"$engine" probe --json >"$work/probe.json"
check "probe --json tells of tp_btf" grep -q '"kind":"tp_btf","status"' "$work/probe.json"
# Which objects are taken is tried; the kernel's list of symbols has the same answer.
old=true
! grep -qw bpf_loop /proc/kallsyms || old=false
check "probe --json tells which objects are taken" grep -q "\"old_objects\":$old" "$work/probe.json"
# A verifier that refuses one program's direct reads makes all of them dear, and nothing else shows it.
way=helper
! grep -qw bpf_rdonly_cast /proc/kallsyms || way=direct
check "its programs read memory directly where the kernel lets them" grep -q "\"reads\":{\"way\":\"$way\"}" "$work/probe.json"

if ! grep -qE '"kind":"(tp_btf|raw_tp)","status":"ok"' "$work/probe.json"; then
	echo "######## THIS KERNEL REFUSES eBPF: NO BEHAVIOUR WAS TESTED ########"
	tally <<<"skip behaviour"
	echo "$passed passed, $failed failed, $skipped skipped"
	exit $((failed > 0))
fi

behaviour() { # NAME [ENGINE OPTIONS...]
	local name=$1 dir=$work/$1
	shift
	sleep 300 &
	sleeper=$!
	if ! start_engine "$dir" "$@"; then
		tally <<<"not ok $name: the engine did not start: $(tail -1 "$dir.err")"
		return
	fi
	for trigger in exec life tcp dns file cold calls; do
		if ! "$triggers/$trigger" >>"$dir.truth" 2>"$work/err"; then
			tally <<<"not ok $name: trigger $trigger: $(cat "$work/err")"
		fi
	done
	kill "$sleeper"
	wait "$sleeper" 2>/dev/null
	printf '{"test":"a process older than the engine","count":1,"has":["{\\"process_exec\\"","\\"pid\\":%d,\\"tid\\"","procFS","\\"pid\\":%d,\\"uid\\""]}\n' \
		"$sleeper" $$ >>"$dir.truth"
	printf '{"test":"and its end","count":1,"has":["{\\"process_exit\\"","\\"pid\\":%d,\\"tid\\"","SIGTERM","\\"pid\\":%d,\\"uid\\""]}\n' \
		"$sleeper" $$ >>"$dir.truth"
	sleeper=
	"$triggers/storm" "${STORM:-20000}" >>"$dir.truth"
	sleep 0.3
	"$engine" stats "$dir" >"$work/stats"
	stop_engine TERM
	check "$name: stats are given" grep -q rss_bytes "$work/stats"
	tally < <("$match" "$dir" "$dir.truth" | sed "s/^\(ok\|not ok\) /&$name: /")
	rm -rf "$dir"
}
behaviour tp_btf
STORM=2000 behaviour raw_tp --backend raw_tp
grep -q '"old_objects":true' "$work/probe.json" || STORM=2000 behaviour old --backend old

# Deaths.
dir=$work/killed
start_engine "$dir"
"$triggers/storm" 1500 >/dev/null &
storm=$!
sleep 0.5
stop_engine KILL
wait "$storm"
tally < <("$match" "$dir" --torn | sed 's/^\(ok\|not ok\) /&after kill -9: /')
check "the next run goes on with the next segment" start_engine "$dir.2"
stop_engine TERM

mkdir -p "$work/orphan"
bash -c '"$0" run --out "$1" 2>/dev/null & echo $! >"$1.pid"; started "$1"' "$engine" "$work/orphan"
check "the engine ends with its parent" ended "$(cat "$work/orphan.pid")"

mkfifo "$work/lease"
exec 8<>"$work/lease" 9<"$work/lease"
start_engine "$work/leased" --standalone --lease-fd 9 8>&-
exec 8>&- 9<&-
check "the engine ends with its lease" ended "$engine_pid"
engine_pid=

# A disk that fills up, in a mount namespace of its own.
mkdir -p "$work/full"
unshare -m bash -c '
	mount -t tmpfs -o size=1m tmpfs "$0/full" || exit 9
	mkdir "$0/full/out"
	"$1" run --out "$0/full/out" --node-name node-1 2>/dev/null &
	engine=$!
	started "$0/full/out" || exit 9
	"$2/storm" 1500 >/dev/null
	kill -0 $engine || exit 8
	mount -o remount,size=64m "$0/full"
	sleep 2.5
	kill -TERM $engine
	wait $engine
	grep -h "\"cause\":\"disk\"" "$0"/full/out/* >"$0/disk"
	"$3" "$0/full/out" >"$0/match"
' "$work" "$engine" "$triggers" "$match"
check "a full disk is survived" test $? -lt 8
check "and what did not fit is owned up to" test -s "$work/disk"
tally < <(grep -v parent "$work/match" | sed 's/^\(ok\|not ok\) /&after a full disk: /')

# What a kill may cost: nothing.
tally < <(test/survive.sh "$engine" "$triggers" "$match" "$work")
tally < <(test/policy_survive.sh)

# Harmless actions: they do what they say, and leave nothing behind.
tally < <(test/act.sh "$engine" "$work")

echo "$passed passed, $failed failed, $skipped skipped"
exit $((failed > 0))
