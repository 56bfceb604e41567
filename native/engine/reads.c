// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "reads.h"

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "objects.h"

static enum { UNKNOWN, BY_HELPER, DIRECTLY } way;
static char suspect[64]; /* refused while it read directly */
/* Why they do not, though the kernel can: of the base object, and of policies. */
static char reason[sizeof(((struct reads_kept *)0)->reason)], policy_reason[192];

bool reads_directly(void)
{
	if (way == UNKNOWN)
		way = objects_may_read_directly() ? DIRECTLY : BY_HELPER;
	return way == DIRECTLY;
}

bool reads_blame(const char *program, const char *words)
{
	if (reads_directly()) {
		way = BY_HELPER;
		snprintf(suspect, sizeof(suspect), "%s", program);
		snprintf(reason, sizeof(reason), "%s: %s", program, words);
		return true;
	}
	if (suspect[0] && !strcmp(suspect, program)) {
		way = DIRECTLY;
		reason[0] = 0;
	}
	suspect[0] = 0;
	return false;
}

static void say(const char *whose, const char *why)
{
	log_line("%s read the kernel's memory by its helper, which costs more: %s.", whose, why);
}

void reads_blame_policy(const char *program, const char *words)
{
	snprintf(policy_reason, sizeof(policy_reason), "%s: %s", program, words);
	say("Programs of policies", policy_reason);
}

void reads_settled(void)
{
	if (reason[0])
		say("The engine's programs", reason);
}

void reads_keep(struct reads_kept *kept)
{
	memset(kept, 0, sizeof(*kept));
	kept->by_helper = !reads_directly();
	memcpy(kept->reason, reason, sizeof(reason));
}

void reads_take(const struct reads_kept *kept)
{
	way = kept->by_helper ? BY_HELPER : DIRECTLY;
	snprintf(reason, sizeof(reason), "%.*s", (int)sizeof(kept->reason) - 1, kept->reason);
}

void reads_write(struct json *j)
{
	json_key_object(j, "reads");
	json_key_string(j, "way", reads_directly() ? "direct" : "helper");
	if (reason[0])
		json_key_string(j, "reason", reason);
	if (policy_reason[0])
		json_key_string(j, "policy_reason", policy_reason);
	json_close(j, '}');
}
