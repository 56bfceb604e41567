// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_commit.h"
#include "cost.h"
#include "index.h"
#include "json.h"
#include "policies_part.h"
#include "status_hook.h"

#define FIRST_BYTES (64 << 10)
#define MOST_BYTES (32 << 20)

/* Kernel memory of one entry, as measured: tries keep a node for every fork besides. */
static const uint32_t entry_bytes[INDEX_KINDS] = {
	[TX_SLOT_INT] = 101, [TX_SLOT_TEXT] = 915, [TX_SLOT_ADDRESS] = 128
};

struct totals {
	uint64_t rows, index, values, ns;
	uint32_t points, attached;
};

static void add_point(struct point *point, void *arg)
{
	struct totals *t = arg;
	struct commit_figures f;

	t->points++;
	t->attached += point->attached;
	t->ns += cost_rate(&point->cost);
	if (!point->id)
		return;
	commit_figures(point->id, &f);
	t->rows += f.bytes;
}

static struct totals add_up(void)
{
	struct totals t = { 0 };

	points_each(add_point, &t);
	for (int kind = TX_SLOT_INT; kind < INDEX_KINDS; kind++)
		t.index += (uint64_t)index_used(kind) * entry_bytes[kind];
	for (const struct policy *p = policies.first; p; p = p->next)
		t.values += p->now ? p->now->plan.count[TX_PLAN_VALUES] : 0;
	return t;
}

/* Its part of the rows by selectors, of the index by values. */
static uint64_t kernel_bytes(const struct policy *p, const struct totals *t)
{
	const struct version *v = p->now;
	uint64_t bytes = 0;

	for (const struct want *w = v ? v->wants : NULL; w; w = w->next_of_policy) {
		uint32_t mine = w->hook->selectors.count ? w->hook->selectors.count : 1;
		struct commit_figures f;

		if (!w->point || !w->point->id)
			continue;
		commit_figures(w->point->id, &f);
		if (f.selectors)
			bytes += f.bytes * (mine < f.selectors ? mine : f.selectors) / f.selectors;
	}
	if (v && t->values)
		bytes += t->index * v->plan.count[TX_PLAN_VALUES] / t->values;
	return bytes;
}

static const struct version *shown(const struct policy *p)
{
	return p->now ? p->now : p->coming ? p->coming : p->refused;
}

/* Nothing is said of one that is being loaded: what will become of it is not known. */
static bool is_decided(const struct policy *p)
{
	return !p->leaving && (p->now ? p->started : !p->coming);
}

static const char *reason_of(const struct policy *p)
{
	return p->off[0] ? p->off : p->problem;
}

static const char *state_name(const struct policy *p)
{
	enum point_status worst, best;

	if (!p->now || p->off[0])
		return "rejected";
	hook_statuses(p->now, &worst, &best);
	if (best == POINT_REJECTED)
		return "rejected";
	return worst == POINT_OK && !p->problem[0] ? "ok" : "degraded";
}

static const char *mode_name(const struct policy *p)
{
	const struct version *v = shown(p);
	enum tx_plan_mode mode = control_mode(&policies.control, p->name);

	if (mode == TX_MODE_DEFAULT && v)
		mode = v->plan.policy->mode;
	if (mode == TX_MODE_DEFAULT)
		mode = v && v->enforces ? TX_MODE_ENFORCE : TX_MODE_MONITOR;
	return mode == TX_MODE_ENFORCE ? "enforce" : "monitor";
}

static void write_stats(struct json *j, const struct tx_policy_stats *s)
{
	json_key_object(j, "stats");
	json_key_unsigned(j, "matched", s->matched);
	json_key_unsigned(j, "posted", s->posted);
	json_key_unsigned(j, "lost", s->lost);
	json_key_unsigned(j, "rateLimited", s->rate_limited);
	json_key_unsigned(j, "enforced", s->enforced);
	json_key_unsigned(j, "guarded", s->guarded);
	json_key_unsigned(j, "monitored", s->monitored);
	json_key_unsigned(j, "truncated", s->truncated);
	json_close(j, '}');
}

static void write_policy(struct json *j, const struct policy *p, const struct totals *t)
{
	const struct version *v = shown(p);
	const char *name = strrchr(p->name, '/');
	uint32_t selectors = 0;

	json_comma(j);
	json_open(j, '{');
	json_key_string(j, "name", name ? name + 1 : p->name);
	if (name)
		json_key_bytes(j, "namespace", p->name, name - p->name);
	json_key_string(j, "file", p->file);
	json_key_string(j, "mode", mode_name(p));
	json_key_string(j, "state", state_name(p));
	if (reason_of(p)[0])
		json_key_string(j, "reason", reason_of(p));
	else if (!strcmp(state_name(p), "rejected"))
		hook_write_reason(j, v);
	if (p->off[0])
		json_key_bool(j, "off", true);
	for (uint32_t i = 0; v && i < v->plan.count[TX_PLAN_HOOKS]; i++)
		selectors += v->plan.hooks[i].selectors.count;
	json_key_unsigned(j, "selectors", selectors);
	json_key_unsigned(j, "kernelBytes", kernel_bytes(p, t));
	json_key_array(j, "hooks");
	if (v)
		hook_write_all(j, v);
	json_close(j, ']');
	write_stats(j, &p->stats);
	json_close(j, '}');
}

static void write_control(struct json *j)
{
	uint64_t until = policies.kernel.lease_until_ns;

	json_key_object(j, "control");
	json_key_string(j, "enforcement", policies.control.off ? "off" : "on");
	json_key_string(j, "lease", !until ? "none" : until > 1 ? "held" : "expired");
	json_key_unsigned(j, "leaseSeconds", policies.control.lease_s);
	json_key_bool(j, "allowSshd", policies.control.allow_sshd);
	if (policies.control_problem[0])
		json_key_string(j, "reason", policies.control_problem);
	json_close(j, '}');
}

static void write_all(struct json *j)
{
	struct totals t = add_up();

	json_open(j, '{');
	json_key_array(j, "policies");
	for (const struct policy *p = policies.first; p; p = p->next)
		if (is_decided(p))
			write_policy(j, p, &t);
	json_close(j, ']');
	write_control(j);
	json_key_array(j, "workloads");
	for (const struct policy *p = policies.first; p; p = p->next)
		if (!p->leaving && p->now)
			hook_write_workloads(j, &p->now->plan);
	json_close(j, ']');
	json_key_unsigned(j, "points", t.points);
	json_key_unsigned(j, "attached", t.attached);
	json_key_unsigned(j, "nsPerSecond", t.ns);
	json_key_object(j, "memory");
	json_key_unsigned(j, "rows", t.rows);
	json_key_unsigned(j, "index", t.index);
	json_close(j, '}');
	json_close(j, '}');
	json_text(j, "\n");
}

static int put_file(const char *text, size_t len)
{
	int fd = openat(policies.out_fd, "policies.json.new",
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	close(fd);
	if (n != (ssize_t)len)
		return -ENOSPC;
	return renameat(policies.out_fd, "policies.json.new", policies.out_fd, "policies.json")
		       ? -errno
		       : 0;
}

int status_write(void)
{
	struct json j = { .cap = FIRST_BYTES };
	int err = -ENOMEM;

	for (; j.cap <= MOST_BYTES; j.cap *= 2) {
		j.buf = malloc(j.cap);
		j.len = 0;
		j.full = false;
		if (!j.buf)
			break;
		write_all(&j);
		if (!j.full)
			err = put_file(j.buf, j.len);
		free(j.buf);
		if (!j.full)
			break;
	}
	return err;
}
