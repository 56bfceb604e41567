#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# arm64/sysroot.sh DIR: the arm64 headers and static libraries the engine needs, unpacked into DIR from this
# machine's own Debian sources. apt works in a state of its own: nothing is installed, no architecture is added to
# dpkg, root is not needed. apt checks every signature as ever. DIR/packages says which versions DIR holds.
set -euo pipefail
packages=(libc6-dev linux-libc-dev libgcc-12-dev libbpf-dev libelf-dev zlib1g-dev libzstd-dev)
dir=${1:?usage: arm64/sysroot.sh DIR}

for tool in apt-get dpkg-deb; do
	command -v "$tool" >/dev/null || {
		echo "The arm64 build takes its libraries from Debian packages, and $tool is not here: build on Debian 12." >&2
		exit 1
	}
done

mkdir -p "$(dirname "$dir")"
work=$(mktemp -d "$(realpath "$(dirname "$dir")")/arm64-work-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{state/lists/partial,cache/archives/partial,debs,root}
: >"$work/status"

# Read behind the machine's own configuration, whose sources and proxies stay. Its hooks do not: they would work on
# the machine's caches. No translations, no software catalogue; and no second user, who could not write here.
cat >"$work/apt.conf" <<EOF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "";
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
EOF

quietly() { # COMMAND...: what it says only when it fails
	"$@" >"$work/log" 2>&1 && return
	tail -n 20 "$work/log" >&2
	echo "The arm64 packages could not be fetched: are Debian 12's sources set up, and reachable?" >&2
	exit 1
}
# A source that has no arm64, or is out of reach, is a mere warning to update: what counts is the download.
quietly apt-get -c "$work/apt.conf" -q update
cd "$work/debs"
quietly apt-get -c "$work/apt.conf" -q download "${packages[@]}"
cd "$OLDPWD"

for deb in "$work"/debs/*.deb; do
	dpkg-deb -x "$deb" "$work/root"
	dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb" >>"$work/root/packages"
done
rm -rf "$work/root/usr/share" "$dir"
mv "$work/root" "$dir"
