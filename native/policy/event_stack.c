// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Stack traces. */
#include <string.h>

#include "event_elf.h"
#include "event_ksyms.h"
#include "event_maps.h"
#include "event_part.h"

#define KERNEL_FRAME 256 /* bytes of JSON; texts that would make it longer are cut */
#define USER_FRAME 512
#define SYMBOL_OUT 128
#define MODULE_OUT 256

size_t event_stack_bytes(const struct tx_policy_event *e)
{
	return 64 + e->kernel_stack / 8 * KERNEL_FRAME + e->user_stack / 8 * USER_FRAME;
}

static void text(struct json *j, const char *key, const char *value, size_t max)
{
	if (!*value)
		return;
	json_key(j, key);
	json_string(j, value, strlen(value), max);
}

/*
 * Without addresses: where the kernel lies in memory is not for everyone who may read events. A
 * frame without a name stays, so that the depth is right.
 */
static void kernel_frame(struct json *j, uint64_t address, uint64_t now)
{
	const char *symbol, *module;
	uint64_t offset;

	if (!ksyms_find(address, now, &symbol, &module, &offset))
		return;
	if (offset)
		json_key_u64(j, "offset", offset);
	text(j, "symbol", symbol, SYMBOL_OUT);
	text(j, "module", module, 64);
}

static void user_frame(struct json *j, const struct tx_policy_event *e, const struct proc *p,
		       uint64_t address)
{
	struct maps_place place;
	char symbol[ELF_NAME];

	json_key_u64(j, "address", address);
	if (!maps_find(e->h.tgid, e->h.start, p->ktime, e->h.ktime, address, &place))
		return;
	if (place.offset)
		json_key_u64(j, "offset", place.offset);
	if (elf_function(e->h.tgid, &place, e->h.ktime, symbol))
		text(j, "symbol", symbol, SYMBOL_OUT);
	text(j, "module", place.path, MODULE_OUT);
}

/* Frames from bytes on; returns how many did not fit. */
static uint32_t frames(struct json *j, const char *key, const char *bytes, uint32_t size,
		       size_t limit, const struct tx_policy_event *e, const struct proc *p)
{
	size_t most = p ? USER_FRAME : KERNEL_FRAME;
	uint64_t address;
	uint32_t i;

	if (size < 8)
		return 0;
	json_key_array(j, key);
	for (i = 0; i < size / 8; i++) {
		memcpy(&address, bytes + 8 * i, 8);
		if (!address)
			continue;
		if (event_room(j, limit) < most)
			break;
		json_comma(j);
		json_open(j, '{');
		if (p)
			user_frame(j, e, p, address);
		else
			kernel_frame(j, address, e->h.ktime);
		json_close(j, '}');
	}
	json_close(j, ']');
	return size / 8 - i;
}

uint32_t event_kernel_stack(struct json *j, const struct tx_policy_event *e, size_t limit)
{
	return frames(j, "kernel_stack_trace", e->data + e->data_len, e->kernel_stack, limit, e,
		      NULL);
}

uint32_t event_user_stack(struct json *j, const struct tx_policy_event *e, const struct proc *p,
			  size_t limit)
{
	return frames(j, "user_stack_trace", e->data + e->data_len + e->kernel_stack, e->user_stack,
		      limit, e, p);
}

void policy_event_idle(uint64_t now)
{
	ksyms_idle(now);
}
