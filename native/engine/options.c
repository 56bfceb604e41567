// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "objects.h"
#include "owner.h"

#define USAGE_ERROR 2
#define HINT "See telovix-engine --help."

/* A line for each command: what --help of it says. */
static const struct {
	const char *name, *words, *what;
} commands[] = {
	{ "run", "--out DIR [options]",
	  "kernel events and those of policies into DIR, until ended" },
	{ "probe", "--json", "what this kernel can do" },
	{ "resolve", "--plan FILE --json", "how this kernel would serve the hooks of a plan" },
	{ "stats", "DIR", "the last figures of the engine writing to DIR" },
	{ "unpin", "--pin DIR", "remove what a killed engine left in the kernel" },
	{ "act", "--list", "harmless actions, to try policies with" },
	{ "version", "", "the engine's version" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char run_usage[] =
	"options of run:\n"
	"  --out DIR             where events-<n>.jsonl go; DIR must exist\n"
	"  --node-name NAME      name in node_name and exec_id (default: $NODE_NAME or host name)\n"
	"  --watch FILE          more watched paths: lines of \"W /path\", \"R ~/.dot\", \"T "
	"/path\"\n"
	"  --plan DIR            compiled policies (*.plan) and control.json; changes are taken up "
	"at once\n"
	"  --max-bytes BYTES     all segments together, oldest deleted above it (default "
	"536870912)\n"
	"  --ring-exec-kb KB     ring buffer for exec, fork, exit (a power of two)\n"
	"  --ring-main-kb KB     ring buffer for the rest (a power of two)\n"
	"  --self-pid PID        leave out this process's own calls too (counted)\n"
	"  --lease-fd FD         end when FD is closed at its other end\n"
	"  --program-times       count the programs' runs and time, two seconds out of fifteen: "
	"the\n"
	"                        kernel changes its own code to begin and to end that\n"
	"  --matched-per-s N     how often a policy may match, or (--posted-per-s) be told of, "
	"before\n"
	"  --posted-per-s N      it is switched off (default: 200000 and 20000)\n"
	"  --hook-ms MS          what the runs at one hook of policies may take of a second, all "
	"CPUs\n"
	"                        together (default: a tenth of them); above, policies there are "
	"switched off\n"
	"  --pin DIR             what happens after a kill is kept in the kernel for the next run\n"
	"  --owner-pidfile FILE  end when the process it names (\"pid starttime\") is gone for 10 "
	"min\n"
	"  --owner-grace-s S     … for S seconds instead (for tests)\n"
	"  --standalone          keep running when the parent process ends\n"
	"  --backend raw_tp      use raw tracepoints even where typed ones work (for tests)\n"
	"  --backend old         the programs for kernels without bpf_loop (for tests)\n";

static void command_usage(size_t i)
{
	int width = printf("telovix-engine %s %s", commands[i].name, commands[i].words);

	printf("%*s%s\n", width < 46 ? 46 - width : 2, "", commands[i].what);
}

void options_usage(const char *command)
{
	size_t of = 0;

	while (of < COMMANDS && strcmp(commands[of].name, command))
		of++;
	if (of == COMMANDS)
		puts("telovix-engine: kernel events as JSON lines\n");
	for (size_t i = 0; i < COMMANDS; i++)
		if (of == COMMANDS || of == i)
			command_usage(i);
	if (of == COMMANDS || !of)
		printf("\n%s", run_usage);
}

static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value <= max;
}

static int bad_value(const char *option, const char *value)
{
	log_failure(HINT, "%s is no valid value for --%s.", value, option);
	return USAGE_ERROR;
}

static bool parse_ring(const char *text, size_t *bytes)
{
	uint64_t kb;

	if (!parse_number(text, 1 << 20, &kb) || kb < 64 || (kb & (kb - 1)))
		return false;
	*bytes = kb << 10;
	return true;
}

enum {
	O_OUT = 1,
	O_NODE,
	O_WATCH,
	O_PLAN,
	O_MAX,
	O_RING_EXEC,
	O_RING_MAIN,
	O_SELF,
	O_LEASE,
	O_PIN,
	O_OWNER,
	O_GRACE,
	O_STAND,
	O_BACKEND,
	O_TIMES,
	O_HOOK_MS,
	O_MATCHED,
	O_POSTED
};

static const struct option run_options[] = { { "out", 1, NULL, O_OUT },
					     { "node-name", 1, NULL, O_NODE },
					     { "watch", 1, NULL, O_WATCH },
					     { "plan", 1, NULL, O_PLAN },
					     { "max-bytes", 1, NULL, O_MAX },
					     { "ring-exec-kb", 1, NULL, O_RING_EXEC },
					     { "ring-main-kb", 1, NULL, O_RING_MAIN },
					     { "self-pid", 1, NULL, O_SELF },
					     { "lease-fd", 1, NULL, O_LEASE },
					     { "pin", 1, NULL, O_PIN },
					     { "owner-pidfile", 1, NULL, O_OWNER },
					     { "owner-grace-s", 1, NULL, O_GRACE },
					     { "standalone", 0, NULL, O_STAND },
					     { "backend", 1, NULL, O_BACKEND },
					     { "program-times", 0, NULL, O_TIMES },
					     { "hook-ms", 1, NULL, O_HOOK_MS },
					     { "matched-per-s", 1, NULL, O_MATCHED },
					     { "posted-per-s", 1, NULL, O_POSTED },
					     { NULL, 0, NULL, 0 } };

static bool apply_run_option(struct options *o, int which)
{
	uint64_t n = 0;

	switch (which) {
	case O_OUT:
		o->dir = optarg;
		return *optarg;
	case O_NODE:
		snprintf(o->node_name, sizeof(o->node_name), "%s", optarg);
		return *optarg && strlen(optarg) < sizeof(o->node_name);
	case O_WATCH:
		o->watch = optarg;
		return *optarg;
	case O_PLAN:
		o->plan = optarg;
		return *optarg;
	case O_MAX:
		return parse_number(optarg, UINT64_MAX / 2, &o->max_bytes) &&
		       o->max_bytes >= 1 << 20;
	case O_RING_EXEC:
		return parse_ring(optarg, &o->ring_exec_bytes);
	case O_RING_MAIN:
		return parse_ring(optarg, &o->ring_main_bytes);
	case O_SELF:
		if (!parse_number(optarg, 1 << 22, &n) || !n)
			return false;
		o->self_pid = n;
		return true;
	case O_LEASE:
		if (!parse_number(optarg, 1 << 20, &n))
			return false;
		o->lease_fd = n;
		return true;
	case O_PIN:
		o->pin = optarg;
		return *optarg == '/' && strlen(optarg) < 256;
	case O_OWNER:
		o->owner_pidfile = optarg;
		return *optarg;
	case O_GRACE:
		return parse_number(optarg, 1 << 20, &o->owner_grace_s) && o->owner_grace_s;
	case O_BACKEND:
		o->raw_tp = !strcmp(optarg, "raw_tp");
		if (!strcmp(optarg, "old"))
			old_force();
		return o->raw_tp || !strcmp(optarg, "old") || !strcmp(optarg, "tp_btf");
	case O_HOOK_MS:
		return parse_number(optarg, 1 << 20, &o->hook_ms) && o->hook_ms;
	case O_MATCHED:
		return parse_number(optarg, UINT32_MAX, &o->matched_per_s) && o->matched_per_s;
	case O_POSTED:
		return parse_number(optarg, UINT32_MAX, &o->posted_per_s) && o->posted_per_s;
	case O_TIMES:
		o->program_times = true;
		return true;
	default:
		o->standalone = true;
		return true;
	}
}

static int parse_run(struct options *o, int argc, char **argv)
{
	int which, index = 0;

	opterr = 0;
	optind = 1;
	while ((which = getopt_long(argc, argv, "", run_options, &index)) != -1) {
		if (which == '?') {
			log_failure(HINT, "Unknown option or missing value: %s.", argv[optind - 1]);
			return USAGE_ERROR;
		}
		if (!apply_run_option(o, which))
			return bad_value(run_options[index].name, optarg);
	}
	if (optind < argc || !o->dir) {
		log_failure(HINT, o->dir ? "Unexpected argument: %s." : "run needs --out %s.",
			    o->dir ? argv[optind] : "DIR");
		return USAGE_ERROR;
	}
	return 0;
}

/* Rings grow with the machine: what fills them in the 10 ms between two looks does too. */
static size_t ring_default(size_t per_cpu, size_t least, size_t most)
{
	size_t want = per_cpu * sysconf(_SC_NPROCESSORS_ONLN), size = least;

	while (size < want && size < most)
		size *= 2;
	return size;
}

int options_parse(struct options *o, int argc, char **argv)
{
	const char *name = getenv("NODE_NAME");
	const char *command = argc > 1 ? argv[1] : "";

	*o = (struct options){ .max_bytes = 512ULL << 20,
			       .owner_grace_s = OWNER_GRACE_S,
			       .lease_fd = -1,
			       .ring_exec_bytes = ring_default(512 << 10, 1 << 20, 16 << 20),
			       .ring_main_bytes = ring_default(1 << 20, 2 << 20, 32 << 20) };
	if (name && *name)
		snprintf(o->node_name, sizeof(o->node_name), "%s", name);
	else if (gethostname(o->node_name, sizeof(o->node_name) - 1))
		snprintf(o->node_name, sizeof(o->node_name), "unknown");
	o->help = "";
	for (size_t i = 0; argc == 3 && !strcmp(argv[2], "--help") && i < COMMANDS; i++)
		if (!strcmp(command, commands[i].name)) {
			o->command = COMMAND_HELP;
			o->help = commands[i].name;
			return 0;
		}
	if (!strcmp(command, "run")) {
		o->command = COMMAND_RUN;
		return parse_run(o, argc - 1, argv + 1);
	}
	if (!strcmp(command, "probe")) {
		o->command = COMMAND_PROBE;
		o->json = argc == 3 && !strcmp(argv[2], "--json");
		if (argc == 2 || o->json)
			return 0;
	} else if (!strcmp(command, "stats") && argc == 3) {
		o->command = COMMAND_STATS;
		o->dir = argv[2];
		return 0;
	} else if (!strcmp(command, "resolve") && argc == 5 && !strcmp(argv[2], "--plan") &&
		   !strcmp(argv[4], "--json")) {
		o->command = COMMAND_RESOLVE;
		o->plan = argv[3];
		return 0;
	} else if (!strcmp(command, "unpin") && argc == 4 && !strcmp(argv[2], "--pin") &&
		   *argv[3] == '/' && strlen(argv[3]) < 256) {
		o->command = COMMAND_UNPIN;
		o->pin = argv[3];
		return 0;
	} else if (argc == 2 && (!strcmp(command, "version") || !strcmp(command, "--version"))) {
		o->command = COMMAND_VERSION;
		return 0;
	} else if (argc == 2 && (!strcmp(command, "help") || !strcmp(command, "--help"))) {
		o->command = COMMAND_HELP;
		return 0;
	}
	log_failure(HINT, argc > 1 ? "Wrong usage of %s." : "A command is needed%s.", command);
	return USAGE_ERROR;
}
