// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "bridge_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME "policies.builds"
#define HEAD "telovix builds 1"

uint32_t bridge_read(const char *dir, struct bridge_build *builds, uint32_t room)
{
	char path[4096], line[96];
	uint32_t count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/" NAME, dir);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fgets(line, sizeof(line), f) && !strcmp(line, HEAD "\n"))
		while (count < room && fgets(line, sizeof(line), f)) {
			struct bridge_build b = { 0 };

			if (sscanf(line, "%" SCNx64 " %" SCNu32 " %" SCNu32, &b.signature, &b.point,
				   &b.build) != 3)
				break;
			builds[count++] = b;
		}
	fclose(f);
	return count;
}

int bridge_write(const char *dir, const struct bridge_build *builds, uint32_t count)
{
	char path[4096], fresh[4096];
	int err = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/" NAME, dir);
	snprintf(fresh, sizeof(fresh), "%s/." NAME, dir);
	f = fopen(fresh, "we");
	if (!f)
		return -errno;
	fputs(HEAD "\n", f);
	for (uint32_t i = 0; i < count; i++)
		fprintf(f, "%016" PRIx64 " %" PRIu32 " %" PRIu32 "\n", builds[i].signature,
			builds[i].point, builds[i].build);
	err = ferror(f) ? -EIO : 0;
	if (fclose(f) || err)
		return err ? err : -EIO;
	return rename(fresh, path) ? -errno : 0;
}
