// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Processes that no policy may act against: without them nobody gets at the host any more. A
 * process is known to be one a moment after its exec, and to be none a moment after the next.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "log.h"
#include "policies_part.h"

#define GUARD_MAX 1024
#define GUARD_ALWAYS (POLICIES_GUARDED + 2) /* whatever else there is, these find room */

static int in_kernel(uint32_t pid, bool guards)
{
	const uint32_t yes = 1;

	return guards ? bpf_map_update_elem(policies.map[MAP_GUARD], &pid, &yes, 0)
		      : bpf_map_delete_elem(policies.map[MAP_GUARD], &pid);
}

int (*guard_table)(uint32_t pid, bool guards) = in_kernel;

static uint32_t guarded[GUARD_MAX], guarded_count;
static uint32_t host[TX_NS_COUNT];
static bool full;

static uint32_t place_of(uint32_t pid)
{
	uint32_t at = 0;

	while (at < guarded_count && guarded[at] != pid)
		at++;
	return at;
}

static void guard_add(uint32_t pid, uint32_t most)
{
	if (!pid || place_of(pid) < guarded_count)
		return;
	if (guarded_count >= most || guard_table(pid, true)) {
		if (!full)
			log_line("More than %u processes are guarded: further ones are not.", most);
		full = true;
		return;
	}
	guarded[guarded_count++] = pid;
}

void guard_forget(uint32_t pid)
{
	uint32_t at = place_of(pid);

	if (at == guarded_count)
		return;
	guard_table(pid, false);
	guarded[at] = guarded[--guarded_count];
}

static bool is_always(uint32_t pid)
{
	for (int i = 0; i < POLICIES_GUARDED; i++)
		if (policies.guarded[i] == pid)
			return true;
	return pid == 1 || pid == (uint32_t)getpid();
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(text + len - n, end, n);
}

/*
 * The host's own SSH server, by which people get in: a name alone would be an invitation. Its
 * children that are not root any more are of its kind until they exec.
 */
static bool is_sshd(const struct proc *p)
{
	const char *binary = proc_binary(p);
	size_t len = p->text->binary_len;

	if (len < 5 || (memcmp(binary, "/usr/", 5) && (len < 6 || memcmp(binary, "/sbin/", 6))))
		return false;
	if (!ends_with(binary, len, "/sshd") && !ends_with(binary, len, "/sshd-session") &&
	    !ends_with(binary, len, "/sshd-auth"))
		return false;
	if (p->task.ns[TX_NS_PID] != host[TX_NS_PID] ||
	    p->task.ns[TX_NS_USER] != host[TX_NS_USER] ||
	    p->task.ns[TX_NS_CGROUP] != host[TX_NS_CGROUP])
		return false;
	return !p->task.creds.euid || (p->parent && place_of(p->parent->pid) < guarded_count);
}

void guard_look(const struct proc *p)
{
	if (is_always(p->pid))
		guard_add(p->pid, GUARD_MAX);
	else if (!policies.control.allow_sshd && is_sshd(p))
		guard_add(p->pid, GUARD_MAX - GUARD_ALWAYS);
	else
		guard_forget(p->pid);
}

/* A server that the table of processes has no room for may well be there. */
static bool is_gone(uint32_t pid)
{
	const struct proc *p = proc_find(pid, 0);

	return p ? p->exited_at : policies.control.allow_sshd || (kill(pid, 0) && errno == ESRCH);
}

static void forget_gone(void)
{
	for (uint32_t at = guarded_count; at--;)
		if (!is_always(guarded[at]) && is_gone(guarded[at]))
			guard_forget(guarded[at]);
}

/* Who is guarded stays so while it is looked: in between something might be done to them. */
void guard_all(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	full = false;
	guard_add(1, GUARD_MAX);
	guard_add(getpid(), GUARD_MAX);
	for (int i = 0; i < POLICIES_GUARDED; i++)
		guard_add(policies.guarded[i], GUARD_MAX);
	forget_gone();
	/* In the order of their ids: parents mostly come first. */
	while (dir && (entry = readdir(dir))) {
		struct proc *p = proc_find(strtoul(entry->d_name, NULL, 10), 0);

		if (p && p->pid && !p->exited_at)
			guard_look(p);
	}
	if (dir)
		closedir(dir);
}

void guard_open(void)
{
	memcpy(host, format_host_namespaces(), sizeof(host));
	guarded_count = 0;
	guard_all();
}
