// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "facts_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts_fs.h"
#include "nearest.h"

#define LIST_MAX (4 << 20)

void events_nearest(char *list, const char *group, const char *event, char *buf, size_t size)
{
	char wanted[256], elsewhere[NEAREST_TEXT + 1] = "", *save = NULL;
	struct nearest n;

	snprintf(wanted, sizeof(wanted), "%.127s/%.127s", group, event);
	n = nearest_to(wanted);
	for (char *line = strtok_r(list, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = '/';
		nearest_try(&n, line);
		if (!elsewhere[0] && !strcmp(colon + 1, event) && strlen(line) <= NEAREST_TEXT)
			strcpy(elsewhere, line);
	}
	snprintf(buf, size, "%s", n.text[0] ? n.text : elsewhere);
}

void facts_nearest_event(const char *group, const char *event, char *buf, size_t size)
{
	size_t length;
	char *list = facts_read_whole(FACTS_TRACEFS, "available_events", LIST_MAX, &length);

	buf[0] = 0;
	if (list)
		events_nearest(list, group, event, buf, size);
	free(list);
}
