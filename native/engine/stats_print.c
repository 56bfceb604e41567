// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* `telovix-engine stats DIR`: the last engine_stats line in the segments of DIR. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "segment.h"
#include "stats.h"

static const char wanted[] = "{\"engine_stats\":";

static char *last_in_file(int dir_fd, uint64_t number)
{
	char name[40], *line = NULL, *last = NULL;
	size_t room = 0;
	FILE *f;
	int fd;

	snprintf(name, sizeof(name), "events-%" PRIu64 ".jsonl", number);
	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	while (getline(&line, &room, f) > 0) {
		if (strncmp(line, wanted, sizeof(wanted) - 1) || !strchr(line, '\n'))
			continue;
		free(last);
		last = strdup(line);
	}
	free(line);
	fclose(f);
	return last;
}

int stats_print_last(const char *path)
{
	uint64_t below = UINT64_MAX;
	DIR *dir = opendir(path);

	if (!dir) {
		log_failure("Give the directory that run --out writes to.",
			    "%s cannot be read: %s.", path, strerror(errno));
		return 1;
	}
	/* From the highest segment down: figures come every 15 s, a segment lives for 60. */
	for (;;) {
		uint64_t number, best = 0;
		struct dirent *entry;
		char *line;

		rewinddir(dir);
		while ((entry = readdir(dir)))
			if (sscanf(entry->d_name, "events-%" SCNu64 ".jsonl", &number) == 1 &&
			    number < below && number > best)
				best = number;
		if (!best)
			break;
		line = last_in_file(dirfd(dir), best);
		if (line) {
			fputs(line, stdout);
			free(line);
			closedir(dir);
			return 0;
		}
		below = best;
	}
	closedir(dir);
	log_failure("An engine writes them every 15 s.", "%s holds no figures.", path);
	return 1;
}
