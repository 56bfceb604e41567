// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Any bytes as a plan, with the size and the checksum made right so that what lies behind is met.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sample.h"
#include "walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[256] = "";
	struct plan plan;
	uint64_t sum;
	/* Of exactly this size, so that a read behind the end is noticed. */
	char *bytes = malloc(size ? size : 1);

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	if (size >= sizeof(struct tx_plan_header))
		sample_seal(bytes, size);
	if (plan_check(&plan, bytes, size, why, sizeof(why))) {
		/* One sentence, always. */
		WALK_HOLDS(strlen(why) > 10 && why[strlen(why) - 1] == '.');
		free(bytes);
		return 0;
	}
	WALK_HOLDS(!why[0] && plan.bytes == bytes && plan.size == size);
	sum = walk_plan(&plan);
	__asm__ volatile("" ::"r"(sum)); /* the sum counts as used */
	plan_free(&plan);
	WALK_HOLDS(!plan.bytes);
	return 0;
}
