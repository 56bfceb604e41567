# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Loss at fixed rates: what the generator did, and what is found of it in the lines and the ledger.

section_loss() {
	local s
	for s in "${ends[@]}"; do
		measure_loss "$s" exec-1k exec 1000 "$BENCH_SECONDS"
		measure_loss "$s" exec-5k exec 5000 "$BENCH_SECONDS"
		measure_loss "$s" open-100k open 100000 "$BENCH_SECONDS" "$free/x" "$watched/x" 100
		measure_loss "$s" mix mix 200 3 "$watched/x"
	done
	# A ledger nobody has seen filled proves nothing: here the engine is held up until rings of
	# the least size have overflowed.
	stall=2 measure_loss engine-0 stalled-exec exec 1000 5
	stall=2 measure_loss engine-0 stalled-open open 2000 5 "$free/x" "$watched/x" 1
}

measure_loss() { # SUBJECT CASE, then the words of rate
	local s=$1 name=$2 truth options=()
	shift 2
	# Our own signals to the engine would be records too, lost like the rest.
	[ -z "${stall:-}" ] || options=(--ring-exec-kb 64 --ring-main-kb 64 --self-pid $$)
	start "$s" --max-bytes 4294967296 "${options[@]}"
	pause 0.5
	"$BENCH_BIN/rate" "$@" >"$work/truth" &
	generator_pid=$!
	if [ -n "${stall:-}" ]; then
		pause 1
		kill -STOP "$subject_pid"
		pause "$stall"
		kill -CONT "$subject_pid"
	fi
	wait "$generator_pid" || die "rate $*"
	generator_pid=
	pause 1.5
	stop
	truth=$(<"$work/truth")
	emit "\"what\":\"loss\",\"subject\":\"$s\",\"case\":\"$name\"" \
		"{\"truth\":$truth,\"tally\":$("$BENCH_BIN/tally" "$out" "$(pid_of "$truth")" "$policy")}"
	rm -rf "$out"
}
