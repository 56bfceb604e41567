// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Writes inputs to begin from: plans or records, one with everything and each part alone; programs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/small_elf.h"
#include "record.h"
#include "sample.h"

static const char *dir;

static void save(const char *name, int number, const void *bytes, size_t size)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s-%02d", dir, name, number);
	f = fopen(path, "w");
	if (!f || fwrite(bytes, size, 1, f) != 1 || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static void save_plan(struct sample *s, const char *name, int number)
{
	sample_seal(s, sizeof(*s));
	save(name, number, s, sizeof(*s));
}

static void plans(void)
{
	static struct sample s;

	sample_make(&s);
	save_plan(&s, "all", 0);
	for (int i = 0; i < SAMPLE_HOOKS; i++) {
		sample_make(&s);
		for (int other = 0; other < SAMPLE_HOOKS; other++)
			s.hooks[other] = s.hooks[i];
		save_plan(&s, "hook", i);
	}
	for (int i = 0; i < SAMPLE_FILTERS; i++) {
		sample_make(&s);
		s.selectors[0].filters = (struct tx_plan_range){ i, 1 };
		save_plan(&s, "filter", i);
	}
}

/* Behind eight bytes that say what the selector is like (event.c). */
static void save_record(const union record *r, int number)
{
	static struct {
		uint8_t head[8];
		union record r;
	} seed = { .head = { 0x37, 0, 1, 1, 0, 4, 0, 99 } };

	seed.head[1] = number;
	seed.head[4] = r->e.args;
	memcpy(&seed.r, r, sizeof(*r));
	save("type", number, &seed, 8 + sizeof(r->e) + r->e.stacks_end);
	seed.head[0] ^= 0x40;
	save("loader", number, &seed, 8 + sizeof(r->e) + r->e.stacks_end);
	seed.head[0] ^= 0x40;
}

static void records(void)
{
	static const char data[256] = "/some/text";
	static const uint64_t frames[4] = { 1, 2, 3, 4 };
	static union record r;

	for (int type = 0; type < TX_ARG_TYPES; type++) {
		record_begin(&r);
		record_data(&r, type, data, sizeof(data))->value = type;
		record_data(&r, type, data, 10)->flags = TX_PARG_CUT;
		r.e.has_ret = 1;
		r.e.enforced[0] = 2;
		r.e.method = type % (TX_METHOD_SET + 1);
		record_stack(&r, frames, 4, frames, 4);
		save_record(&r, type);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: seeds plan|event|program DIR\n");
		return 2;
	}
	dir = argv[2];
	if (!strcmp(argv[1], "event")) {
		records();
	} else if (!strcmp(argv[1], "program")) {
		small_make();
		save("program", 0, &small, sizeof(small));
	} else {
		plans();
	}
	return 0;
}
