# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Who watches: nothing, engine-N with N policies, auditd, bpftrace. Sourced by run.sh.
# All are asked for the same: every exec, opens below $watched, connects.
#
#   start SUBJECT [ENGINE OPTIONS...]   returns when it watches
#   told PID                            what it has told, where it can be asked
#   stop                                returns when it is gone

subject= subject_pid= out=$work/out
libraries=$BENCH_PEERS/root/usr/lib/$(uname -m)-linux-gnu:$BENCH_PEERS/root/lib/$(uname -m)-linux-gnu

within() { # SECONDS COMMAND...: until it succeeds
	local left=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] && kill -0 "$subject_pid" 2>/dev/null || die "$subject does not start: $(tail -n 3 "$work/err")"
		pause 0.05
	done
}

start_engine() { # POLICIES [OPTIONS...]
	local policies=$1 options=()
	shift
	if [ "$policies" = 0 ]; then
		echo "R $watched/" >"$work/watch"
		options=(--watch "$work/watch")
		policy=telovix-file-open
	else
		options=(--plan "${plan_dir:-$BENCH_PLANS/$policies}")
		policy=bench-match
	fi
	rm -rf "$out"
	mkdir -p "$out"
	# In a cgroup of its own the kernel's memory for it can be told from the rest.
	(
		[ -z "$cgroup" ] || echo $BASHPID >"$cgroup/cgroup.procs"
		exec "$BENCH_ENGINE" run --out "$out" --node-name bench "${options[@]}" "$@"
	) 2>"$work/err" &
	subject_pid=$!
	within 60 grep -qs engine_start "$out"/events-1.jsonl
	[ "$policies" = 0 ] || within 120 policies_loaded "$policies"
}

policies_loaded() { # NUMBER: whether the engine says that so many are in force
	[ "$(grep -oE '"state": ?"(ok|degraded)"' "$out/policies.json" | wc -l)" -ge "$1" ]
}

audit() { LD_LIBRARY_PATH=$libraries "$BENCH_PEERS/root/sbin/$1" "${@:2}"; }
audit_lost() { audit auditctl -s | awk '$1 == "lost" { print $2 }'; } # since the kernel started
audit_listens() { audit auditctl -s | grep -q "^pid $subject_pid$"; }

start_auditd() {
	# It would change the rules of a machine that is not ours.
	[ -d /run/vm-run ] || die "auditd is only started in a guest"
	mkdir -p /etc/audit /var/log/audit
	rm -f /var/log/audit/*
	cp -r "$BENCH_PEERS/root/etc/audit/." /etc/audit/
	sed -i 's/^log_group.*/log_group = root/' /etc/audit/auditd.conf
	LD_LIBRARY_PATH=$libraries "$BENCH_PEERS/root/sbin/auditd" -n 2>"$work/err" >&2 &
	subject_pid=$!
	within 30 audit_listens
	lost_before=$(audit_lost)
	# Debian's settings, then what is watched.
	cat /etc/audit/rules.d/audit.rules - >"$work/rules" <<-RULES
		-e 1
		-a always,exit -F arch=b64 -S execve -k bench-exec
		-a always,exit -F arch=b64 -S openat -F dir=$watched -k bench-open
		-a always,exit -F arch=b64 -S connect -k bench-connect
	RULES
	audit auditctl -R "$work/rules" >"$work/rules.log" 2>&1 || die "audit rules: $(cat "$work/rules.log")"
}

# A kernel that has ever audited gives each new task what auditing needs, rules or none, and system
# calls of such tasks take the slow way. "never,task" undoes it: nothing means nothing again.
forget_audit() {
	audit auditctl -D >/dev/null 2>&1
	audit auditctl -a never,task >/dev/null 2>&1
	audit auditctl -e 0 >/dev/null 2>&1
}

start_bpftrace() {
	sed "s|PREFIX_LEN|$((${#watched} + 1))|; s|PREFIX|$watched/|" "$here/bench.bt" >"$work/bench.bt"
	sed -i '/^\/\*/d' "$work/bench.bt"
	rm -f "$work/bpftrace"
	LD_LIBRARY_PATH=$libraries "$BENCH_PEERS/root/usr/bin/bpftrace" -o "$work/bpftrace" "$work/bench.bt" 2>"$work/err" >&2 &
	subject_pid=$!
	within 120 grep -qs begun "$work/bpftrace"
}

start() { # SUBJECT [ENGINE OPTIONS...]
	subject=$1 subject_pid=$$ policy=none
	shift
	case $subject in
	nothing) subject_pid= ;;
	engine-*) start_engine "${subject#engine-}" "$@" ;;
	*) "start_$subject" ;;
	esac
}

told() { # PID of a generator: what was told of it, as JSON
	case $subject in
	engine-*) "$BENCH_BIN/tally" "$out" "$1" "$policy" ;;
	auditd)
		cat /var/log/audit/audit.log* | awk -v pid="$1" -v lost=$(($(audit_lost) - lost_before)) '
			/^type=SYSCALL/ && /key="bench-/ {
				if (/bench-exec/ && $0 ~ " ppid=" pid " ") exec++
				if ($0 !~ " pid=" pid " ") next
				if (/bench-open/) open++
				if (/bench-connect/) connect++
			}
			END { printf "{\"exec\":%d,\"open\":%d,\"connect\":%d,\"lost\":%d}\n", exec, open, connect, lost }'
		;;
	bpftrace)
		awk -v pid="$1" '
			$1 == "exec" && $5 ~ "/tiny$" { exec++ }
			$2 == pid { n[$1]++ }
			/^Lost/ { lost += $2 }
			END { printf "{\"exec\":%d,\"open\":%d,\"connect\":%d,\"lost\":%d}\n", exec, n["open"], n["connect"], lost }' "$work/bpftrace"
		;;
	*) echo '{}' ;;
	esac
}

stop() {
	[ -n "$subject_pid" ] || return 0
	[ "$subject" != auditd ] || forget_audit
	kill -TERM "$subject_pid"
	wait "$subject_pid" 2>/dev/null
	subject_pid=
}
