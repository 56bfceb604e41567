// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "btf_shape.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>

#include "plan.h"

#define CHAIN_MAX 32 /* modifiers and typedefs in a row; more is damage */

static const struct object_type {
	const char *name;
	uint8_t type;
} object_types[] = {
	{ "file", TX_ARG_FILE },
	{ "path", TX_ARG_PATH },
	{ "dentry", TX_ARG_DENTRY },
	{ "kiocb", TX_ARG_KIOCB },
	{ "iov_iter", TX_ARG_IOV_ITER },
	{ "linux_binprm", TX_ARG_LINUX_BINPRM },
	{ "sk_buff", TX_ARG_SKB },
	{ "sock", TX_ARG_SOCK },
	{ "socket", TX_ARG_SOCKET },
	{ "sockaddr", TX_ARG_SOCKADDR },
	{ "sockaddr_unsized", TX_ARG_SOCKADDR }, /* 6.19's name of it */
	{ "sockaddr_un", TX_ARG_SOCKADDR_UN },
	{ "net_device", TX_ARG_NET_DEVICE },
	{ "cred", TX_ARG_CRED },
	{ "user_namespace", TX_ARG_USER_NAMESPACE },
	{ "kernel_cap_t", TX_ARG_KERNEL_CAP_T },
	{ "kernel_cap_struct", TX_ARG_KERNEL_CAP_T },
	{ "bpf_attr", TX_ARG_BPF_ATTR },
	{ "bpf_map", TX_ARG_BPF_MAP },
	{ "bpf_prog", TX_ARG_BPF_PROG },
	{ "perf_event", TX_ARG_PERF_EVENT },
	{ "load_info", TX_ARG_LOAD_INFO },
	{ "module", TX_ARG_MODULE },
	{ "filename", TX_ARG_FILENAME },
};

uint8_t shape_object_type(const char *name)
{
	for (size_t i = 0; i < sizeof(object_types) / sizeof(object_types[0]); i++)
		if (!strcmp(object_types[i].name, name))
			return object_types[i].type;
	return TX_ARG_AUTO;
}

const char *shape_declared_object(uint8_t type)
{
	for (size_t i = 0; i < sizeof(object_types) / sizeof(object_types[0]); i++)
		if (object_types[i].type == type)
			return object_types[i].name;
	return NULL;
}

const char *shape_declared_name(uint8_t type)
{
	static const char *const names[TX_ARG_TYPES] = {
		[TX_ARG_NOP] = "nop",
		[TX_ARG_AUTO] = "auto",
		[TX_ARG_INT] = "int",
		[TX_ARG_INT8] = "int8",
		[TX_ARG_UINT8] = "uint8",
		[TX_ARG_INT16] = "int16",
		[TX_ARG_UINT16] = "uint16",
		[TX_ARG_UINT32] = "uint32",
		[TX_ARG_INT32] = "int32",
		[TX_ARG_UINT64] = "uint64",
		[TX_ARG_INT64] = "int64",
		[TX_ARG_SIZE] = "size_t",
		[TX_ARG_CHAR_BUF] = "char_buf",
		[TX_ARG_CHAR_IOVEC] = "char_iovec",
		[TX_ARG_CONST_BUF] = "const_buf",
		[TX_ARG_STRING] = "string",
		[TX_ARG_FD] = "fd",
		[TX_ARG_SKB] = "skb",
		[TX_ARG_CAPABILITY] = "capability",
		[TX_ARG_CAP_INHERITABLE] = "cap_inheritable",
		[TX_ARG_CAP_PERMITTED] = "cap_permitted",
		[TX_ARG_CAP_EFFECTIVE] = "cap_effective",
		[TX_ARG_BPF_CMD] = "bpf_cmd",
		[TX_ARG_SYSCALL64] = "syscall64",
		[TX_ARG_DATA_LOC] = "data_loc",
	};
	const char *object;

	if (type >= TX_ARG_TYPES)
		return "?";
	object = shape_declared_object(type);
	return names[type] ? names[type] : object ? object : "?";
}

uint8_t shape_declared_width(uint8_t type, bool *is_signed)
{
	static const struct {
		uint8_t width;
		bool is_signed;
	} integers[TX_ARG_TYPES] = {
		[TX_ARG_INT] = { 4, true },     [TX_ARG_INT8] = { 1, true },
		[TX_ARG_UINT8] = { 1, false },  [TX_ARG_INT16] = { 2, true },
		[TX_ARG_UINT16] = { 2, false }, [TX_ARG_UINT32] = { 4, false },
		[TX_ARG_INT32] = { 4, true },   [TX_ARG_UINT64] = { 8, false },
		[TX_ARG_INT64] = { 8, true },   [TX_ARG_SIZE] = { 8, false },
		[TX_ARG_FD] = { 4, true },      [TX_ARG_CAPABILITY] = { 4, true },
		[TX_ARG_BPF_CMD] = { 4, true }, [TX_ARG_SYSCALL64] = { 8, false },
	};

	if (type >= TX_ARG_TYPES)
		return 0;
	*is_signed = integers[type].is_signed;
	return integers[type].width;
}

static uint8_t integer_type(uint8_t width, bool is_signed)
{
	switch (width) {
	case 1:
		return is_signed ? TX_ARG_INT8 : TX_ARG_UINT8;
	case 2:
		return is_signed ? TX_ARG_INT16 : TX_ARG_UINT16;
	case 4:
		return is_signed ? TX_ARG_INT : TX_ARG_UINT32;
	case 8:
		return is_signed ? TX_ARG_INT64 : TX_ARG_UINT64;
	default:
		return TX_ARG_AUTO;
	}
}

/* What is behind const, volatile, tags and typedefs; name gets the outermost name on the way. */
static const struct btf_type *strip(const struct btf *btf, uint32_t id, char *name, bool *user)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (int i = 0; t && i < CHAIN_MAX; i++) {
		const char *own = btf__name_by_offset(btf, t->name_off);

		if (btf_is_type_tag(t)) {
			if (user && own && !strcmp(own, "user"))
				*user = true;
		} else if (!name[0] && own) {
			snprintf(name, SHAPE_TEXT, "%s", own);
		}
		if (!btf_is_mod(t) && !btf_is_typedef(t) && !btf_is_type_tag(t))
			return t;
		t = btf__type_by_id(btf, t->type);
	}
	return NULL;
}

static void describe_integer(const struct btf_type *t, struct shape *s)
{
	s->kind = SHAPE_INTEGER;
	s->width = t->size;
	s->is_signed = btf_is_int(t) ? btf_int_encoding(t) & BTF_INT_SIGNED : true;
	if (btf_is_any_enum(t)) /* the flag says that there are negative values, or 64-bit ones */
		s->is_signed = btf_is_enum(t) || btf_kflag(t);
	s->type = !strcmp(s->of, "size_t")    ? TX_ARG_SIZE
		  : !strcmp(s->of, "bpf_cmd") ? TX_ARG_BPF_CMD
					      : integer_type(s->width, s->is_signed);
	snprintf(s->words, sizeof(s->words), "%s%.58s", btf_is_any_enum(t) ? "enum " : "",
		 s->of[0] ? s->of : "int");
}

/* Of a pointer or an array: what the thing at its end is called. */
static void describe_target(const struct btf_type *t, struct shape *s)
{
	bool composite = t && btf_is_composite(t);

	if (!t || btf_kind(t) == BTF_KIND_UNKN)
		snprintf(s->of, sizeof(s->of), "void");
	else if (btf_is_ptr(t))
		snprintf(s->of, sizeof(s->of), "*");
	else if (btf_is_func_proto(t))
		snprintf(s->of, sizeof(s->of), "()");
	snprintf(s->words, sizeof(s->words), "%s%.52s",
		 !composite || !strcmp(s->of, "kernel_cap_t") ? ""
		 : btf_is_union(t)                            ? "union "
							      : "struct ",
		 s->of[0] ? s->of : "?");
}

static void describe_pointer(const struct btf *btf, const struct btf_type *t, struct shape *s)
{
	const struct btf_type *target;

	s->kind = SHAPE_POINTER;
	s->of[0] = 0;
	target = strip(btf, t->type, s->of, &s->user);
	describe_target(target, s);
	strcat(s->words, " *");
	s->type = shape_object_type(s->of);
	if (target && btf_is_composite(target) && s->type == TX_ARG_AUTO) {
		/* A typedef may hide it. */
		const char *own = btf__name_by_offset(btf, target->name_off);

		s->type = shape_object_type(own ? own : "");
	} else if (target && btf_is_int(target) && target->size == 1 && !strcmp(s->of, "char")) {
		s->type = TX_ARG_STRING;
	}
}

static void describe_array(const struct btf *btf, const struct btf_type *t, struct shape *s)
{
	const struct btf_array *array = btf_array(t);
	const struct btf_type *element;

	s->kind = SHAPE_ARRAY;
	s->of[0] = 0;
	s->count = array->nelems;
	element = strip(btf, array->type, s->of, NULL);
	describe_target(element, s);
	strcat(s->words, " []");
	if (element && (btf_is_int(element) || btf_is_any_enum(element)))
		s->width = element->size;
	s->type = s->width == 1 && strstr(s->of, "char") ? TX_ARG_STRING : TX_ARG_AUTO;
}

void shape_from_btf(const struct btf *btf, uint32_t type_id, struct shape *s)
{
	const struct btf_type *t;

	memset(s, 0, sizeof(*s));
	s->type = TX_ARG_AUTO;
	t = strip(btf, type_id, s->of, NULL);
	if (!t || !type_id) {
		snprintf(s->words, sizeof(s->words), "void");
		return;
	}
	if (btf_is_int(t) || btf_is_any_enum(t)) {
		describe_integer(t, s);
	} else if (btf_is_ptr(t)) {
		describe_pointer(btf, t, s);
	} else if (btf_is_array(t)) {
		describe_array(btf, t, s);
	} else if (btf_is_composite(t)) {
		s->kind = SHAPE_OBJECT;
		s->type = shape_object_type(s->of);
		describe_target(t, s);
	}
}
