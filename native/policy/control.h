/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the sensor wants of enforcement, changed while running and without touching a program:
 * PLANDIR/control.json, and PLANDIR/lease, whose age says whether the sensor still lives.
 *
 *   {"modes": {"NAME": "monitor"|"enforce"}, "enforcement": "on"|"off", "leaseSeconds": N,
 *    "allowSshd": true|false}
 *
 * All members may be missing. NAME is NAMESPACE/NAME for a policy in a namespace.
 */
#ifndef TELOVIX_CONTROL_H
#define TELOVIX_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"

#define CONTROL_NAME 512
#define CONTROL_MODES 1024
#define CONTROL_LEASE_MAX (7 * 86400) /* seconds */
#define CONTROL_MAX (1 << 20)         /* bytes of the file */

struct control_mode {
	char *name;
	enum tx_plan_mode mode;
};

struct control {
	struct control_mode *modes;
	uint32_t mode_count;
	bool off;         /* nothing is enforced */
	bool allow_sshd;  /* it may be enforced against */
	uint64_t lease_s; /* 0: none */
};

/* 0, or a negative errno and a sentence in why; control is then untouched. Free what it was first.
 */
int control_parse(struct control *control, const char *text, size_t len, char *why,
		  size_t why_size);
void control_free(struct control *control);

/*
 * Reads the file. One that is not there means the defaults; one that can't be understood leaves
 * what holds, or, at the start, turns enforcement off: nobody knows what was wanted.
 */
int control_read(struct control *control, int dir_fd, bool first, char *why, size_t why_size);

/* TX_MODE_DEFAULT when it says nothing of that policy. */
enum tx_plan_mode control_mode(const struct control *control, const char *name);

/*
 * When enforcement ends if nobody renews the lease: boot time, 0: never. written: of the lease
 * file, 0: there is none; wall: now, by the same clock.
 */
uint64_t control_lease(const struct control *control, uint64_t boot, uint64_t wall,
		       uint64_t written);

/*
 * The same at each look. A lease file that has not changed ends when it was first said to: the wall
 * clock may be set meanwhile.
 */
struct lease_seen {
	uint64_t written, lease_s, until;
};
uint64_t control_lease_look(struct lease_seen *seen, const struct control *control, uint64_t boot,
			    uint64_t wall, uint64_t written);

/* The lease file's time of change by the wall clock, 0: there is none. */
uint64_t control_lease_written(int dir_fd);

#endif
