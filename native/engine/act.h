/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Harmless actions: each makes the system calls an attacker would make, in a way that changes
 * nothing, so that a policy can be shown to fire. An action runs in a child of its own; what it
 * opens, confines or unshares ends with that child, and its scratch directory is removed.
 */
#ifndef TELOVIX_ACT_H
#define TELOVIX_ACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ACT_TEMP 0x01    /* has a scratch directory */
#define ACT_REFUSED 0x02 /* the kernel has to say no: success is a fault of the action */
#define ACT_EXEC 0x04    /* becomes another program; done well when that one ends with 0 */

#define ACT_EXPECTS 5
#define ACT_TARGET 512

struct act_call {
	int argc;
	char **argv;
	const char *dir; /* scratch directory, with ACT_TEMP */
	int report_fd;
};

struct act {
	const char *name;
	const char *args; /* their names; optional ones in brackets */
	const char *help;
	long (*run)(struct act_call *c); /* what the call returned, or a negative errno */
	uint8_t flags;
	short expects[ACT_EXPECTS]; /* errnos that are as good as success; 0 ends them */
};

/* A row of a table; what comes after the flags are the errnos. */
#define ACT(NAME, ARGS, HELP, RUN, FLAGS, ...)                                        \
	{                                                                             \
		.name = NAME, .args = ARGS, .help = HELP, .run = RUN, .flags = FLAGS, \
		.expects = { __VA_ARGS__ },                                           \
	}

/* What the doer tells; the last one counts. */
struct act_report {
	int64_t value;
	char target[ACT_TARGET]; /* what the action was aimed at, when its arguments don't say */
};

struct act_outcome {
	pid_t pid; /* of the doer, as seen from the caller's namespace */
	struct act_report report;
	bool reported, timed_out;
	int status; /* of waitpid */
};

/* The tables, each ended by a row without a name. */
extern const struct act act_credentials[], act_file[], act_kernel[], act_memory[], act_namespace[],
	act_network[], act_path[], act_process[];

/* The command: argv[0] is "act". Exit code 0, 1 when the action went other than foreseen, 2 usage.
 */
int act_main(int argc, char **argv);

/* Runs it in a child, in a new PID namespace when asked; at most 5 s. Negative errno on failure. */
int act_run(const struct act *act, int argc, char **argv, bool pid_namespace,
	    struct act_outcome *outcome);

/*
 * Runs this command again from a copy of the executable below `from`, named `name`. The exit code
 * of that run, or a negative errno.
 */
int act_run_staged(const char *from, const char *name, int argc, char **argv);

/* A new directory below `parent`, or below $TMPDIR or /tmp when NULL. Negative errno on failure. */
int act_temp_dir(const char *parent, char *dir, size_t size);
void act_remove_dir(const char *dir);
int act_copy_self(const char *path);

/* Tells the runner before the doer goes on; the target may be NULL. */
void act_tell(struct act_call *c, long value, const char *target);

/* For the actions: the result of a system call as value or negative errno. */
long act_result(long ret);
/* A name in the scratch directory. */
const char *act_in_dir(const struct act_call *c, const char *name);
/* The argument as a number, or the fallback when there is none; -1 when it is no number. */
long act_number(const struct act_call *c, int index, long fallback);

#endif
