// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "act.h"
#include "options.h"
#include "pins.h"
#include "probe.h"
#include "resolve_command.h"
#include "run.h"
#include "stats.h"
#include "version.h"

int main(int argc, char **argv)
{
	static struct options o;
	int err;

	if (argc > 1 && !strcmp(argv[1], "act") && (argc != 3 || strcmp(argv[2], "--help")))
		return act_main(argc - 1, argv + 1);
	err = options_parse(&o, argc, argv);
	if (err)
		return err;
	switch (o.command) {
	case COMMAND_RUN:
		return run_engine(&o);
	case COMMAND_PROBE:
		return probe_print(&o);
	case COMMAND_RESOLVE:
		return resolve_command(o.plan);
	case COMMAND_STATS:
		return stats_print_last(o.dir);
	case COMMAND_UNPIN:
		return pins_unpin(o.pin);
	case COMMAND_VERSION:
		puts("telovix-engine " ENGINE_VERSION);
		return 0;
	default:
		options_usage(o.help);
		return 0;
	}
}
