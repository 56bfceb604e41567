# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# From the call to the line in the file.

section_delay() {
	local s op
	for s in "${ends[@]}"; do
		start "$s"
		pause 0.5
		for op in exec open connect; do
			emit "\"what\":\"delay\",\"subject\":\"$s\"" \
				"$("$BENCH_BIN/delay" $op 300 100 "$out" "$policy" "$watched/x")"
		done
		stop
	done
}
