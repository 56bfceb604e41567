// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Says of each pattern which names it matches, as the engine takes it. On stdin a line per pattern:
 * it, a blank, and names with blanks between; on stdout a line for each: a 1 or a 0 per name, or
 * "refused". src/core/policy/build/pattern.test.ts builds it, and reads its answers.
 */
#include <stdio.h>
#include <string.h>

#include "pattern.h"

int main(void)
{
	static char line[1 << 20];

	while (fgets(line, sizeof(line), stdin)) {
		char *save = NULL, *pattern = strtok_r(line, " \n", &save);
		regex_t regex;

		if (!pattern || !pattern_compile(pattern, &regex)) {
			puts("refused");
			continue;
		}
		for (char *name; (name = strtok_r(NULL, " \n", &save));)
			putchar(regexec(&regex, name, 0, NULL, 0) ? '0' : '1');
		putchar('\n');
		regfree(&regex);
	}
	return 0;
}
