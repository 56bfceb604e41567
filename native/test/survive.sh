#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What a kill -9 may cost: nothing. Prints "ok …" and "not ok …" lines, for run.sh.
# survive.sh ENGINE TRIGGERS MATCH WORK
set -u
engine=$1 triggers=$2 match=$3 work=$4
engine_pid= generator=
cleanup() {
	[ -n "$engine_pid" ] && kill -9 "$engine_pid" 2>/dev/null
	[ -n "$generator" ] && kill "$generator" 2>/dev/null
	umount "$work/nospace" 2>/dev/null
	for pins in "$work"/*.pins; do [ -d "$pins" ] && "$engine" unpin --pin "$pins" 2>/dev/null; done
}
trap cleanup EXIT

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >/dev/null 2>&1; then echo "ok survive: $name"; else echo "not ok survive: $name: $*"; fi
}
same() { # NAME GOT WANTED
	if [ "$2" = "$3" ]; then echo "ok survive: $1"; else echo "not ok survive: $1: $2, not $3"; fi
}
starts() { cat "$1"/events-*.jsonl 2>/dev/null | grep -c '^{"engine_start"'; }
start_engine() { # DIR [OPTIONS...]: waits for its first line
	local dir=$1 before
	shift
	mkdir -p "$dir"
	before=$(starts "$dir")
	"$engine" run --standalone --out "$dir" --node-name node-1 --pin "$dir.pins" "$@" 2>>"$dir.err" &
	engine_pid=$!
	for _ in $(seq 200); do
		[ "$(starts "$dir")" -gt "$before" ] && return 0
		sleep 0.1
	done
	echo "not ok survive: the engine did not start: $(tail -1 "$dir.err")"
}
kill_engine() {
	kill -9 "$engine_pid"
	wait "$engine_pid" 2>/dev/null
}
stop_engine() {
	kill "$engine_pid"
	wait "$engine_pid"
	stopped=$?
	engine_pid=
}
lines() { # DIR TEXT: whole lines of one kind
	grep -ah "^{\"$2\"" "$1"/events-*.jsonl
}
numbers() { # DIR MARK: the numbers of all executions told
	lines "$1" process_exec | grep -o "\"argv\":\[\"child\",\"$2-[0-9]*\"" | grep -o '[0-9]*"$' | tr -d '"'
}
lost() { # DIR [CAUSE]: sum over engine_loss
	lines "$1" engine_loss | grep "\"cause\":\"${2:-}" | grep -o '"count":"[0-9]*"' | grep -o '[0-9]*' |
		awk '{ sum += $1 } END { print sum + 0 }'
}
# Runs that a kernel skips because it has preempted the program that runs on that CPU are no matter of who is killed: told, and left out.
preempts=
! "$engine" probe --json | grep -q '"preemption":"\(full\|rt\)"' || preempts=yes
lost_by_us() { # DIR
	local all skipped=0
	all=$(lost "$1")
	[ -z "$preempts" ] || skipped=$(lost "$1" recursion)
	echo $((all - skipped))
}
of_generator() { # DIR KIND: lines of children of the generator
	lines "$1" "$2" | grep -c "\"parent\":{\"exec_id\":\"[^\"]*\",\"pid\":$generator,"
}
doubles() { # DIR: records of the kernel with more than one line
	cat "$1"/events-*.jsonl | grep -o '"cpu":[0-9]*,"cpu_seq":"[0-9]*"' | sort | uniq -d | wc -l
}
settled() { # DIR: the ring is told; figures come at the end
	stop_engine
	same "$(basename "$1"): the engine stops in order" "$stopped" 0
	check "$(basename "$1"): nothing stays pinned or mounted" test ! -e "$1.pins"
}

# A stream of numbered executions, three kills at random moments.
dir=$work/stream
start_engine "$dir"
"$triggers/numbers" stream 1000 200 >"$dir.pid" &
generator=$!
for _ in 1 2 3; do
	sleep "0.$((RANDOM % 9 + 1))$((RANDOM % 10))"
	kill_engine
	sleep "0.$((RANDOM % 6))$((RANDOM % 10))"
	start_engine "$dir"
done
wait "$generator"
settled "$dir"
same "each of 1000 executions is told exactly once" "$(numbers "$dir" stream | sort -n | uniq | wc -l) $(numbers "$dir" stream | wc -l)" "1000 1000"
same "each birth too" "$(of_generator "$dir" process_fork)" 1000
same "each end too" "$(of_generator "$dir" process_exit)" 1000
same "their parent has one exec_id through all runs" "$(lines "$dir" process_exec | grep '"child","stream-' |
	grep -o '"parent":{"exec_id":"[^"]*"' | sort -u | wc -l)" 1
same "each end names the execution" "$(lines "$dir" process_exit | grep '"child","stream-' |
	grep -o '^{"process_exit":{"process":{"exec_id":"[^"]*"' | sort | uniq | wc -l)" 1000
same "nothing is told as lost" "$(lost_by_us "$dir")" 0
same "an engine's own calls into BPF are not told" "$(cat "$dir"/events-*.jsonl | grep '"sys_bpf"' |
	grep -c "^{\"process_kprobe\":{\"process\":{[^}]*\"binary\":\"$engine\",\"arguments\":\"run [^\"]*$dir ")" 0
same "the runs after the first took over" "$(lines "$dir" engine_start | grep -c '"status":"adopted"')" 3
same "none of them was unknown" "$(cat "$dir"/events-*.jsonl | grep "\"pid\":$generator,\|\"stream-" |
	grep -c '"flags":"[^"]*\(unknown\|miss\)')" 0
same "no record is told twice" "$(doubles "$dir")" 0
"$match" "$dir" --torn | sed 's/^\(ok\|not ok\) /&survive: /' | grep -v parent
rm -rf "$dir"

# Killed at once, again and again: in the middle of taking over too.
dir=$work/hammer
start_engine "$dir"
"$triggers/numbers" hammer 600 300 >"$dir.pid" &
generator=$!
for _ in $(seq 25); do
	kill_engine
	"$engine" run --standalone --out "$dir" --node-name node-1 --pin "$dir.pins" 2>>"$dir.err" &
	engine_pid=$!
	sleep "0.0$((RANDOM % 10))"
done
wait "$generator"
kill_engine
start_engine "$dir"
settled "$dir"
same "25 kills: each of 600 executions exactly once" "$(numbers "$dir" hammer | sort -n | uniq | wc -l) $(numbers "$dir" hammer | wc -l)" "600 600"
same "and nothing told as lost" "$(lost_by_us "$dir")" 0
same "and no record told twice" "$(doubles "$dir")" 0
rm -rf "$dir"

# More than the ring holds, while nobody reads. Three records a child: birth, execution, end.
dir=$work/overflow
start_engine "$dir" --ring-exec-kb 64
"$triggers/numbers" first 50 1000 >"$dir.pid"
kill_engine
"$triggers/numbers" over 400 2000 >"$dir.pid" &
generator=$!
wait "$generator"
start_engine "$dir" --ring-exec-kb 64
sleep 1.5
"$triggers/numbers" last 50 1000 >/dev/null
settled "$dir"
told=$(($(of_generator "$dir" process_fork) + $(numbers "$dir" over | wc -l) +
	$(lines "$dir" process_exit | grep -c "\"parent\":{\"exec_id\":\"[^\"]*\",\"pid\":$generator,\|\"over-")))
check "a full ring loses what does not fit" test "$(lost "$dir" ring_exec)" -gt 100
check "what fits is told" test "$(numbers "$dir" over | wc -l)" -gt 20
same "before and after the flood all is told" "$(numbers "$dir" first | wc -l) $(numbers "$dir" last | wc -l)" "50 50"
same "no gap is without an explanation" "$(lost "$dir" reorder)" 0
check "the loss has a time range" sh -c 'grep -h "^{.engine_loss" "$0"/*.jsonl | grep -q from_ktime_ns' "$dir"
all=$((told + $(lost "$dir" ring_exec)))
check "what is told and what is lost is the whole flood and little else: $all" test "$all" -ge 1200 -a "$all" -lt 1400
same "no record is told twice after a full ring" "$(doubles "$dir")" 0
rm -rf "$dir"

# Killed while the disk was full: what was in memory only is owned up to.
dir=$work/nospace
mkdir "$dir"
mount -t tmpfs -o size=1m tmpfs "$dir"
start_engine "$dir"
"$triggers/numbers" disk 600 2000 >"$dir.pid" &
generator=$!
wait "$generator"
sleep 0.3
kill_engine
check "the disk was full" grep -q "Cannot write events" "$dir.err"
mount -o remount,size=64m "$dir"
start_engine "$dir"
"$triggers/numbers" after 20 1000 >/dev/null
settled "$dir"
told=$(($(of_generator "$dir" process_fork) + $(numbers "$dir" disk | wc -l) +
	$(lines "$dir" process_exit | grep -c "\"disk-")))
all=$((told + $(lost "$dir")))
check "what is on disk and what is owned up to is all: $told, $all of 1800" test "$all" -ge 1800 -a "$all" -lt 2000 -a "$told" -lt 1500
same "no record is told twice after a full disk" "$(doubles "$dir")" 0
same "afterwards all is told" "$(numbers "$dir" after | wc -l)" 20
umount "$dir"

# Another build or other options: nothing to take over.
dir=$work/changed
start_engine "$dir"
kill_engine
"$triggers/numbers" gone 20 1000 >/dev/null
start_engine "$dir" --ring-exec-kb 256
"$triggers/numbers" kept 20 1000 >/dev/null
same "another shape starts afresh" "$(lines "$dir" engine_start | tail -1 | grep -o '"status":"\(new\|adopted\)"')" '"status":"new"'
settled "$dir"
check "and owns up to what its predecessor had kept" test "$(lost "$dir" pins)" -ge 60
same "executions after it come once" "$(numbers "$dir" kept | wc -l)" 20
rm -rf "$dir"

# Killed while it took its pins away: programs that do not run are not taken over.
dir=$work/half
start_engine "$dir"
kill_engine
rm "$dir.pins"/link_*sched_process_exec
start_engine "$dir"
"$triggers/numbers" half 5 1000 >/dev/null
settled "$dir"
same "half-removed pins are not taken over" "$(lines "$dir" engine_start | tail -1 | grep -o '"status":"\(new\|adopted\)"') $(numbers "$dir" half | wc -l)" '"status":"new" 5'
rm -rf "$dir"

# A torn last line is not written: it is taken back and told anew.
dir=$work/torn
start_engine "$dir"
kill_engine
"$triggers/numbers" torn 5 1000 >/dev/null
printf '{"process_exec":{"process":{"exec_id":"bm9' >>"$(ls -v "$dir"/events-*.jsonl | tail -1)"
start_engine "$dir"
settled "$dir"
same "executions behind a torn line come once" "$(numbers "$dir" torn | wc -l)" 5
same "no torn line is left" "$(cat "$dir"/events-*.jsonl | grep -cv '}}$')" 0
rm -rf "$dir"

# unpin, for what a killed engine left.
dir=$work/unpin
start_engine "$dir"
"$engine" unpin --pin "$dir.pins" 2>"$work/err"
check "unpin leaves a running engine alone" grep -q "another engine" "$work/err"
kill_engine
engine_pid=
check "a killed engine's programs stay" test -e "$dir.pins/link_tp_btf__sched_process_exec" -o -e "$dir.pins/link_raw_tp__sched_process_exec"
"$engine" unpin --pin "$dir.pins" 2>"$work/err"
same "unpin succeeds" $? 0
check "it says what it did" grep -q "6 programs were detached" "$work/err"
check "nothing is pinned or mounted" test ! -e "$dir.pins"
"$engine" unpin --pin "$dir.pins" 2>"$work/err"
same "unpin a second time succeeds" $? 0
rm -rf "$dir"

# Where nothing can be mounted the engine runs all the same.
dir=$work/refused
mkdir "$dir"
: >"$dir.pins"
start_engine "$dir"
"$triggers/numbers" plain 5 1000 >/dev/null
stop_engine
same "without a mount it sees" "$(numbers "$dir" plain | wc -l)" 5
check "and says why it cannot pin" sh -c 'grep -h "^{.engine_start" "$0"/*.jsonl | grep -q "\"status\":\"degraded\",\"reason\""' "$dir"
rm -rf "$dir" "$dir.pins"

# Nobody left to work for.
dir=$work/owner
sleep 300 &
owner=$!
echo "$owner $(awk '{ print $22 }' "/proc/$owner/stat")" >"$work/owner.lock"
start_engine "$dir" --owner-pidfile "$work/owner.lock" --owner-grace-s 1
sleep 2.5
check "an engine with an owner stays" kill -0 "$engine_pid"
kill "$owner"
wait "$owner" 2>/dev/null
for _ in $(seq 100); do kill -0 "$engine_pid" 2>/dev/null || break; sleep 0.1; done
wait "$engine_pid"
same "one whose owner is gone for good ends in order" $? 0
engine_pid=
check "unpins" test ! -e "$dir.pins"
check "and says so" grep -q "gone for good" "$dir.err"
rm -rf "$dir"
if command -v bpftool >/dev/null || [ -x /usr/sbin/bpftool ]; then
	left=$(PATH=$PATH:/usr/sbin bpftool link list 2>/dev/null | grep -c "$work")
	same "no link of ours is left in the kernel" "$left" 0
fi
