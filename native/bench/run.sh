#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# run.sh SECTION...: measures on the running kernel, and appends a JSON object per figure to
# $BENCH_RESULTS. Sections: latency loss delay memory soak. scripts/bench-engine.ts starts it, in a
# guest or here, with these in the environment:
#   BENCH_BIN      the generators and readers     BENCH_ENGINE  telovix-engine
#   BENCH_PEERS    what peers.sh unpacked         BENCH_PLANS   N/*.plan: plans of N policies
#   BENCH_WATCHED  the directory to watch
#   BENCH_SUBJECTS who is measured, in order      BENCH_ROUNDS  how often
#   BENCH_COUNTS   latency samples: exec open open-watched connect
#   BENCH_SECONDS  of each rate
#   BENCH_MINUTES  of the soak                                 BENCH_SAMPLE  every so many seconds
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /var/tmp/tx-bench-XXXXXX)
watched=$BENCH_WATCHED free=$work/free
cgroup=

die() { echo "bench: $*" >&2; exit 1; }
cleanup() {
	for pid in ${subject_pid:-} ${generator_pid:-} ${drain_pid:-}; do
		[ "$pid" != $$ ] || continue
		kill -TERM "$pid" 2>/dev/null
		kill -CONT "$pid" 2>/dev/null
	done
	rm -rf "$work" "$watched"
}
trap cleanup EXIT
pid_of() { sed -n 's/.*"pid":\([0-9]*\).*/\1/p' <<<"$1"; } # of a generator's words
emit() { # KEYS JSON: {KEYS, and what is in the object JSON}
	printf '{%s,%s\n' "$1" "${2#\{}" >>"$BENCH_RESULTS"
}

mkdir -p "$watched" "$free"
# Waits without a process: a sleep(1) would be an exec more that somebody is told of.
mkfifo "$work/never"
exec 9<>"$work/never"
pause() { read -rt "$1" -u 9; }
touch "$watched/x" "$free/x"
# What is exec'd lies in memory: no operation waits for a disk, or for the host.
mkdir "$work/bin" && cp "$BENCH_BIN"/{latency,tiny} "$work/bin/" && BENCH_QUICK=$work/bin
if [ -d /run/vm-run ]; then
	# The guest counts BPF run times; a kernel in use does not.
	echo 0 >/proc/sys/kernel/bpf_stats_enabled
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control && mkdir -p /sys/fs/cgroup/bench && cgroup=/sys/fs/cgroup/bench
fi
: "${BENCH_ROUNDS:=5}" "${BENCH_COUNTS:=500 20000 3000 2000}" "${BENCH_SECONDS:=10}" "${BENCH_MINUTES:=20}"
emit '"what":"machine"' "{\"kernel\":\"$(uname -r)\",\"cores\":$(nproc)}"
. "$here/kernel_memory.sh"
. "$here/subjects.sh"
# All engines, and those with the fewest and the most policies.
engines=()
for s in ${BENCH_SUBJECTS:-}; do [[ $s != engine-* ]] || engines+=("$s"); done
ends=("${engines[@]:0:1}")
[ ${#engines[@]} -lt 2 ] || ends+=("${engines[-1]}")
for section in "$@"; do
	. "$here/$section.sh"
	"section_$section"
done
