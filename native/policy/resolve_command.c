// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "resolve_command.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "facts.h"
#include "facts_fs.h"
#include "json.h"
#include "log.h"
#include "nearest.h"
#include "resolve.h"
#include "resolve_choose.h"

/* A plan may name every function of the kernel four thousand times. */
#define CPU_SECONDS 60
#define HOOK_BYTES (16 << 10)
#define TEXT_BYTES 320

/* What the wants of one hook come to. */
struct answer {
	enum point_status worst, best;
	bool feature;      /* that worst is for want of one */
	unsigned argument; /* that worst is due to, from 1; 0: to none */
	char mechanism[TEXT_BYTES], reason[TEXT_BYTES], nearest[64];
};

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static bool has_lsm_bpf(void)
{
	char list[512], *save = NULL;

	if (facts_read(FACTS_SECURITYFS, "lsm", list, sizeof(list)) <= 0)
		return false;
	for (char *at = strtok_r(list, ",\n", &save); at; at = strtok_r(NULL, ",\n", &save))
		if (!strcmp(at, "bpf"))
			return true;
	return false;
}

/* Trying takes root; without, what the kernel could have is taken to work, and that is said. */
static struct facts facts_untried(void)
{
	struct facts facts = { .kprobe = true,
			       .fentry = true,
			       .tracepoint = true,
			       .raw_tp = true,
			       .uprobe = true,
			       .lsm = has_lsm_bpf(),
			       .preempt = facts_preempt_model() };

	facts_lookups(&facts);
	return facts;
}

static void find_nearest(const char *reason, char *nearest, size_t size)
{
	const char *at = strstr(reason, NEAREST), *end;

	nearest[0] = 0;
	if (!at)
		return;
	at += strlen(NEAREST);
	end = strchr(at, ')');
	if (end && (size_t)(end - at) < size)
		snprintf(nearest, size, "%.*s", (int)(end - at), at);
}

static void add_up(struct answer *a, const struct want *wants)
{
	*a = (struct answer){ .worst = POINT_OK, .best = POINT_REJECTED };
	for (const struct want *w = wants; w; w = w->next_of_policy) {
		if (w->status > a->worst || w == wants) {
			a->feature = w->feature;
			a->argument = w->argument;
		}
		/* Of several places one that lacks a name is the more to be told. */
		if (w->status == a->worst)
			a->feature &= w->feature;
		a->worst = w->status > a->worst ? w->status : a->worst;
	}
	for (const struct want *w = wants; w; w = w->next_of_policy) {
		const char *name = w->placed            ? point_backend_names[w->place.backend]
				   : w->deny_hook[0][0] ? "deny"
							: "";

		a->best = w->status < a->best ? w->status : a->best;
		if (*name && !strstr(a->mechanism, name)) {
			size_t len = strlen(a->mechanism);

			snprintf(a->mechanism + len, sizeof(a->mechanism) - len, "%s%s",
				 len ? "+" : "", name);
		}
		if (w->reason[0])
			reason_add(a->reason, sizeof(a->reason), w->reason);
	}
	find_nearest(a->reason, a->nearest, sizeof(a->nearest));
}

/* Files that only root may read say nothing of what the kernel has. */
static void excuse(struct answer *a)
{
	if (!strstr(a->reason, "cannot be read"))
		return;
	a->best = a->worst = POINT_DEGRADED;
	a->feature = false;
	snprintf(a->reason, sizeof(a->reason),
		 "whether it is there is not to be seen without root");
}

static void write_answer(struct json *j, const struct plan *plan, uint32_t index,
			 const struct answer *a)
{
	static const char *const states[] = { "ok", "degraded", "rejected" };
	const struct tx_plan_hook *hook = &plan->hooks[index];
	/* Of many places some can be had. */
	enum point_status state = a->best == POINT_REJECTED ? POINT_REJECTED
				  : a->worst == POINT_OK    ? POINT_OK
							    : POINT_DEGRADED;

	json_open(j, '{');
	json_key_unsigned(j, "index", index);
	json_key_unsigned(j, "line", hook->line);
	json_key_unsigned(j, "column", hook->column);
	json_key_string(j, "state", states[state]);
	json_key_string(j, "mechanism", a->mechanism);
	json_key_string(j, "reason", a->reason);
	if (a->feature && state != POINT_OK)
		json_key_bool(j, "feature", true);
	if (a->argument && state != POINT_OK)
		json_key_unsigned(j, "argument", a->argument - 1);
	if (a->nearest[0])
		json_key_string(j, "nearest", a->nearest);
	json_close(j, '}');
}

static int print_hook(const struct facts *facts, const struct plan *plan, uint32_t index)
{
	char buf[HOOK_BYTES];
	struct json j = { .buf = buf, .cap = sizeof(buf) };
	struct want *wants = NULL;
	struct answer a;

	if (resolve_hook_on(facts, plan, &plan->hooks[index], 0, &wants))
		return -ENOMEM;
	add_up(&a, wants);
	if (geteuid())
		excuse(&a);
	wants_free(wants);
	write_answer(&j, plan, index, &a);
	printf("%s%.*s", index ? ",\n" : "", (int)j.len, j.buf);
	return 0;
}

int resolve_command(const char *file)
{
	const struct rlimit limit = { CPU_SECONDS, CPU_SECONDS };
	bool tries = !geteuid();
	struct facts untried;
	const struct facts *facts;
	struct plan plan;
	char why[320];
	int err = 0;

	libbpf_set_print(silent);
	setrlimit(RLIMIT_CPU, &limit);
	if (plan_read(&plan, file, why, sizeof(why))) {
		log_failure("Make it with telovix policy convert --to plan.", "%s: %s", file, why);
		return 1;
	}
	if (!tries)
		untried = facts_untried();
	facts = tries ? facts_get() : &untried;
	printf("{\"tried\":%s,\"hooks\":[", tries ? "true" : "false");
	for (uint32_t i = 0; i < plan.count[TX_PLAN_HOOKS] && !err; i++)
		err = print_hook(facts, &plan, i);
	puts("]}");
	plan_free(&plan);
	resolve_release();
	if (err)
		log_failure(NULL, "The hooks cannot be resolved: %s.", strerror(-err));
	return err ? 1 : 0;
}
