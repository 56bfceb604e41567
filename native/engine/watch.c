// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "watch.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "hash.h"
#include "log.h"

/*
 * W: opened for writing, changed or removed. R: also opened for reading. T: truncated, renamed or
 * removed only (logs are written all day). An entry is a prefix of the path. "~/.x" matches below
 * any directory: it is compared from the first component that begins with a dot.
 */
static const char builtin[] =
	/* credentials */
	"R /etc/shadow\nR /etc/gshadow\nW /etc/passwd\nW /etc/group\nR /etc/sudoers\n"
	"R /etc/security/opasswd\nR /etc/krb5.keytab\nR /etc/ssh/ssh_host_\nW /etc/ssh/\n"
	"W /etc/pam.d/\nW /etc/pam.conf\nW /etc/nsswitch.conf\nR /etc/ssl/private/\n"
	"R ~/.ssh/\nR ~/.aws/credentials\nR ~/.kube/config\nR ~/.docker/config.json\nR ~/.gnupg/\n"
	"R ~/.netrc\nR ~/.git-credentials\nR ~/.pgpass\nR ~/.config/gcloud/\nR ~/.azure/\n"
	"R /var/run/secrets/kubernetes.io/\nR /run/secrets/\n"
	/* persistence */
	"W /etc/cron\nW /var/spool/cron\nW /etc/anacrontab\nW /var/spool/at\n"
	"W /etc/systemd/\nW /usr/lib/systemd/\nW /lib/systemd/\nW /run/systemd/system/\n"
	"W /usr/local/lib/systemd/\nW ~/.config/systemd/\nW ~/.config/autostart/\n"
	"W /etc/init.d/\nW /etc/rc.local\nW /etc/rc\nW /etc/inittab\n"
	"W /etc/ld.so.preload\nW /etc/ld.so.conf\nW /etc/ld.so.cache\n"
	"W /etc/profile\nW /etc/bash.bashrc\nW /etc/environment\nW /etc/zsh\nW /etc/skel/\n"
	"W ~/.bashrc\nW ~/.bash_profile\nW ~/.bash_login\nW ~/.bash_logout\nW ~/.profile\n"
	"W ~/.zshrc\nW ~/.zprofile\nW ~/.zshenv\nW ~/.ssh/\n"
	"W /etc/udev/\nW /etc/modules\nW /etc/modprobe.d/\nW /etc/modules-load.d/\n"
	"W /etc/hosts\nW /etc/resolv.conf\nW /etc/selinux/\nW /etc/apparmor\nW /etc/audit/\n"
	"W /etc/apt/\nW /etc/yum.repos.d/\nW /etc/kubernetes/\nW /etc/sysctl\nW /boot/\n"
	/* binaries and libraries */
	"W /bin/\nW /sbin/\nW /usr/bin/\nW /usr/sbin/\nW /usr/local/bin/\nW /usr/local/sbin/\n"
	"W /lib/\nW /lib64/\nW /usr/lib/\nW /usr/lib64/\nW /usr/local/lib/\nW /usr/libexec/\n"
	/* logs */
	"T /var/log/\nT /run/log/\nT ~/.bash_history\nT ~/.zsh_history\n"
	/* kernel interfaces */
	"W /proc/sys/kernel/\nW /proc/sys/vm/\nW /proc/sys/fs/\nW /proc/sys/net/\nW "
	"/proc/sysrq-trigger\n"
	"W /sys/kernel/\nW /sys/fs/cgroup/\nW /sys/module/\nR /proc/kcore\nR /proc/kallsyms\nR "
	"/dev/mem\n"
	"R /dev/kmem\nR /dev/port\nW /dev/sd\nW /dev/nvme\nW /dev/vd\nW /dev/xvd\nW /dev/dm-\n";

static struct {
	char path[TX_WATCH_PREFIX + 1];
	uint32_t len, flags;
} entries[WATCH_MAX];
static uint32_t entry_count;

static int add_entry(uint32_t flags, const char *path, size_t len)
{
	uint32_t at = 0;

	if (len < 2 || len > TX_WATCH_PREFIX || (path[0] != '/' && memcmp(path, "~/", 2)))
		return -EINVAL;
	while (at < entry_count && (entries[at].len != len || memcmp(entries[at].path, path, len)))
		at++;
	if (at == WATCH_MAX)
		return -ENOSPC;
	memcpy(entries[at].path, path, len);
	entries[at].path[len] = 0;
	entries[at].len = len;
	entries[at].flags |= flags;
	if (at == entry_count)
		entry_count++;
	return 0;
}

static int parse_line(const char *line, size_t len)
{
	uint32_t flags;

	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t' || line[len - 1] == '\r'))
		len--;
	if (!len || *line == '#')
		return 0;
	if (len < 3 || line[1] != ' ')
		return -EINVAL;
	flags = *line == 'R'   ? TX_W_READ | TX_W_WRITE | TX_W_REMOVE
		: *line == 'W' ? TX_W_WRITE | TX_W_REMOVE
		: *line == 'T' ? TX_W_REMOVE
			       : 0;
	return flags ? add_entry(flags, line + 2, len - 2) : -EINVAL;
}

static int parse_list(const char *text, const char *name)
{
	for (int number = 1; *text; number++) {
		size_t len = strcspn(text, "\n");
		int err = parse_line(text, len);

		if (err) {
			log_failure("A line is \"R\", \"W\" or \"T\", a blank, and a prefix that "
				    "begins with / or ~/ (at most 252 bytes, 1024 entries).",
				    "%s:%d: not a watched path.", name, number);
			return err;
		}
		text += len + (text[len] == '\n');
	}
	return 0;
}

static int parse_file(const char *file)
{
	static char text[256 << 10];
	FILE *f = fopen(file, "re");
	size_t n;

	if (!f) {
		log_failure(NULL, "%s cannot be read: %s.", file, strerror(errno));
		return -errno;
	}
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	return parse_list(text, file);
}

/* A trie returns only the longest prefix, so each entry also carries the flags of shorter ones. */
static uint32_t inherited_flags(uint32_t at)
{
	uint32_t flags = 0;

	for (uint32_t i = 0; i < entry_count; i++)
		if (entries[i].len <= entries[at].len &&
		    !memcmp(entries[i].path, entries[at].path, entries[i].len))
			flags |= entries[i].flags;
	return flags;
}

struct trie_key {
	uint32_t prefixlen;
	char path[TX_WATCH_PREFIX];
};

size_t watch_above(uint32_t at, size_t from, char *key)
{
	const char *path = entries[at].path;
	size_t len;

	while (from < entries[at].len && path[from] != '/')
		from++;
	len = from + 1;
	if (from >= entries[at].len || len + 2 > TX_WATCH_PREFIX)
		return 0;
	key[0] = TX_WATCH_ABOVE;
	memcpy(key + 1, path, len);
	key[1 + len] = 0;
	return len;
}

/* Every directory on the way to an entry, with the flags of all entries below it. */
static int fill_above(int map_fd, uint32_t at)
{
	struct trie_key key;
	size_t len = 0;

	memset(&key, 0, sizeof(key));
	while ((len = watch_above(at, len, key.path))) {
		struct tx_watch value = { .index = at }, other;

		key.prefixlen = (len + 2) * 8;
		/* A lookup may answer with a shorter entry: none is a part of another, they end in
		 * NUL. */
		if (!bpf_map_lookup_elem(map_fd, &key, &other))
			value.flags = other.flags;
		value.flags |= entries[at].flags;
		if (bpf_map_update_elem(map_fd, &key, &value, 0))
			return -errno;
	}
	return 0;
}

int watch_fill(int map_fd)
{
	struct trie_key key;

	for (uint32_t i = 0; i < entry_count; i++) {
		struct tx_watch value = { .index = i, .flags = inherited_flags(i) };

		memset(&key, 0, sizeof(key));
		key.prefixlen = entries[i].len * 8;
		memcpy(key.path, entries[i].path, entries[i].len);
		if (bpf_map_update_elem(map_fd, &key, &value, 0)) {
			log_failure(NULL, "The watched path %s could not be set: %s.",
				    entries[i].path, strerror(errno));
			return -errno;
		}
		if (fill_above(map_fd, i)) {
			log_failure(NULL, "The directories above %s could not be set.",
				    entries[i].path);
			return -ENOMEM;
		}
	}
	return 0;
}

int watch_load(const char *file)
{
	int err;

	memset(entries, 0, sizeof(entries));
	entry_count = 0;
	err = parse_list(builtin, "built-in list");
	return !err && file ? parse_file(file) : err;
}

uint64_t watch_hash(uint64_t seed)
{
	return hash_bytes(seed, entries, entry_count * sizeof(entries[0]));
}

const char *watch_entry(uint32_t index)
{
	return index < entry_count ? entries[index].path : "";
}

static int longest(const char *path, size_t len, uint32_t *flags)
{
	int best = -1;

	for (uint32_t i = 0; i < entry_count; i++)
		if (entries[i].len <= len && !memcmp(entries[i].path, path, entries[i].len) &&
		    (best < 0 || entries[i].len > entries[best].len))
			best = i;
	if (best >= 0)
		*flags = inherited_flags(best);
	return best;
}

int watch_match(const char *path, size_t len, uint32_t *flags)
{
	char below[TX_WATCH_PREFIX];
	const char *dot = memmem(path, len, "/.", 2);
	int index = longest(path, len, flags);

	if (index >= 0 || !dot)
		return index;
	len -= dot - path;
	if (len > sizeof(below) - 1)
		len = sizeof(below) - 1;
	below[0] = '~';
	memcpy(below + 1, dot, len);
	return longest(below, len + 1, flags);
}

size_t watch_clean(char *path, size_t len)
{
	size_t out = 0, at = 0;

	while (at < len) {
		size_t from, part;

		while (at < len && path[at] == '/')
			at++;
		from = at;
		while (at < len && path[at] != '/')
			at++;
		part = at - from;
		if (!part || (part == 1 && path[from] == '.'))
			continue;
		if (part == 2 && path[from] == '.' && path[from + 1] == '.') {
			while (out && path[--out] != '/')
				;
			continue;
		}
		path[out++] = '/';
		memmove(path + out, path + from, part);
		out += part;
	}
	if (!out && len)
		path[out++] = '/';
	return out;
}
