#!/usr/bin/env bash
# Every check and test, on real components; ends with one line of totals. A failing stage does not hide the others.
set -uo pipefail
cd "$(dirname "$0")/.."
# The databases do not run as root, so whoever they run as must be able to enter this tree: a checkout below a closed directory
# (such as root's home) is looked at through a mount of its own, which ends with this script.
closed() { local dir=$1; while [ "$dir" != / ]; do [ $((0$(stat -c %a "$dir") & 1)) -eq 1 ] || return 0; dir=$(dirname "$dir"); done; return 1; }
if [ "$(id -u)" = 0 ] && [ -z "${TELOVIX_TEST_MOUNT:-}" ] && closed "$PWD"; then
  chmod o+x .
  if closed "$(dirname "$PWD")"; then
    mount_at=$(mktemp -d /run/telovix-src-XXXXXX) && chmod 755 "$mount_at"
    TELOVIX_TEST_MOUNT=$mount_at unshare --mount bash -c 'mount --bind "$PWD" "$TELOVIX_TEST_MOUNT" && cd "$TELOVIX_TEST_MOUNT" && exec bash scripts/test.sh'
    status=$?
    rmdir "$mount_at"
    exit $status
  fi
fi

logs=.cache/test-logs
mkdir -p "$logs"
rm -f "$logs"/*.log "$logs"/*.count
bun=node_modules/.bin/bun
aside=

# What a stage came to is in a file of its own: some end in another shell.
count() { echo "$2 $3 $4" >"$logs/$1.count"; } # LOG PASSED FAILED SKIPPED
# Two streams at once nobody can read: of a stage that runs aside only the outcome is shown, and at the end what failed.
shown() { if [ -n "$aside" ]; then cat >/dev/null; else cat; fi; }

# How a log's totals are read; each prints "PASSED FAILED SKIPPED". A check has none: it passes or fails as a whole.
no_totals() { echo 1 0 0; }
bun_totals() {
  local word
  for word in pass fail skip; do grep -oE "^ *[0-9]+ $word$" "$1" | tail -n1 | grep -oE '[0-9]+' || echo 0; done | xargs
}
# Several suites may close with such a line; all are added.
suite_totals() {
  grep -oE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$1" | awk '{ p += $1; f += $3; s += $5 } END { print p + 0, f + 0, s + 0 }'
}

# run NAME TOTALS COMMAND...: one stage.
run() {
  local name=$1 totals=$2 key=${1// /-} start=$SECONDS status p f s
  shift 2
  local log=$logs/$key.log
  [ -n "$aside" ] || printf '\n== %s\n' "$name"
  # Until it has come to its end it has failed.
  count "$key" 0 1 0
  "$@" 2>&1 | tee "$log" | shown
  status=${PIPESTATUS[0]}
  read -r p f s < <($totals "$log")
  # One that says nothing of how it went has not gone well either.
  if [ "$f" -eq 0 ] && { [ "$status" -ne 0 ] || [ $((p + s)) -eq 0 ]; }; then
    f=1
    [ "$totals" != no_totals ] || p=0
    echo "FAILED: $name (exit $status)" | tee -a "$log" | shown
  fi
  count "$key" "$p" "$f" "$s"
  printf '%s: %d passed, %d failed, %d skipped in %d s\n' "-- $name${aside:+ (aside)}" "$p" "$f" "$s" $((SECONDS - start))
  [ "$f" -eq 0 ]
}
check() { local name=$1; shift; run "$name" no_totals "$@"; }
suite() { local name=$1; shift; run "$name" suite_totals "$@"; }
bun_suite() { local name=$1; shift; run "$name" bun_totals "$bun" test "$@"; }

# Policies case by case; KERNEL as in test/kernels/run.sh.
policies() { make kernel-tools && test/kernels/run.sh --short "$@"; }

# That the engine builds for 64-bit Arm. Its libraries come from Debian's packages for that machine, which not every place reaches.
arm64() {
  make -C native arm64-sysroot || { echo "The engine is not built for arm64: its libraries cannot be had here."; echo "0 passed, 0 failed, 1 skipped"; return 0; }
  make -C native arm64 && echo "1 passed, 0 failed"
}

# What failed, once more and last: whoever sees only the end of a long log still sees why.
failures() {
  local log
  for log in "$logs"/*.log; do
    grep -qE '^\(fail\)|^not ok|^FAILED' "$log" || continue
    printf '\n-- %s: what failed\n' "$(basename "$log" .log)"
    # bun says what went wrong just before it names the test.
    grep -E -B 14 '^\(fail\)' "$log" | cut -c 1-240 | tail -n 60
    grep -E '^not ok' "$log" | cut -c 1-240 | tail -n 30
    grep -E -B 20 '^FAILED' "$log" | cut -c 1-240
  done
}

finish() {
  local passed failed skipped
  read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p, f, s }' "$logs"/*.count)
  [ "$failed" -eq 0 ] || failures
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ]
}

# What else this host does is nothing to these, nor are they judged by how fast they are: they run beside the integration tests, which
# mostly wait, and give way to them.
pages=(test/e2e/ui-axe.test.ts)
simulated=(test/e2e/sim.test.ts test/e2e/sim-scenarios.test.ts test/e2e/bench.test.ts)
run_aside() {
  aside=1
  renice -n 2 -p "$BASHPID" >/dev/null
  suite "policies on 6.12" policies 6.12
  bun_suite "unit" src scripts test/packs test/kernels --timeout 180000
  bun_suite "pages" "${pages[@]}" --timeout 180000
  bun_suite "simulated fleets" "${simulated[@]}" --timeout 240000
  suite "arm64" arm64
  check "fuzz" make -j"$(nproc)" -C native fuzz SECONDS=20
  return 0
}

check "set-up" make setup || { finish; exit 1; }
check "build" make -j"$(nproc)" build || { finish; exit 1; }
check "check" make check
# It compares what was done with all that the kernel tells: nothing else may be at work.
suite "engine" make -j"$(nproc)" -C native test
suite "policies" policies host
# With a process group of its own, to end it with.
set -m
run_aside </dev/null &
lane=$!
set +m
trap 'kill -- "-$lane" 2>/dev/null; exit 130' INT TERM
bun_suite "integration" test/integration test/architecture --timeout 120000
wait "$lane" || count aside 0 1 0
bun_suite "end to end" test/e2e "${pages[@]/#/--path-ignore-patterns=}" "${simulated[@]/#/--path-ignore-patterns=}" --timeout 240000
bun_suite "chaos" test/chaos --timeout 400000
finish
