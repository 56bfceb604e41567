#!/bin/sh
# The guest's first process, in the initramfs: reaches the host's root over 9p, lays an overlay on it and hands over to
# guest-run.sh. It talks to vm-run.sh through /ctl, a small writable share made for each run.
export PATH=/bin
bb=/bin/busybox
$bb mount -t proc p /proc; $bb mount -t sysfs s /sys; $bb mount -t devtmpfs d /dev
for m in /mod/*; do $bb insmod $m || echo "vm-run: insmod $m failed"; done
o=trans=virtio,version=9p2000.L,msize=512000
off() { $bb sync; $bb poweroff -f; }
$bb mount -t 9p -o $o,cache=none ctl /ctl || off
$bb mount -t 9p -o ro,$o,cache=loose root /ro || off
$bb mount -t tmpfs -o mode=755,size=80% rw /rw
$bb mkdir /rw/up /rw/work
# metacopy and index stay off, so that a file keeps one inode
$bb mount -t overlay -o lowerdir=/ro,upperdir=/rw/up,workdir=/rw/work root /new || off
cd /new
for d in proc sys dev; do $bb mount --move /$d /new/$d; done
$bb mkdir -p dev/shm dev/pts dev/mqueue
$bb mount -t tmpfs -o mode=1777 shm dev/shm
$bb mount -t devpts -o ptmxmode=666 pts dev/pts
$bb mount -t tmpfs -o mode=755 run run; $bb mkdir -m 1777 run/lock
$bb mount -t tracefs t sys/kernel/tracing
$bb mount -t debugfs d sys/kernel/debug 2>/dev/null
$bb mount -t securityfs s sys/kernel/security
$bb mount -t bpf b sys/fs/bpf
$bb mount -t cgroup2 c sys/fs/cgroup
$bb ln -sf /proc/self/fd dev/fd; $bb ln -sf fd/0 dev/stdin; $bb ln -sf fd/1 dev/stdout; $bb ln -sf fd/2 dev/stderr
. /ctl/vars
release=$($bb uname -r)
$bb mkdir -p usr/lib/modules
$bb rm -rf usr/lib/modules/$release
$bb ln -s $vm_dir/modules/$release usr/lib/modules/$release
i=0
while [ $i -lt $vm_shares ]; do
	eval "d=\$vm_share_$i"
	$bb mkdir -p "/new$d"
	$bb mount -t 9p -o $o,cache=mmap share$i "/new$d" || off
	i=$((i + 1))
done
$bb hostname vm-run; $bb ifconfig lo 127.0.0.1 up
$bb mkdir -p /new/run/vm-run
$bb mount --move /ctl /new/run/vm-run
exec $bb switch_root /new /run/vm-run/stage2
