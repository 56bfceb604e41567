#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The reader must shout: lines of which one is missing, lost ones, several segments, a torn end.
set -u
cd "$(dirname "$0")" || exit 2
bin=../.output/bench
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

line() { # SEQ EVENT PROCESS-PID PARENT-PID [REST]
	printf '{"%s":{"process":{"exec_id":"eA==","pid":%d,"tid":%d},"parent":{"exec_id":"eQ==","pid":%d,"uid":0}%s},"telovix":{"seq":"%d"}}\n' \
		"$2" "$3" "$3" "$4" "${5:-}" "$1"
}
loss() { printf '{"engine_loss":{"cause":"%s","count":"%d"},"telovix":{"seq":"%d"}}\n' "$2" "$3" "$1"; }
kprobe() { printf ',"function_name":"%s","args":[],"policy_name":"%s"' "$1" "$2"; }
unknown() { printf '{"process_exit":{"process":{"exec_id":"eA==","pid":9,"flags":"miss unknown"}},"telovix":{"seq":"%d"}}\n' "$1"; }
{
	line 1 process_exec 12 7
	unknown 2
	line 3 process_fork 12 7
	line 4 process_exit 12 7
} >"$dir/events-9.jsonl"
{
	line 6 process_kprobe 7 1 "$(kprobe sys_openat mine)"
	line 7 process_kprobe 7 1 "$(kprobe sys_openat telovix-file-open)"
	line 8 process_kprobe 7 1 "$(kprobe tcp_connect mine)"
	line 9 process_kprobe 7 1 "$(kprobe tcp_connect telovix-network-baseline)"
	line 10 process_kprobe 7 1 "$(kprobe tcp_close telovix-network-baseline)"
	loss 11 ring_main 3
	loss 12 ring_exec 2
	loss 13 ring_main 4
	unknown 14
	line 15 process_exec 13 8
	printf '{"process_exec":{"process":{"exec_id":"eA==","pid":12'
} >"$dir/events-10.jsonl"

failed=0
has() {
	if grep -qF "$1" <<<"$tally"; then return; fi
	echo "not ok tally: $1 is not in $tally"
	failed=1
}
tally=$("$bin/tally" "$dir" 7 mine)
has '"lines":15,"seq_gaps":1'
for kind in exec fork exit open connect policy_connect unknown; do has "\"$kind\":{\"lines\":1,"; done
has '"loss":{"lines":3,'
has '"other":{"lines":4,'
has '"lost":{"ring_main":7,"ring_exec":2}'
[ $failed = 0 ] && echo "ok bench: the reader tells what is missing"
exit $failed
