#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# peers.sh DIR: unpacks Debian's auditd and bpftrace, with the libraries this machine lacks, below
# DIR. Nothing is installed. Does nothing when they are there.
set -euo pipefail
dir=$1
packages=(auditd bpftrace libaudit1 libauparse0 libwrap0 libnsl2 libtirpc3 libcap-ng0
	libgssapi-krb5-2 libkrb5-3 libbpfcc libbpf1 libclang1-14 libllvm14 libdw1)

[ ! -e "$dir/ready" ] || exit 0
mkdir -p "$dir/deb" "$dir/root"
dir=$(realpath "$dir")
wanted=()
for package in "${packages[@]}"; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
	installed) ;;
	*) wanted+=("$package") ;;
	esac
done
# A program that is installed is unpacked all the same: the bench runs it from DIR.
for package in auditd bpftrace; do
	[[ " ${wanted[*]} " == *" $package "* ]] || wanted+=("$package")
done
(cd "$dir/deb" && apt-get -q download "${wanted[@]}") >"$dir/log" 2>&1 || {
	cat "$dir/log" >&2
	exit 1
}
for deb in "$dir"/deb/*.deb; do dpkg -x "$deb" "$dir/root"; done
libraries=$dir/root/usr/lib/$(uname -m)-linux-gnu:$dir/root/lib/$(uname -m)-linux-gnu
missing=$(LD_LIBRARY_PATH=$libraries ldd "$dir"/root/sbin/audit{d,ctl} "$dir/root/usr/bin/bpftrace" |
	grep 'not found' || true)
[ -z "$missing" ] || { echo "libraries are missing: $missing" >&2; exit 1; }
rm -r "$dir/deb"
touch "$dir/ready"
