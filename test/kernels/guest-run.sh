#!/bin/bash
# The guest's first process once the root is in place: runs the command of /run/vm-run/command and ends the guest.
. /run/vm-run/command
read -r uptime _ </proc/uptime; echo "$uptime" >/run/vm-run/ready
cd "$cwd" 2>/dev/null || cd /
# A port opens only once, so the command gets pipes; cat holds the ports.
port() { for p in /sys/class/virtio-ports/*; do [ "$(<"$p/name")" != "$1" ] || echo "/dev/${p##*/}"; done; }
mkfifo /run/vm-run.out /run/vm-run.err
cat /run/vm-run.out >"$(port out)" & out=$!
cat /run/vm-run.err >"$(port err)" & err=$!
setsid "${cmd[@]}" </dev/null >/run/vm-run.out 2>/run/vm-run.err
status=$?
# What the command left running may still hold the pipes: it is not waited for.
for _ in $(seq 40); do kill -0 $out 2>/dev/null || kill -0 $err 2>/dev/null || break; sleep .05; done
read -r uptime _ </proc/uptime; echo "$uptime" >/run/vm-run/done
echo $status >/run/vm-run/rc
sync
exec busybox poweroff -f
