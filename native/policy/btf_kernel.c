// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "btf_kernel.h"

#include <bpf/btf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

#define MODULE_NAME 56

static struct {
	struct btf *btf;
	bool tried;
	uint32_t *functions; /* open addressing; a slot is a type id, 0: free */
	uint32_t mask;
	struct btf *module;
	char module_name[MODULE_NAME];
} kernel;

const struct btf *btf_kernel(void)
{
	if (!kernel.tried) {
		kernel.tried = true;
		kernel.btf = btf__load_vmlinux_btf();
	}
	return kernel.btf;
}

static const char *name_of(const struct btf *btf, uint32_t id)
{
	return btf__name_by_offset(btf, btf__type_by_id(btf, id)->name_off);
}

static uint32_t slot_of(const char *name)
{
	return hash_bytes(HASH_SEED, name, strlen(name)) & kernel.mask;
}

/* Some 60,000 functions: a list of a thousand must not mean a thousand walks through all types. */
static bool index_functions(const struct btf *btf)
{
	uint32_t count = btf__type_cnt(btf), functions = 0;

	for (uint32_t id = 1; id < count; id++)
		functions += btf_is_func(btf__type_by_id(btf, id));
	for (kernel.mask = 1024; kernel.mask < 2 * functions; kernel.mask *= 2)
		;
	kernel.functions = calloc(kernel.mask, sizeof(*kernel.functions));
	if (!kernel.functions)
		return false;
	kernel.mask--;
	for (uint32_t id = 1; id < count; id++) {
		uint32_t slot;

		if (!btf_is_func(btf__type_by_id(btf, id)))
			continue;
		slot = slot_of(name_of(btf, id));
		while (kernel.functions[slot])
			slot = (slot + 1) & kernel.mask;
		kernel.functions[slot] = id;
	}
	return true;
}

uint32_t btf_kernel_function(const char *name)
{
	const struct btf *btf = btf_kernel();

	if (!btf || (!kernel.functions && !index_functions(btf)))
		return 0;
	for (uint32_t slot = slot_of(name); kernel.functions[slot]; slot = (slot + 1) & kernel.mask)
		if (!strcmp(name_of(btf, kernel.functions[slot]), name))
			return kernel.functions[slot];
	return 0;
}

uint32_t btf_kernel_prototype(const char *name)
{
	uint32_t id = btf_kernel_function(name);

	return id ? btf__type_by_id(btf_kernel(), id)->type : 0;
}

uint32_t btf_kernel_raw_tracepoint(const char *name)
{
	const struct btf *btf = btf_kernel();
	const struct btf_type *t;
	char text[160];
	int id;

	if (!btf || (size_t)snprintf(text, sizeof(text), "btf_trace_%s", name) >= sizeof(text))
		return 0;
	id = btf__find_by_name_kind(btf, text, BTF_KIND_TYPEDEF);
	t = id > 0 ? btf__type_by_id(btf, id) : NULL;
	t = t ? btf__type_by_id(btf, t->type) : NULL;
	if (!t || !btf_is_ptr(t) || !btf_is_func_proto(btf__type_by_id(btf, t->type)))
		return 0;
	return t->type;
}

const struct btf *btf_kernel_module(const char *name)
{
	struct btf *base = (struct btf *)btf_kernel();

	if (!base || !*name || strlen(name) >= MODULE_NAME || strchr(name, '/') || name[0] == '.')
		return NULL;
	if (kernel.module && !strcmp(kernel.module_name, name))
		return kernel.module;
	btf__free(kernel.module);
	snprintf(kernel.module_name, sizeof(kernel.module_name), "%s", name);
	kernel.module = btf__load_module_btf(name, base);
	return kernel.module;
}

void btf_kernel_release(void)
{
	btf__free(kernel.module);
	btf__free(kernel.btf);
	free(kernel.functions);
	memset(&kernel, 0, sizeof(kernel));
}
