// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "act.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "json.h"
#include "log.h"

#define USAGE_ERROR 2
#define HINT "telovix-engine act --list shows them all."

static const struct act *const tables[] = { act_credentials, act_process,   act_memory,
					    act_file,        act_path,      act_network,
					    act_kernel,      act_namespace, NULL };

static const struct act *find(const char *name)
{
	for (int t = 0; tables[t]; t++)
		for (const struct act *a = tables[t]; a->name; a++)
			if (!strcmp(a->name, name))
				return a;
	return NULL;
}

static int most_args(const struct act *a)
{
	int words = *a->args ? 1 : 0;

	for (const char *p = a->args; *p; p++)
		words += *p == ' ';
	return words;
}

static int least_args(const struct act *a)
{
	int optional = 0;

	for (const char *p = a->args; *p; p++)
		optional += *p == '[';
	return most_args(a) - optional;
}

static void print(struct json *j)
{
	json_text(j, "\n");
	fwrite(j->buf, 1, j->len, stdout);
	fflush(stdout);
}

static int list(bool json)
{
	static char buf[64 << 10];
	struct json j = { .buf = buf, .cap = sizeof(buf) };

	json_open(&j, '[');
	for (int t = 0; tables[t]; t++) {
		for (const struct act *a = tables[t]; a->name; a++) {
			if (!json) {
				printf("%-22s %-18s %s\n", a->name, a->args, a->help);
				continue;
			}
			json_comma(&j);
			json_open(&j, '{');
			json_key_string(&j, "name", a->name);
			json_key_string(&j, "args", a->args);
			json_key_unsigned(&j, "minArgs", least_args(a));
			json_key_unsigned(&j, "maxArgs", most_args(a));
			json_key_string(&j, "help", a->help);
			json_close(&j, '}');
		}
	}
	json_close(&j, ']');
	if (json)
		print(&j);
	return j.full ? 1 : 0;
}

static bool among(const short *expects, long error)
{
	for (int i = 0; i < ACT_EXPECTS && expects[i]; i++)
		if (expects[i] == error)
			return true;
	return false;
}

/* A host may forbid to anybody what an action wants to be refused for another reason. */
static bool as_foreseen(const struct act *a, long value)
{
	if (value >= 0)
		return !(a->flags & ACT_REFUSED);
	if (a->flags & ACT_REFUSED && (value == -EPERM || value == -EACCES || value == -ENOSYS))
		return true;
	return among(a->expects, -value);
}

static long value_of(const struct act *a, const struct act_outcome *o)
{
	if (o->timed_out)
		return -ETIMEDOUT;
	if (!o->reported)
		return -ECHILD;
	if (a->flags & ACT_EXEC && o->report.value >= 0)
		return WIFEXITED(o->status) && !WEXITSTATUS(o->status) ? 0 : -ECHILD;
	return o->report.value;
}

/* One line: {"act":"setuid-same","pid":7,"result":"ok","return":0,"foreseen":true} */
static int tell(const struct act *a, long value, const struct act_outcome *o)
{
	static char buf[16 << 10];
	struct json j = { .buf = buf, .cap = sizeof(buf) };
	const char *error = value < 0 ? strerrorname_np(-value) : "ok";
	bool foreseen = as_foreseen(a, value);

	json_open(&j, '{');
	json_key_string(&j, "act", a->name);
	json_key_signed(&j, "pid", o->pid);
	json_key_string(&j, "result", error ? error : "unknown error");
	json_key_signed(&j, "return", value);
	if (o->reported && *o->report.target)
		json_key_string(&j, "target", o->report.target);
	json_key_bool(&j, "foreseen", foreseen);
	json_close(&j, '}');
	print(&j);
	return foreseen ? 0 : 1;
}

struct request {
	bool list, json, pid_namespace;
	const char *from, *as;
};

static const struct option options[] = { { "list", 0, NULL, 'l' },   { "json", 0, NULL, 'j' },
					 { "from", 1, NULL, 'f' },   { "as", 1, NULL, 'a' },
					 { "pid-ns", 0, NULL, 'p' }, { NULL, 0, NULL, 0 } };

static bool parse(struct request *r, int argc, char **argv)
{
	int which;

	opterr = 0;
	optind = 1;
	while ((which = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (which == 'l')
			r->list = true;
		else if (which == 'j')
			r->json = true;
		else if (which == 'p')
			r->pid_namespace = true;
		else if (which == 'f' && *optarg == '/')
			r->from = optarg;
		else if (which == 'a' && *optarg && *optarg != '.' && !strchr(optarg, '/'))
			r->as = optarg;
		else
			return false;
	}
	return r->list ? optind == argc : optind < argc && !r->json;
}

/* The same words for the copy, without those that ask for one. */
static int run_copy(const struct request *r, const struct act *a, int argc, char **argv)
{
	struct act_outcome none = { 0 };
	int err;

	argv[--optind] = (char *)"act";
	if (r->pid_namespace) {
		argv[optind] = (char *)"--pid-ns";
		argv[--optind] = (char *)"act";
	}
	err = act_run_staged(r->from, r->as ? r->as : "telovix-engine", argc - optind,
			     argv + optind);
	return err < 0 ? tell(a, err, &none) : err;
}

int act_main(int argc, char **argv)
{
	struct request r = { 0 };
	struct act_outcome outcome = { 0 };
	const struct act *a;
	int args, err;

	if (!parse(&r, argc, argv)) {
		log_failure(HINT, "usage: telovix-engine act [--from DIR] [--as NAME] [--pid-ns] "
				  "NAME [ARGS] | --list [--json]");
		return USAGE_ERROR;
	}
	if (r.list)
		return list(r.json);
	a = find(argv[optind]);
	args = argc - optind - 1;
	if (!a || args < least_args(a) || args > most_args(a)) {
		log_failure(HINT, a ? "Wrong arguments for %s." : "%s is no action.", argv[optind]);
		return USAGE_ERROR;
	}
	if (r.from || r.as)
		return run_copy(&r, a, argc, argv);
	err = act_run(a, args, argv + optind + 1, r.pid_namespace, &outcome);
	return tell(a, err ? err : value_of(a, &outcome), &outcome);
}
