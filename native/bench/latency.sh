# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What an operation takes with each subject watching. Rounds over all subjects, each beginning with
# another one, so that what drifts in the machine falls on all of them. BENCH_FIRST: the first one's number.

section_latency() {
	local subjects=($BENCH_SUBJECTS) first=$((${BENCH_FIRST:-1} - 1)) round i
	for ((round = first; round < first + BENCH_ROUNDS; round++)); do
		for ((i = 0; i < ${#subjects[@]}; i++)); do
			measure_latency $((round + 1)) "${subjects[(round + i) % ${#subjects[@]}]}"
		done
	done
}

measure_latency() { # ROUND SUBJECT
	local counts=($BENCH_COUNTS) target result
	local -A results
	start "$2"
	pause 0.5
	for target in exec open open-watched connect; do
		case $target in
		exec) result=$("$BENCH_QUICK/latency" exec "${counts[0]}") ;;
		open) result=$("$BENCH_QUICK/latency" open "${counts[1]}" "$free/x") ;;
		open-watched) result=$("$BENCH_QUICK/latency" open "${counts[2]}" "$watched/x") ;;
		connect) result=$("$BENCH_QUICK/latency" connect "${counts[3]}") ;;
		esac || die "latency of $target"
		results[$target]=$result
		pause 0.5
	done
	# What was told is counted when all of it is where it goes.
	stop
	for target in "${!results[@]}"; do
		result=${results[$target]}
		emit "\"what\":\"latency\",\"round\":$1,\"subject\":\"$subject\",\"target\":\"$target\"" \
			"${result%\}},\"told\":$(told "$(pid_of "$result")")}"
	done
}
