#!/usr/bin/env bash
# Every check and test in order, on real components; ends with one line of totals. A failing stage does not hide the later ones.
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

passed=0 failed=0 skipped=0
logs=.cache/test-logs
mkdir -p "$logs"
rm -f "$logs"/*.log

say() { printf '\n== %s\n' "$*"; }
count() { passed=$((passed + $1)); failed=$((failed + $2)); skipped=$((skipped + $3)); }

# A stage that is one check: passes or fails as a whole.
stage() {
  local name=$1; shift
  say "$name"
  if "$@" 2>&1 | tee "$logs/${name// /-}.log"; then count 1 0 0; else echo "FAILED: $name" | tee -a "$logs/${name// /-}.log"; count 0 1 0; return 1; fi
}

# A stage of bun tests: its own totals are added.
bun_stage() {
  local name=$1; shift
  local log="$logs/${name// /-}.log"
  say "$name"
  node_modules/.bin/bun test "$@" 2>&1 | tee "$log"
  local status=${PIPESTATUS[0]} p f s
  p=$(grep -oE '^ *[0-9]+ pass$' "$log" | tail -n1 | grep -oE '[0-9]+' || echo 0)
  f=$(grep -oE '^ *[0-9]+ fail$' "$log" | tail -n1 | grep -oE '[0-9]+' || echo 0)
  s=$(grep -oE '^ *[0-9]+ skip$' "$log" | tail -n1 | grep -oE '[0-9]+' || echo 0)
  if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; echo "FAILED: $name (exit $status)" | tee -a "$log"; fi
  count "$p" "$f" "$s"
}

# The engine's own suite prints TAP-like lines and the same closing line as this one.
native_stage() {
  say "engine"
  make -C native test 2>&1 | tee "$logs/engine.log"
  local status=${PIPESTATUS[0]} line
  # Several suites may close with such a line; all are added.
  while read -r p f s; do count "$p" "$f" "$s"; [ "$f" -gt 0 ] && status=0; done \
    < <(grep -oE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$logs/engine.log" | sed -E 's/ passed, / /; s/ failed(, ([0-9]+) skipped)?/ 0\2/')
  if [ "$status" -ne 0 ]; then echo "FAILED: engine" | tee -a "$logs/engine.log"; count 0 1 0; fi
}

# Policies case by case, here and on another kernel, in a guest.
kernels_stage() {
  say "kernels"
  local log="$logs/kernels.log" totals p f s
  make kernel-tools >"$log" 2>&1 && test/kernels/run.sh --short host 6.12 2>&1 | tee -a "$log" | grep -vE '^make|^ok '
  totals=$(grep -oE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n1)
  read -r p f s <<<"$(sed -E 's/ passed, / /; s/ failed(, ([0-9]+) skipped)?/ 0\2/' <<<"${totals:-0 passed, 1 failed}")"
  [ -n "$totals" ] || { tail -n 20 "$log"; echo "FAILED: kernels" >>"$log"; }
  count "$p" "$f" "$((10#${s:-0}))"
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

finish() { [ "$failed" -eq 0 ] || failures; printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"; [ "$failed" -eq 0 ]; }

stage "set-up" make setup || { finish; exit 1; }
stage "build" make build || { finish; exit 1; }
stage "check" make check
native_stage
stage "fuzz" make -C native fuzz SECONDS=20
kernels_stage
bun_stage "unit" src scripts test/packs test/kernels --timeout 60000
bun_stage "integration" test/integration test/architecture --timeout 120000
bun_stage "end to end" test/e2e --timeout 240000
bun_stage "chaos" test/chaos --timeout 400000
finish
