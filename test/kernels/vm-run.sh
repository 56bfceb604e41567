#!/usr/bin/env bash
# vm-run.sh - runs a command on another kernel, inside a throw-away QEMU guest (software emulation).
#
#   vm-run.sh [options] KERNEL [--] COMMAND [ARG...]
#
#   KERNEL   5.10 | 6.1 | 6.12-rt | 7.3 | …      the newest such kernel of Debian, of the one before it, or of the next one's backports
#            linux-image-<version>-<flavour>     that exact package
#
#   -s DIR   share DIR writable, at the same path in the guest (repeatable)
#   -c N     guest CPUs            (default 2)      -m MIB  guest memory (default 2048)
#   -t SEC   give up after SEC     (default 300; exit status 124)
#   -e VAR   pass VAR (or VAR=VALUE) to the command (repeatable)
#   -a ARGS  append ARGS to the kernel command line (the later value wins)
#   -k FILE  keep the guest's console (kernel log) in FILE
#   -i       while the guest works its clock counts instructions, one a nanosecond: what a program takes is the same on any machine
#            and under any load. Instructions, not cycles: no caches, no mispredictions. Its CPUs take turns, so it runs longer.
#   -v       show the guest's console and the times on stderr
#   -p       only prepare (download, unpack, build the initramfs) and print the directory
#
# The guest's root file system is the host's, over 9p, read-only, under a tmpfs overlay: every tool of the host runs unchanged
# at its own path; the guest may write anywhere, and all of it is gone afterwards, except below the -s directories. The command
# runs as root in the caller's working directory. Its stdout, stderr and exit status become ours; its stdin is empty.
# Exit status 124: timeout; 125: the guest died before the command ended (any oops counts); 126: it could not be started.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
die() { echo "vm-run: $*" >&2; exit 126; }
cpus=2 mem=2048 limit=300 append= console= verbose= prepare= counted= shares=() envs=()
while getopts s:c:m:t:e:a:k:ivp o; do
	case $o in
	s) shares+=("$(realpath -e "$OPTARG")") ;;
	c) cpus=$OPTARG ;; m) mem=$OPTARG ;; t) limit=$OPTARG ;; e) envs+=("$OPTARG") ;;
	a) append=$OPTARG ;; k) console=$OPTARG ;; i) counted=1 ;; v) verbose=1 ;; p) prepare=1 ;;
	*) die "see the head of $0" ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || die "which kernel?"
kernel=$1; shift
[ "${1-}" != -- ] || shift
[ -n "$prepare" ] || [ $# -ge 1 ] || die "which command?"
command -v qemu-system-x86_64 >/dev/null || die "qemu-system-x86_64 is missing: make $here/../.. test-kernels installs it"

dir=$("$here/prepare.sh" "$kernel") || exit 126
[ -z "$prepare" ] || { echo "$dir"; exit 0; }

# What the guest has to know travels in a small writable share made for this run.
ctl=$(mktemp -d "${TMPDIR:-/tmp}/vm-run.XXXXXX")
trap 'rm -rf "$ctl"' EXIT
{
	printf 'vm_dir=%q\nvm_shares=%d\n' "$dir" ${#shares[@]}
	for i in "${!shares[@]}"; do printf "vm_share_%d='%s'\n" "$i" "${shares[i]//\'/\'\\\'\'}"; done
} >"$ctl/vars"
{
	printf 'export HOME=/root USER=root TERM=dumb LANG=C.UTF-8 PATH=%q\n' "$PATH"
	for e in "${envs[@]}"; do
		case $e in *=*) ;; *) e=$e=${!e-} ;; esac
		printf 'export %q\n' "$e"
	done
	printf 'cwd=%q\ncmd=(' "$PWD"; printf ' %q' "$@"; printf ' )\n'
} >"$ctl/command"
cp "$here/guest-run.sh" "$ctl/stage2"
chmod 755 "$ctl/stage2"

share() { # ID TAG PATH EXTRA
	printf -- '-fsdev\0local,id=%s,path=%s,security_model=none,multidevs=remap%s\0-device\0virtio-9p-pci,fsdev=%s,mount_tag=%s\0' \
		"$1" "${3//,/,,}" "$4" "$1" "$2"
}
mapfile -d '' file_systems < <(
	share fsroot root / ,readonly=on
	share fsctl ctl "$ctl" ''
	for i in "${!shares[@]}"; do share "fs$i" "share$i" "${shares[i]}" ''; done
)
[ -n "$console" ] || console=$ctl/console
quiet="loglevel=$([ -n "$verbose" ] && echo 6 || echo 4)"
# The LSM list is Debian's own. An oops ends the guest: a kernel that complains has failed the test.
# tsc=reliable and the like: without them the clocks of an emulated machine cost seconds at boot.
cmdline="console=ttyS0 $quiet panic=-1 oops=panic lsm=lockdown,capability,landlock,yama,apparmor,bpf mitigations=off"
cmdline+=" tsc=reliable no_timer_check nowatchdog rcupdate.rcu_expedited=1 $append"
if [ -n "$counted" ]; then engine=(-accel tcg,thread=single,tb-size=512 -icount "shift=0")
else engine=(-accel tcg,thread=multi,tb-size=512)
fi
qemu=(qemu-system-x86_64 -M pc "${engine[@]}" -cpu max,la57=off -smp "$cpus" -m "$mem"
	-nodefaults -no-user-config -display none -no-reboot -nic none
	-kernel "$dir/vmlinux" -initrd "$dir/initrd" -append "$cmdline"
	-serial "file:$console" -device virtio-rng-pci
	-device virtio-serial-pci,max_ports=4
	-chardev file,id=out,path="$ctl/out",append=on -device virtserialport,chardev=out,name=out
	-chardev file,id=err,path="$ctl/err",append=on -device virtserialport,chardev=err,name=err
	"${file_systems[@]}")

# QEMU writes into two FIFOs which we drain: it works whatever our own stdout is.
mkfifo "$ctl/out" "$ctl/err"
cat "$ctl/out" & drain_out=$!
cat "$ctl/err" >&2 & drain_err=$!
start=$EPOCHREALTIME
status=0
timeout -k 5 "$limit" "${qemu[@]}" </dev/null >&2 || status=$?
end=$EPOCHREALTIME
# If QEMU never opened the FIFOs, the drains still wait for a writer: be it, briefly.
: 3<>"$ctl/out" 4<>"$ctl/err"
wait $drain_out $drain_err 2>/dev/null || true
if [ -n "$verbose" ]; then
	cat "$console" >&2
	echo "vm-run: ready after $(cat "$ctl/ready" 2>/dev/null || echo -) s of guest uptime, command ended at" \
		"$(cat "$ctl/done" 2>/dev/null || echo -) s; wall $(((${end/./} - ${start/./}) / 1000)) ms" >&2
fi
if [ -s "$ctl/rc" ]; then exit "$(cat "$ctl/rc")"; fi
[ $status -ne 124 ] || { echo "vm-run: timeout after $limit s" >&2; exit 124; }
echo "vm-run: the guest died; the end of its console:" >&2
tail -n 25 "$console" >&2 || true
exit 125
