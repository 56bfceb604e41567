// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "control_workloads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control_json.h"
#include "hash.h"

#define NAMESPACE_TEXT 512
#define SELECTOR_TEXT (32 << 10)
#define WORKLOADS 4096

struct workload {
	char *namespace, *selector;
	uint32_t first, count; /* in ids */
};

struct workloads {
	struct workload *list;
	uint32_t count;
	uint64_t *ids;
	uint32_t id_count;
};

static struct workloads known;
static uint64_t known_hash;

static void free_all(struct workloads *w)
{
	for (uint32_t i = 0; i < w->count; i++) {
		free(w->list[i].namespace);
		free(w->list[i].selector);
	}
	free(w->list);
	free(w->ids);
	*w = (struct workloads){ 0 };
}

static void read_ids(struct workloads *w, struct workload *one, struct json_read *r)
{
	one->first = w->id_count;
	json_read_open(r, '[');
	while (json_read_item(r)) {
		uint64_t id;

		if (!json_read_unsigned(r, UINT64_MAX, &id))
			return;
		if (w->id_count == WORKLOADS_CGROUPS) {
			json_read_fail(r, "there are too many control groups");
			return;
		}
		w->ids[w->id_count++] = id;
	}
	one->count = w->id_count - one->first;
}

static void read_text(char **to, char *buf, size_t size, struct json_read *r)
{
	size_t len;

	if (*to)
		json_read_fail(r, "a member is there twice");
	else if (json_read_string(r, buf, size, &len) && !(*to = strdup(buf)))
		json_read_fail(r, "memory is out");
}

static void read_one(struct workloads *w, struct json_read *r)
{
	static char buf[SELECTOR_TEXT];
	struct workload *one = &w->list[w->count++];
	bool ids = false;
	char key[16];

	json_read_open(r, '{');
	while (json_read_key(r, key, sizeof(key))) {
		if (!strcmp(key, "namespace")) {
			read_text(&one->namespace, buf, NAMESPACE_TEXT, r);
		} else if (!strcmp(key, "selector")) {
			read_text(&one->selector, buf, sizeof(buf), r);
		} else if (!strcmp(key, "cgroups") && !ids) {
			ids = true;
			read_ids(w, one, r);
		} else {
			json_read_fail(r, "a member is unknown or there twice");
		}
	}
	if (!one->namespace || !one->selector || !ids)
		json_read_fail(r, "a member is missing");
}

static int parse(struct workloads *w, const char *text, size_t len, char *why, size_t why_size)
{
	struct json_read r = json_read_from(text, len);

	w->list = calloc(WORKLOADS, sizeof(*w->list));
	w->ids = calloc(WORKLOADS_CGROUPS, sizeof(*w->ids));
	if (!w->list || !w->ids) {
		snprintf(why, why_size, "Memory is out.");
		return -ENOMEM;
	}
	json_read_open(&r, '[');
	while (json_read_item(&r)) {
		if (w->count == WORKLOADS)
			json_read_fail(&r, "there are too many workloads");
		else
			read_one(w, &r);
	}
	if (json_read_end(&r))
		return 0;
	snprintf(why, why_size, "workloads.json is not understood: %s.", r.error);
	return -EINVAL;
}

static char *read_file(int dir_fd, size_t *len)
{
	int fd = openat(dir_fd, "workloads.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	char *text = NULL;
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= WORKLOADS_MAX)
		text = malloc(st.st_size + 1);
	if (text)
		n = pread(fd, text, st.st_size, 0);
	close(fd);
	if (n >= 0) {
		*len = n;
		return text;
	}
	free(text);
	errno = EIO;
	return NULL;
}

int workloads_read(int dir_fd, bool *changed, char *why, size_t why_size)
{
	struct workloads read = { 0 };
	size_t len = 0;
	char *text = read_file(dir_fd, &len);
	uint64_t hash = text ? hash_bytes(HASH_SEED, text, len) : 0;
	int err = 0;

	if (!text && errno != ENOENT) {
		snprintf(why, why_size, "workloads.json cannot be read.");
		return -EIO;
	}
	*changed = hash != known_hash;
	if (text && *changed)
		err = parse(&read, text, len, why, why_size);
	free(text);
	if (err || !*changed) {
		*changed = false;
		free_all(&read);
		return err;
	}
	free_all(&known);
	known = read;
	known_hash = hash;
	return 0;
}

static bool is_text(const char *have, const char *text, size_t len)
{
	return strlen(have) == len && (!len || !memcmp(have, text, len));
}

const uint64_t *workloads_find(const struct build_scope *scope, uint32_t *count)
{
	for (uint32_t i = 0; i < known.count; i++) {
		const struct workload *w = &known.list[i];

		if (!is_text(w->namespace, scope->namespace, scope->namespace_len) ||
		    !is_text(w->selector, scope->selector, scope->selector_len))
			continue;
		*count = w->count;
		return &known.ids[w->first];
	}
	return NULL;
}

void workloads_close(void)
{
	free_all(&known);
	known_hash = 0;
}
