// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The directory of plans: what is there, against what is loaded. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "follow.h"
#include "policies_part.h"

#define SUFFIX ".plan"

static struct file_mark mark_of(const struct stat *st)
{
	return (struct file_mark){ .ino = st->st_ino,
				   .size = st->st_size,
				   .mtime_s = st->st_mtim.tv_sec,
				   .mtime_ns = st->st_mtim.tv_nsec };
}

bool scan_is_plan(const char *name)
{
	size_t len = strlen(name), suffix = strlen(SUFFIX);

	return len > suffix && *name != '.' && !strcmp(name + len - suffix, SUFFIX);
}

static bool has_enforcement(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->count[TX_PLAN_ACTIONS]; i++)
		switch (plan->actions[i].kind) {
		case TX_ACTION_SIGKILL:
		case TX_ACTION_SIGNAL:
		case TX_ACTION_OVERRIDE:
		case TX_ACTION_NOTIFY_ENFORCER:
		case TX_ACTION_SET:
			return true;
		}
	return false;
}

/* The file as a version; NULL with a sentence in why. */
static struct version *read_version(const char *file, char *why, size_t why_size)
{
	struct version *v = calloc(1, sizeof(*v));
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", policies.dir, file);
	if (!v || plan_read(&v->plan, path, why, why_size)) {
		if (!v)
			snprintf(why, why_size, "Memory is out.");
		free(v);
		return NULL;
	}
	v->refs = 1;
	v->enforces = has_enforcement(&v->plan);
	if (follow_use(&v->plan)) {
		snprintf(why, why_size, "Memory is out.");
		version_drop(v);
		return NULL;
	}
	return v;
}

static void name_of(const struct plan *plan, char *name, size_t size)
{
	size_t at = 0;

	if (plan->policy->namespace.length) {
		plan_copy(plan, plan->policy->namespace, name, size / 2);
		at = strlen(name);
		name[at++] = '/';
	}
	plan_copy(plan, plan->policy->name, name + at, size - at);
}

/* The policy of that file that is not about to go. */
static struct policy *find_file(const char *file)
{
	for (struct policy *p = policies.first; p; p = p->next)
		if (!p->leaving && !strcmp(p->file, file))
			return p;
	return NULL;
}

static struct policy *add_policy(const char *file)
{
	struct policy *p = calloc(1, sizeof(*p)), **at = &policies.first;

	if (!p)
		return NULL;
	snprintf(p->file, sizeof(p->file), "%s", file);
	p->index = -1;
	while (*at && strcmp((*at)->file, file) < 0)
		at = &(*at)->next;
	p->next = *at;
	*at = p;
	return p;
}

/* Another file has a policy of that name, loaded or before this one in the list. */
static const struct policy *namesake(const struct policy *p, const char *name)
{
	for (const struct policy *other = policies.first; other; other = other->next)
		if (other != p && !other->leaving && (other->now || other->coming) &&
		    !strcmp(other->name, name))
			return other;
	return NULL;
}

/* A file's new content is a version on its way, of this policy or, under a new name, of another. */
static bool take_version(struct policy *p, struct version *v)
{
	const struct policy *other;
	char name[CONTROL_NAME];

	name_of(&v->plan, name, sizeof(name));
	if (p->now && strcmp(name, p->name)) {
		struct policy *renamed = add_policy(p->file);

		if (!renamed) {
			version_drop(v);
			return false;
		}
		renamed->mark = p->mark;
		renamed->found = true;
		p->leaving = true;
		p = renamed;
	}
	other = namesake(p, name);
	snprintf(p->name, sizeof(p->name), "%s", name);
	if (other) {
		policy_problem(p, "%s has a policy of the same name.", other->file);
		version_drop(v);
		return p->leaving;
	}
	if (state_take_index(p)) {
		policy_problem(p, "%d policies are loaded, and more there can't be.", TX_POLICIES);
		version_drop(v);
		return false;
	}
	if (p->refused)
		version_drop(p->refused);
	p->refused = NULL;
	p->coming = v;
	return true;
}

static bool look_at(const char *file)
{
	struct policy *p = find_file(file);
	struct file_mark mark;
	char why[POLICY_WHY] = "";
	struct version *v;
	struct stat st;

	if (fstatat(policies.dir_fd, file, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
		return false;
	if (!p)
		p = add_policy(file);
	if (!p)
		return false;
	p->found = true;
	mark = mark_of(&st);
	if (p->now && !p->problem[0] && !memcmp(&mark, &p->mark, sizeof(mark)))
		return false;
	p->mark = mark;
	v = read_version(file, why, sizeof(why));
	if (!v) {
		if (!p->name[0])
			snprintf(p->name, sizeof(p->name), "%.*s",
				 (int)(strlen(file) - strlen(SUFFIX)), file);
		policy_problem(p, "%s%s", why, p->now ? " What was loaded before stays." : "");
		return false;
	}
	if (p->now && p->now->plan.hash == v->plan.hash && p->now->plan.size == v->plan.size) {
		p->problem[0] = 0;
		version_drop(v);
		return false;
	}
	return take_version(p, v);
}

/* Files that are gone. */
static bool look_for_gone(void)
{
	bool change = false;

	for (struct policy *p = policies.first; p; p = p->next)
		if (!p->found && !p->leaving) {
			p->leaving = change = true;
			state_write(p);
		}
	return change;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int wanted(const struct dirent *entry)
{
	return scan_is_plan(entry->d_name);
}

bool policies_scan(void)
{
	struct dirent **names;
	bool change = false;
	int count = scandir(policies.dir, &names, wanted, by_name);

	policies.told = false;
	if (count < 0)
		return false;
	for (struct policy *p = policies.first; p; p = p->next) {
		p->found = false;
		/* Left over from a change that failed, or touched since. */
		change |= p->leaving || p->rebuild;
	}
	for (int i = 0; i < count; i++) {
		change |= look_at(names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return look_for_gone() || change;
}
