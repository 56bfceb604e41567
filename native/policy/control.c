// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "control_json.h"

void control_free(struct control *control)
{
	for (uint32_t i = 0; i < control->mode_count; i++)
		free(control->modes[i].name);
	free(control->modes);
	*control = (struct control){ 0 };
}

static bool add_mode(struct control *c, struct json_read *r, const char *name,
		     enum tx_plan_mode mode)
{
	char *copy;

	if (control_mode(c, name) != TX_MODE_DEFAULT)
		return json_read_fail(r, "a policy is named twice");
	if (c->mode_count == CONTROL_MODES)
		return json_read_fail(r, "it names too many policies");
	if (!c->modes)
		c->modes = calloc(CONTROL_MODES, sizeof(*c->modes));
	copy = c->modes ? strdup(name) : NULL;
	if (!copy)
		return json_read_fail(r, "memory is out");
	c->modes[c->mode_count++] = (struct control_mode){ copy, mode };
	return true;
}

static void read_modes(struct control *c, struct json_read *r)
{
	char name[CONTROL_NAME], mode[16];
	size_t len;

	json_read_open(r, '{');
	while (json_read_key(r, name, sizeof(name)) &&
	       json_read_string(r, mode, sizeof(mode), &len)) {
		bool enforce = !strcmp(mode, "enforce");

		if (!enforce && strcmp(mode, "monitor"))
			json_read_fail(r, "a mode is neither monitor nor enforce");
		else
			add_mode(c, r, name, enforce ? TX_MODE_ENFORCE : TX_MODE_MONITOR);
	}
}

static void read_switch(struct control *c, struct json_read *r)
{
	char word[8];
	size_t len;

	if (!json_read_string(r, word, sizeof(word), &len))
		return;
	c->off = !strcmp(word, "off");
	if (!c->off && strcmp(word, "on"))
		json_read_fail(r, "enforcement is neither on nor off");
}

static void read_all(struct control *c, struct json_read *r)
{
	static const char *const keys[] = { "modes", "enforcement", "leaseSeconds", "allowSshd" };
	uint32_t seen = 0;
	char key[32];

	json_read_open(r, '{');
	while (json_read_key(r, key, sizeof(key))) {
		uint32_t at = 0;

		while (at < 4 && strcmp(key, keys[at]))
			at++;
		if (at == 4 || (seen & 1U << at)) {
			json_read_fail(r,
				       at == 4 ? "a member is unknown" : "a member is there twice");
			return;
		}
		seen |= 1U << at;
		if (at == 0)
			read_modes(c, r);
		else if (at == 1)
			read_switch(c, r);
		else if (at == 2)
			json_read_unsigned(r, CONTROL_LEASE_MAX, &c->lease_s);
		else
			json_read_bool(r, &c->allow_sshd);
	}
}

int control_parse(struct control *control, const char *text, size_t len, char *why, size_t why_size)
{
	struct json_read r = json_read_from(text, len);
	struct control read = { 0 };

	read_all(&read, &r);
	if (!json_read_end(&r)) {
		snprintf(why, why_size, "control.json is not understood: %s.", r.error);
		control_free(&read);
		return -EINVAL;
	}
	control_free(control);
	*control = read;
	return 0;
}

/* The file's bytes; *len of them. NULL with errno. */
static char *read_file(int dir_fd, size_t *len)
{
	int fd = openat(dir_fd, "control.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	char *text = NULL;
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > CONTROL_MAX)
		errno = EFBIG;
	else
		text = malloc(st.st_size + 1);
	n = text ? pread(fd, text, st.st_size, 0) : -1;
	close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	*len = n;
	return text;
}

int control_read(struct control *control, int dir_fd, bool first, char *why, size_t why_size)
{
	size_t len = 0;
	char *text = read_file(dir_fd, &len);
	int err = text ? 0 : -errno;

	if (err == -ENOENT) {
		control_free(control);
		return 0;
	}
	if (err)
		snprintf(why, why_size, "control.json cannot be read: %s.", strerror(-err));
	else
		err = control_parse(control, text, len, why, why_size);
	free(text);
	if (err && first)
		control->off = true;
	return err;
}

enum tx_plan_mode control_mode(const struct control *control, const char *name)
{
	for (uint32_t i = 0; i < control->mode_count; i++)
		if (!strcmp(control->modes[i].name, name))
			return control->modes[i].mode;
	return TX_MODE_DEFAULT;
}

uint64_t control_lease(const struct control *control, uint64_t boot, uint64_t wall,
		       uint64_t written)
{
	uint64_t lease = control->lease_s * NS_PER_S, age;

	if (!lease)
		return 0;
	/* A clock that was set back makes a file of the future: it counts as just written. */
	age = wall > written ? wall - written : 0;
	if (!written || age >= lease)
		return 1;
	return boot + (lease - age);
}

uint64_t control_lease_look(struct lease_seen *seen, const struct control *control, uint64_t boot,
			    uint64_t wall, uint64_t written)
{
	if (written != seen->written || control->lease_s != seen->lease_s)
		*seen = (struct lease_seen){
			.written = written,
			.lease_s = control->lease_s,
			.until = control_lease(control, boot, wall, written),
		};
	return seen->until;
}

uint64_t control_lease_written(int dir_fd)
{
	struct stat st;

	if (fstatat(dir_fd, "lease", &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
		return 0;
	return st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
}
