/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef TELOVIX_OPTIONS_H
#define TELOVIX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum command {
	COMMAND_RUN,
	COMMAND_PROBE,
	COMMAND_RESOLVE,
	COMMAND_STATS,
	COMMAND_UNPIN,
	COMMAND_VERSION,
	COMMAND_HELP
};

struct options {
	enum command command;
	const char *dir;   /* run --out, stats DIR */
	const char *watch; /* file of further watched prefixes */
	const char *plan;  /* directory of compiled policies; resolve: one of them */
	const char *help;  /* of which command; empty: of all */
	const char *pin;   /* where programs, maps and links are pinned */
	const char *owner_pidfile;
	uint64_t owner_grace_s;
	char node_name[256];
	uint64_t max_bytes;
	size_t ring_exec_bytes, ring_main_bytes;
	int lease_fd; /* -1: none */
	pid_t self_pid;
	bool standalone;
	bool raw_tp;      /* take the second choice of every hook: for tests of it */
	uint64_t hook_ms; /* of a second, that the runs at one hook of policies may take; 0: the
			     default */
	uint64_t matched_per_s, posted_per_s; /* of a policy; 0: the defaults */
	bool program_times; /* let the kernel count runs and time of BPF programs, now and then */
	bool json;
};

/* 0, or 2 after a message about wrong usage. */
int options_parse(struct options *o, int argc, char **argv);
/* Of one command, or, when it is none, of all. */
void options_usage(const char *command);

#endif
