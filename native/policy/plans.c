// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Plan files: read, checked whole, let go of. */
#include "plans_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "plans are read where they lie");

/* A plan of TX_PLAN_MAX bytes that names each of its parts a few times stays below it. */
#define WORK_MAX (64ULL << 20)

static const struct {
	const char *name;
	uint32_t size, most;
} sections[TX_PLAN_SECTIONS] = {
	[TX_PLAN_POLICY] = { "policy", sizeof(struct tx_plan_policy), 1 },
	[TX_PLAN_HOOKS] = { "hooks", sizeof(struct tx_plan_hook), 4096 },
	[TX_PLAN_ARGS] = { "args", sizeof(struct tx_plan_arg), 8192 },
	[TX_PLAN_SELECTORS] = { "selectors", sizeof(struct tx_plan_selector), 4096 },
	[TX_PLAN_FILTERS] = { "filters", sizeof(struct tx_plan_filter), 65536 },
	[TX_PLAN_VALUES] = { "values", sizeof(struct tx_plan_value), 262144 },
	[TX_PLAN_ACTIONS] = { "actions", sizeof(struct tx_plan_action), 16384 },
	[TX_PLAN_CODE] = { "code", sizeof(struct tx_plan_code), 65536 },
	[TX_PLAN_TEXT] = { "text", 1, TX_PLAN_MAX },
};

int plan_refuse(struct plan_check *c, const char *format, ...)
{
	va_list args;
	size_t at;

	if (!c->why_size)
		return -EINVAL;
	at = snprintf(c->why, c->why_size, "The plan is not sound: ");
	if (at < c->why_size) {
		va_start(args, format);
		at += vsnprintf(c->why + at, c->why_size - at, format, args);
		va_end(args);
	}
	if (at < c->why_size)
		snprintf(c->why + at, c->why_size - at, ".");
	return -EINVAL;
}

int plan_spend(struct plan_check *c, uint64_t work)
{
	if (work > c->work)
		return plan_refuse(c, "its records name the same things too often");
	c->work -= work;
	return 0;
}

bool plan_range_fits(const struct plan *plan, enum tx_plan_section section,
		     struct tx_plan_range range)
{
	if (!range.count)
		return !range.first;
	return range.count <= plan->count[section] &&
	       range.first <= plan->count[section] - range.count;
}

/* CRC-32C (Castagnoli, reflected). */
static uint32_t crc32c(const unsigned char *at, size_t len)
{
	static uint32_t table[256];
	uint32_t crc = ~0U;

	if (!table[1])
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t v = i;

			for (int bit = 0; bit < 8; bit++)
				v = v & 1 ? v >> 1 ^ 0x82f63b78 : v >> 1;
			table[i] = v;
		}
	while (len--)
		crc = table[(crc ^ *at++) & 255] ^ crc >> 8;
	return ~crc;
}

static int check_header(struct plan_check *c, const void *bytes, size_t size)
{
	const struct tx_plan_header *h = bytes;
	uint64_t end = sizeof(*h);

	if (size < sizeof(*h) || memcmp(h->magic, TX_PLAN_MAGIC, sizeof(h->magic)))
		return plan_refuse(c, "it does not begin as one");
	if (size > TX_PLAN_MAX)
		return plan_refuse(c, "it is larger than %d MiB", TX_PLAN_MAX >> 20);
	if (h->version != TX_PLAN_VERSION)
		return plan_refuse(c, "it is of version %u, and this engine reads version %d",
				   h->version, TX_PLAN_VERSION);
	if (h->size != size)
		return plan_refuse(c, "it has %zu bytes and says %u", size, h->size);
	if (h->crc != crc32c((const unsigned char *)bytes + sizeof(*h), size - sizeof(*h)))
		return plan_refuse(c, "its checksum does not fit");
	if (h->flags)
		return plan_refuse(c, "its header has unknown flags 0x%x", h->flags);
	for (int i = 0; i < TX_PLAN_SECTIONS; i++) {
		uint64_t offset = h->section[i].offset;

		if (h->section[i].count > sections[i].most)
			return plan_refuse(c, "its section %s has %u records, %u are the most",
					   sections[i].name, h->section[i].count, sections[i].most);
		/*
		 * One behind the other, without gaps: the checksum does not cover this table, and
		 * a number changed in it must not lead anywhere else.
		 */
		if (offset != end)
			return plan_refuse(c, "its section %s is out of place", sections[i].name);
		end += ((uint64_t)h->section[i].count * sections[i].size + 7) & ~7ULL;
		if (end > size)
			return plan_refuse(c, "its section %s leaves the file", sections[i].name);
	}
	if (end != size)
		return plan_refuse(c, "it has bytes behind its last section");
	if (h->section[TX_PLAN_POLICY].count != 1)
		return plan_refuse(c, "it has no policy");
	return 0;
}

static void take_sections(struct plan *plan)
{
	const struct tx_plan_header *h = plan->bytes;
	const char *base = plan->bytes;
	const void *at[TX_PLAN_SECTIONS];

	for (int i = 0; i < TX_PLAN_SECTIONS; i++) {
		at[i] = base + h->section[i].offset;
		plan->count[i] = h->section[i].count;
	}
	plan->policy = at[TX_PLAN_POLICY];
	plan->hooks = at[TX_PLAN_HOOKS];
	plan->args = at[TX_PLAN_ARGS];
	plan->selectors = at[TX_PLAN_SELECTORS];
	plan->filters = at[TX_PLAN_FILTERS];
	plan->values = at[TX_PLAN_VALUES];
	plan->actions = at[TX_PLAN_ACTIONS];
	plan->code = at[TX_PLAN_CODE];
	plan->text = at[TX_PLAN_TEXT];
}

/* What is used comes before what uses it. */
static int check_records(struct plan_check *c)
{
	static int (*const checks[])(struct plan_check *) = {
		plan_check_policy,  plan_check_args,      plan_check_filters,
		plan_check_actions, plan_check_selectors, plan_check_hooks,
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(checks) / sizeof(checks[0]); i++)
		err = checks[i](c);
	return err;
}

int plan_check(struct plan *plan, void *bytes, size_t size, char *why, size_t why_size)
{
	struct plan found = { .bytes = bytes, .size = size };
	struct plan_check c = {
		.plan = &found, .why = why, .why_size = why_size, .work = WORK_MAX
	};
	int err;

	if ((uintptr_t)bytes % 8)
		return plan_refuse(&c, "it does not lie on a multiple of 8 in memory");
	err = check_header(&c, bytes, size);
	if (err)
		return err;
	take_sections(&found);
	c.filters = calloc(found.count[TX_PLAN_FILTERS] + 1, sizeof(*c.filters));
	c.selectors = calloc(found.count[TX_PLAN_SELECTORS] + 1, sizeof(*c.selectors));
	if (c.filters && c.selectors) {
		err = check_records(&c);
	} else {
		err = -ENOMEM;
		snprintf(why, why_size, "There is no memory to check the plan.");
	}
	free(c.filters);
	free(c.selectors);
	if (err)
		return err;
	found.hash = hash_bytes(HASH_SEED, bytes, size);
	*plan = found;
	return 0;
}

static int read_all(int fd, char **bytes, size_t *size)
{
	struct stat st;
	size_t len = 0;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > TX_PLAN_MAX)
		return -EFBIG;
	*bytes = malloc(st.st_size + 1);
	if (!*bytes)
		return -ENOMEM;
	while ((n = read(fd, *bytes + len, st.st_size + 1 - len)) > 0)
		len += n;
	*size = len;
	return n < 0 ? -errno : len > (size_t)st.st_size ? -EAGAIN : 0;
}

int plan_read(struct plan *plan, const char *path, char *why, size_t why_size)
{
	/* Not to wait for whoever made a pipe of it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err;
	char *bytes = NULL;
	size_t size = 0;

	err = fd < 0 ? -errno : read_all(fd, &bytes, &size);
	if (fd >= 0)
		close(fd);
	if (err)
		snprintf(why, why_size, "The plan %s cannot be read: %s.", path,
			 err == -EAGAIN   ? "it is being written"
			 : err == -EINVAL ? "it is not a plain file"
					  : strerror(-err));
	else
		err = plan_check(plan, bytes, size, why, why_size);
	if (err)
		free(bytes);
	return err;
}

void plan_free(struct plan *plan)
{
	free(plan->bytes);
	memset(plan, 0, sizeof(*plan));
}

char *plan_copy(const struct plan *plan, struct tx_plan_text text, char *buf, size_t size)
{
	size_t len = text.length < size ? text.length : size - 1;

	if (!size)
		return buf;
	memcpy(buf, plan_text(plan, text), len);
	buf[len] = 0;
	return buf;
}
