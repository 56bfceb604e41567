# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Minutes of steady work: 2,000 events a second while, every second, a policy comes and another
# goes. Whoever reads the lines deletes them, as a sensor does. What grows shows in the samples.
#   BENCH_MINUTES   how long        BENCH_PLANS/churn   plans that come and go

# Per turn of "mix": birth, exec and end of a process, four opens, and of a connection both ends'
# beginning and end.
events_per_turn=11
churn_kept=5

section_soak() {
	local subject_wanted=engine-0 truth drained
	plan_dir=$work/plans
	mkdir -p "$plan_dir"
	if [ -d "$BENCH_PLANS/1" ]; then
		subject_wanted=engine-1
		cp "$BENCH_PLANS"/1/*.plan "$plan_dir/"
	fi
	start "$subject_wanted"
	pause 1
	"$BENCH_BIN/rate" mix $((2000 / events_per_turn)) $((BENCH_MINUTES * 60)) "$watched/x" >"$work/truth" &
	generator_pid=$!
	"$BENCH_BIN/tally" "$out" "$generator_pid" "$policy" --drain >"$work/tally" &
	drain_pid=$!
	soak_seconds
	wait "$generator_pid" || die "the generator"
	generator_pid=
	pause 3
	mismatched=$(count_mismatched)
	stop
	kill -TERM "$drain_pid"
	wait "$drain_pid" || die "the reader"
	drain_pid=
	emit "\"what\":\"soak\",\"subject\":\"$subject_wanted\",\"churned\":$churned,\"mismatched\":$mismatched" \
		"{\"truth\":$(<"$work/truth"),\"tally\":$(<"$work/tally")}"
	unset plan_dir
}

soak_seconds() {
	local spares=("$BENCH_PLANS"/churn/*.plan) next=$SECONDS began=$SECONDS
	churned=0
	[ -e "${spares[0]}" ] || spares=()
	while kill -0 "$generator_pid" 2>/dev/null; do
		next=$((next + 1))
		[ ${#spares[@]} = 0 ] || churn
		[ $(((next - began) % ${BENCH_SAMPLE:-10})) != 0 ] || soak_sample $((SECONDS - began))
		kill -0 "$subject_pid" 2>/dev/null || die "the engine died: $(tail -n 3 "$work/err")"
		[ $SECONDS -ge $next ] || pause 0.99
	done
}

# Every second the next of the spares appears, whole, under its own name, and the one that came
# $churn_kept seconds ago vanishes.
churn() {
	local new=${spares[churned % ${#spares[@]}]} old
	cp "$new" "$work/coming" && mv "$work/coming" "$plan_dir/${new##*/}"
	if [ $churned -ge $churn_kept ]; then
		old=${spares[(churned - churn_kept) % ${#spares[@]}]}
		rm -f "$plan_dir/${old##*/}"
	fi
	churned=$((churned + 1))
}

# Plans that are there and not told as loaded, and those that are gone and still told.
count_mismatched() {
	local plan name n=0 here loaded
	for plan in "$BENCH_PLANS"/churn/*.plan; do
		[ -e "$plan" ] || continue
		name=${plan##*/}
		[ -e "$plan_dir/$name" ]
		here=$?
		grep -qF "\"${name%.plan}\"" "$out/policies.json"
		loaded=$?
		[ $here = $loaded ] || n=$((n + 1))
	done
	echo $n
}

soak_sample() { # SECOND
	local figures
	kernel_memory now
	printf -v figures '{"second":%d,"rss":%d,"rss_anon":%d,"maps":%d,"programs":%d,"charged":%d,"slab":%d}' \
		"$1" "$(status VmRSS)" "$(status RssAnon)" "$now_maps" "$now_programs" "$(charged)" "$now_Slab"
	emit '"what":"soak-sample"' "$figures"
}
