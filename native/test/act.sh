#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Runs every harmless action of `telovix-engine act`: each must go as foreseen and leave nothing behind.
# test/act.sh ENGINE [WORK]: prints "ok NAME" and "not ok NAME: why"; exit code 1 when any was not.
set -u
engine=$(realpath "${1:-.output/telovix-engine}")
if [ -z "${TX_ACT_ALONE:-}" ]; then # mounts of others must not look like ours
	TX_ACT_ALONE=1 exec unshare -m "$0" "$engine" "${2:-/tmp}"
fi
work=$(mktemp -d "$2/tx-act-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp" "$work/from" "$work/open"
chmod 755 "$work" "$work/from"
chmod 1777 "$work/tmp" "$work/open"
export TMPDIR=$work/tmp
failed=0

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		printf 'ok act: %s\n' "$name"
	else
		printf 'not ok act: %s: %s\n' "$name" "$(tail -1 "$work/out")"
		failed=1
	fi
}
exits() { # CODE COMMAND...
	local code=$1
	shift
	timeout 20 "$@"
	test $? -eq "$code"
}
says() { # PATTERN COMMAND...
	local pattern=$1
	shift
	timeout 20 "$@" | grep -qE "$pattern"
}
# What an argument of that name may be.
sample() {
	case $1 in
	PATH) echo /etc/hostname ;;
	LINK) echo /root/.ssh/authorized_keys ;;
	TO) echo /etc/ld.so.preload ;;
	TARGET) echo /dev/null ;;
	NAME) echo tx-name ;;
	PORT) echo 3333 ;;
	LEVEL) echo 0 ;;
	OPTION) echo 64 ;;
	NUMBER) echo 21522 ;;
	"["*) ;;
	*) echo "act.sh knows no argument $1" >&2 ;;
	esac
}
state() { # what must be the same afterwards
	cat /proc/self/mountinfo /proc/modules /proc/sys/kernel/hostname /proc/swaps 2>/dev/null
	stat -c '%n %a %U %s %Y' /etc/hostname /etc/passwd "$engine" /etc
	find "$work/tmp" "$work/from" "$work/open"
}
leftovers() { # processes that run a copy
	for exe in /proc/[0-9]*/exe; do readlink "$exe"; done 2>/dev/null | grep -F "$work"
}

"$engine" act --list >"$work/list" || exit 1
state >"$work/before"
while read -r name rest; do
	# The names of arguments are the words in capitals before the help, which has none at its beginning.
	args=()
	for word in $rest; do
		[[ $word =~ ^\[?[A-Z]{2,}\]?$ ]] || break
		args+=($(sample "$word"))
	done
	check "$name" says '"foreseen":true' "$engine" act "$name" "${args[@]}"
	check "$name, from a copy in a PID namespace" says '"foreseen":true' \
		"$engine" act --from "$work/from" --as tx-copy --pid-ns "$name" "${args[@]}"
	# What root may, another may not; nothing may be left all the same.
	timeout 20 setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$engine" act --from "$work/open" "$name" "${args[@]}" >"$work/out" 2>&1
	check "$name, by another user" test $? -le 1
done <"$work/list"
state >"$work/after"
check "nothing was changed or left" diff "$work/before" "$work/after"
check "nobody is left running" test -z "$(leftovers)"

check "a file that is there is not written" exits 0 "$engine" act open-write-refused "$work/before"
check "nor emptied" exits 0 "$engine" act open-truncate-refused "$work/before"
check "and is what it was" test -s "$work/before"
check "an action nobody knows is wrong usage" exits 2 "$engine" act no-such-action
check "so is an argument too few" exits 2 "$engine" act open-read
check "and one too many" exits 2 "$engine" act setuid-same x
check "and a name with a slash" exits 2 "$engine" act --as ../x setuid-same
check "and a place that is no absolute path" exits 2 "$engine" act --from tmp setuid-same
check "a missing place is a failure" exits 1 "$engine" act --from "$work/none" setuid-same
exit $failed
