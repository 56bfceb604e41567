#!/usr/bin/env bash
# prepare.sh KERNEL: makes a kernel bootable for vm-run.sh, once, and prints the directory with vmlinux, initrd, modules, release.
# The package is fetched with `apt-get download` and unpacked; nothing is installed. Kept below $TELOVIX_KERNEL_CACHE
# (default: .cache/kernels of this tree), about 500 MB a kernel. Later runs need no apt.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
die() { echo "vm-run: $*" >&2; exit 126; }
for tool in busybox cpio depmod modprobe xz zstd apt-get dpkg; do
	PATH=$PATH:/usr/sbin:/sbin command -v $tool >/dev/null || die "$tool is missing: make test-kernels installs it"
done
PATH=$PATH:/usr/sbin:/sbin
kernel=$1
cache=${TELOVIX_KERNEL_CACHE:-$here/../../.cache/kernels}
mkdir -p "$cache"
cache=$(realpath "$cache")

# Kernels of the Debian before this one and of the next one's backports, by lists of our own: the host's apt is left as it is.
others=(-o Dir::Etc::sourcelist="$cache/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
	-o Dir::State::lists="$cache/apt/lists" -o Dir::Cache="$cache/apt/cache")
know_others() {
	local mirror suite sources=
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep '/debian/*$' | head -1)
	[ -n "$mirror" ] || die "apt is told of no Debian mirror"
	for suite in bullseye trixie-backports; do
		sources+="deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"$'\n'
	done
	! printf %s "$sources" | cmp -s - "$cache/apt/sources.list" || return 0
	mkdir -p "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial"
	printf %s "$sources" >"$cache/apt/sources.list"
	apt-get -q "${others[@]}" -o APT::Sandbox::User="$(id -un)" update >&2 || { rm "$cache/apt/sources.list"; die "apt-get update failed"; }
}

depends() { apt-cache depends "$1" 2>/dev/null | sed -n 's/.*Depends: *\(linux-image-[0-9].*\)/\1/p' | head -1; }
newest() { # PATTERN
	know_others
	apt-cache "${others[@]}" search --names-only "^linux-image-$1\$" | cut -d' ' -f1 | sort -V | tail -1
}
resolve() { # the package of a short name
	local flavour=amd64 version=${1%-rt}
	[ "$version" = "$1" ] || flavour=rt-amd64
	case $version in
	6.1) depends linux-image-$flavour ;;
	6.12) depends linux-image-6.12-$flavour ;;
	5.10) newest "5\.10\.0-[0-9]+-$flavour" ;;
	[1-9]*.*) newest "${version//./\\.}\.[0-9]+\+deb13-$flavour" ;;
	esac
}
case $kernel in
linux-image-*) package=$kernel ;;
[1-9]*.*)
	# Remembered, so that later runs need no apt; delete the file to move on to a newer one.
	memo=$cache/pkg.$kernel
	[ -s "$memo" ] || {
		package=$(resolve "$kernel")
		[ -n "$package" ] || { apt-get -q update >&2; package=$(resolve "$kernel"); }
		[ -n "$package" ] || die "apt knows no kernel $kernel"
		echo "$package" >"$memo"
	}
	package=$(cat "$memo") ;;
*) die "unknown kernel $kernel" ;;
esac
dir=$cache/$package

# The bare ELF inside a bzImage: booted through its PVH entry, which saves the decompressor's four emulated seconds.
extract() { # BZIMAGE VMLINUX
	number() { od -An -tu4 -j"$2" -N4 "$1" | tr -d ' '; }
	[ "$(dd if="$1" bs=1 skip=514 count=4 status=none)" = HdrS ] || die "$1 is no bzImage"
	local setup at size
	setup=$(od -An -tu1 -j497 -N1 "$1" | tr -d ' ')
	at=$((((setup == 0 ? 4 : setup) + 1) * 512 + $(number "$1" 584)))
	size=$(number "$1" 588)
	tail -c +$((at + 1)) "$1" | head -c "$size" >"$2.packed" || true
	case $(od -An -tx1 -N4 "$2.packed" | tr -d ' ') in
	# The kernel appends the length, about which the tools grumble once everything is out.
	fd377a58) xz -dc --single-stream "$2.packed" >"$2" 2>/dev/null || true ;;
	28b52ffd) zstd -dc "$2.packed" >"$2" 2>/dev/null || true ;;
	*) die "unknown compression of $1" ;;
	esac
	rm "$2.packed"
	[ "$(dd if="$2" bs=1 skip=1 count=3 status=none)" = ELF ] || die "no ELF inside $1"
}

build() {
	local tmp release file module n=10 lists
	tmp=$(mktemp -d "$cache/build.XXXXXX")
	# shellcheck disable=SC2064
	trap "rm -rf '$tmp'" RETURN EXIT
	case $package in *+deb13* | linux-image-5.10.*) know_others; lists=("${others[@]}") ;; *) lists=() ;; esac
	# Newer packages are only a name for several: image, modules and configuration apart.
	fetch() {
		local part parts=()
		for part in $(apt-cache "${lists[@]}" depends "$package" | grep -oE 'linux-(base|binary|modules)-[0-9][^ >]*'); do
			# Not through `grep -q`: it leaves at the first line, and apt-cache, killed by what it still had to say, seems to know nothing.
			[ -z "$(apt-cache "${lists[@]}" show "$part" 2>/dev/null)" ] || parts+=("$part")
		done
		# As root apt would want a user of its own to write here, and complain.
		apt-get -q "${lists[@]}" -o APT::Sandbox::User="$(id -un)" download "$package" "${parts[@]}"
	}
	(cd "$tmp" && { fetch || { apt-get -q "${lists[@]}" update && fetch; }; }) >&2 || die "cannot download $package"
	for file in "$tmp"/*.deb; do dpkg -x "$file" "$tmp/root"; done
	# depmod and modprobe look below /lib.
	[ -e "$tmp/root/lib" ] || ln -s usr/lib "$tmp/root/lib"
	[ -d "$tmp/root/lib/modules" ] || die "the mirror has only a part of $package"
	release=$(ls "$tmp/root/lib/modules")
	echo "$release" >"$tmp/release"
	for file in "$tmp/root/boot/vmlinuz-$release" "$tmp/root/lib/modules/$release/vmlinuz"; do
		[ ! -e "$file" ] || { extract "$file" "$tmp/vmlinux"; break; }
	done
	find "$tmp/root/lib/modules/" -name '*.ko.xz' -print0 | xargs -0r -n 64 xz -d
	depmod -b "$tmp/root" "$release"
	# The few modules needed to reach the root go into the initramfs, in load order; all others are used where they are.
	mkdir -p "$tmp/i"/{bin,proc,sys,dev,ctl,ro,rw,new,mod}
	cp "$(command -v busybox)" "$tmp/i/bin/busybox"
	ln -s busybox "$tmp/i/bin/sh"
	for module in virtio_pci virtio_console 9pnet_virtio 9p overlay; do
		modprobe -d "$tmp/root" -S "$release" --show-depends $module | awk '$1 == "insmod" { print $2 }'
	done | awk '!seen[$0]++' >"$tmp/order"
	while read -r module; do cp "$module" "$tmp/i/mod/$n-${module##*/}"; n=$((n + 1)); done <"$tmp/order"
	cp "$here/guest-init.sh" "$tmp/i/init"
	chmod 755 "$tmp/i/init"
	(cd "$tmp/i" && find . | cpio --quiet -o -H newc -R 0:0) >"$tmp/initrd"
	mv "$(realpath "$tmp/root/lib/modules")" "$tmp/modules"
	rm -rf "$tmp/i" "$tmp/root" "$tmp/order" "$tmp"/*.deb
	chmod 755 "$tmp"
	rm -rf "$dir"
	mv -T "$tmp" "$dir"
	trap - RETURN EXIT
}

renew_init() { # Only guest-init.sh has changed: swap /init in. A later member of the archive wins.
	local tmp
	tmp=$(mktemp -d "$cache/init.XXXXXX")
	cp "$here/guest-init.sh" "$tmp/init"
	chmod 755 "$tmp/init"
	cp "$dir/initrd" "$tmp/initrd"
	(cd "$tmp" && echo init | cpio --quiet -o -H newc -R 0:0) >>"$tmp/initrd"
	mv "$tmp/initrd" "$dir/initrd"
	rm -rf "$tmp"
}

exec 9>"$cache/lock"
flock 9
if [ ! -e "$dir/initrd" ]; then build
elif [ "$here/guest-init.sh" -nt "$dir/initrd" ]; then renew_init
fi
echo "$dir"
