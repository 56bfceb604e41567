// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Says of each plan file whether the engine's reader takes it: "ok FILE", or "refused FILE: why".
 * src/core/policy/plan/reader.test.ts builds it, and reads its answers. Names come on stdin, one a
 * line.
 */
#include <stdio.h>
#include <string.h>

#include "plans.h"

int main(void)
{
	char file[4096], why[256];
	struct plan plan;

	while (fgets(file, sizeof(file), stdin)) {
		file[strcspn(file, "\n")] = 0;
		if (plan_read(&plan, file, why, sizeof(why))) {
			printf("refused %s: %s\n", file, why);
		} else {
			printf("ok %s\n", file);
			plan_free(&plan);
		}
	}
	return 0;
}
