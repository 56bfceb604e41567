// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "kallsyms.h"

#include <stdlib.h>
#include <string.h>

/* "address type name", of the kernel itself: what a module has is followed by a tab. */
static const char *name_of(char *line)
{
	char *name = strchr(line, ' ');

	if (!name || !name[1] || name[2] != ' ')
		return NULL;
	name += 3;
	name[strcspn(name, "\n")] = 0;
	return name;
}

void kallsyms_find(FILE *list, const char *const *names, uint64_t *addresses, size_t count)
{
	unsigned int seen[8] = {};
	char line[1024];

	if (count > sizeof(seen) / sizeof(seen[0]))
		count = sizeof(seen) / sizeof(seen[0]);
	memset(addresses, 0, count * sizeof(*addresses));
	while (fgets(line, sizeof(line), list)) {
		const char *name = name_of(line);

		for (size_t i = 0; name && i < count; i++)
			if (!strcmp(name, names[i]))
				addresses[i] = seen[i]++ ? 0 : strtoull(line, NULL, 16);
	}
}
