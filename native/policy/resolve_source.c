// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Where an argument comes from at the place that was chosen, and what the kernel says it is. */
#include "resolve_source.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "btf_kernel.h"
#include "btf_path.h"
#include "facts_lsm.h"
#include "resolve_format.h"

#define RAW_TP_ARGS 5

bool arg_is_of_call(enum point_backend backend, uint16_t row_flags)
{
	return backend == POINT_SYS_ENTER || backend == POINT_SYS_EXIT ||
	       (row_flags & TX_HOOK_SYSCALL_REGS);
}

static bool is_function(enum point_backend backend)
{
	return backend == POINT_KPROBE || backend == POINT_KRETPROBE || backend == POINT_UPROBE ||
	       backend == POINT_URETPROBE;
}

/* The argument's number at the place, where the policy counts those of something else. */
int arg_place_index(const struct arg_source *s, const struct want *want, unsigned index)
{
	const char *function;

	if (s->at->from_function && s->at->backend == POINT_LSM)
		return s->facts->lsm_argument(s->call, s->at->name, index);
	if (want->hook->kind != TX_HOOK_LSM || s->at->backend == POINT_LSM)
		return index;
	function = lsm_function_of(s->call);
	for (unsigned i = 0; i < REGISTER_ARGS; i++)
		if (s->facts->lsm_argument(function, s->call, i) == (int)index)
			return i;
	return -1;
}

static int fail(struct arg_work *w, const char *why)
{
	snprintf(w->why, sizeof(w->why), "%s", why);
	return -EINVAL;
}

/* The type of parameter index, 0 when it is unknown; -1: there is none. */
static int parameter(const struct arg_source *s, unsigned index)
{
	const struct btf_type *proto = s->proto ? btf__type_by_id(s->btf, s->proto) : NULL;

	if (!proto)
		return 0;
	if (index + s->skip >= btf_vlen(proto))
		return -1;
	return btf_params(proto)[index + s->skip].type;
}

static const struct btf *types_of(struct arg_work *w)
{
	char module[64];

	if (!w->plan->btf_module.length)
		return w->s->btf ? w->s->btf : btf_kernel();
	plan_copy(w->want->plan, w->plan->btf_module, module, sizeof(module));
	return btf_kernel_module(module);
}

/* A value of the type (0: unknown), and the way on from it that the policy describes. */
static int follow(struct arg_work *w, uint32_t type)
{
	const struct btf *btf = w->s->btf;

	if (w->btf_type[0]) {
		btf = types_of(w);
		type = btf ? btf_path_type(btf, w->btf_type) : 0;
		if (!type) {
			snprintf(w->why, sizeof(w->why), "BTF knows no type %.64s", w->btf_type);
			return -EINVAL;
		}
		return btf_path_from(btf, type, w->resolve, w->row, &w->shape, w->why,
				     sizeof(w->why));
	}
	if (!type && w->resolve[0])
		return fail(w, "BTF does not know its type: nothing can be resolved from it");
	if (!type)
		return 0;
	return btf_path(btf, type, w->resolve, w->row, &w->shape, w->why, sizeof(w->why));
}

static int from_task(struct arg_work *w)
{
	const struct btf *btf = btf_kernel();
	uint32_t type = btf ? btf_path_type(btf, "task_struct") : 0;

	w->row->source = TX_SOURCE_CURRENT_TASK;
	w->feature = !type;
	if (!type)
		return fail(w, "no BTF on this kernel to resolve it by");
	return btf_path_from(btf, type, w->resolve, w->row, &w->shape, w->why, sizeof(w->why));
}

static int from_register(struct arg_work *w)
{
	enum point_backend backend = w->s->at->backend;
	bool is_signed;
	uint8_t width;

	w->row->source = TX_SOURCE_PT_REGS;
	if (!is_function(backend) && backend != POINT_USDT && backend != POINT_SYS_ENTER &&
	    backend != POINT_SYS_EXIT)
		return fail(w, "there are no registers to read at this place");
	if (!register_find(w->resolve, &w->row->step[0].offset, &width))
		return fail(w, "no such register on this machine");
	w->row->steps = 1;
	/* What is no number is where the register points to. */
	w->row->step[0].deref =
		w->plan->type != TX_ARG_AUTO && !shape_declared_width(w->plan->type, &is_signed);
	w->shape.kind = w->row->step[0].deref ? SHAPE_UNKNOWN : SHAPE_INTEGER;
	w->shape.width = width;
	w->shape.type = width == 8 ? TX_ARG_UINT64 : TX_ARG_UINT32;
	if (!w->row->step[0].deref)
		w->row->flags |= TX_ARGROW_ADDRESS;
	return 0;
}

static int from_format(struct arg_work *w, unsigned field)
{
	const struct format *format = w->s->format;
	const struct format_field *f;

	if (field >= format->count) {
		snprintf(w->why, sizeof(w->why), "the tracepoint's record has %u fields",
			 format->count);
		return -ERANGE;
	}
	f = &format->field[field];
	w->shape = f->shape;
	w->row->flags |= TX_ARGROW_FIELD;
	w->row->offset = f->offset;
	if (f->offset < FORMAT_HIDDEN)
		return fail(w, "programs cannot see the fields common to all tracepoints");
	if (w->resolve[0])
		return fail(w, "nothing can be resolved from a record; raw: true has the kernel's "
			       "own arguments");
	/* Pointers that a system call was given lead into its caller's memory. */
	w->user = !strcmp(w->want->place.group, "syscalls");
	return 0;
}

static int from_call(struct arg_work *w, unsigned index)
{
	const struct format *format = w->s->format;

	/* Structures of another ABI are laid out otherwise than the kernel's types say. */
	if (w->resolve[0] && (!w->btf_type[0] || w->s->at->compat))
		return fail(w, w->s->at->compat
				       ? "nothing can be resolved in a 32-bit caller's memory"
				       : "what a system call was given is its caller's memory: "
					 "resolve needs a btfType here");
	if (format && FORMAT_CALL_ARGS + index >= format->count) {
		snprintf(w->why, sizeof(w->why), "the call has %u arguments",
			 format->count - FORMAT_CALL_ARGS);
		return -ERANGE;
	}
	if (format)
		w->shape = format->field[FORMAT_CALL_ARGS + index].shape;
	w->user = true;
	return w->resolve[0] ? follow(w, 0) : 0;
}

static int from_probe(struct arg_work *w, unsigned index)
{
	const struct elf_usdt *usdt = w->s->usdt;
	int size;

	w->row->flags |= TX_ARGROW_USDT;
	w->user = true;
	if (index >= (unsigned)usdt->count || index >= 8) {
		snprintf(w->why, sizeof(w->why), "the probe has %d arguments", usdt->count);
		return -ERANGE;
	}
	if (w->resolve[0] && !w->btf_type[0])
		return fail(w, "resolve needs a btfType here");
	size = usdt->size[index];
	w->shape.kind = w->plan->type == TX_ARG_AUTO ? SHAPE_INTEGER : SHAPE_UNKNOWN;
	w->shape.is_signed = size < 0;
	w->shape.width = size < 0 ? -size : size;
	w->shape.type = w->shape.width == 8 ? (size < 0 ? TX_ARG_INT64 : TX_ARG_UINT64)
					    : (size < 0 ? TX_ARG_INT : TX_ARG_UINT32);
	return w->resolve[0] ? follow(w, 0) : 0;
}

static int from_return(struct arg_work *w)
{
	const struct btf_type *proto = w->s->proto ? btf__type_by_id(w->s->btf, w->s->proto) : NULL;

	w->row->source = TX_SOURCE_RETURN;
	if (arg_is_of_call(w->s->at->backend, w->s->at->row_flags)) {
		w->shape.kind = SHAPE_INTEGER;
		w->shape.width = 8;
		w->shape.is_signed = true;
		w->shape.type = TX_ARG_INT64;
		return 0;
	}
	if (proto && !proto->type)
		return fail(w, "the function returns nothing");
	if (w->s->at->backend == POINT_URETPROBE)
		w->user = true;
	return follow(w, proto ? proto->type : 0);
}

static int beyond(struct arg_work *w, int limit)
{
	snprintf(w->why, sizeof(w->why), "at most %d arguments can be read", limit);
	return -E2BIG;
}

static int from_argument(struct arg_work *w)
{
	enum point_backend backend = w->s->at->backend;
	int limit = backend == POINT_RAW_TP ? RAW_TP_ARGS : REGISTER_ARGS;
	int index = arg_place_index(w->s, w->want, w->plan->index), type;

	w->row->source = TX_SOURCE_ARG;
	if (!arg_is_declared(w))
		return -E2BIG;
	if (index < 0)
		return fail(w, "the place it is hooked at is not told this argument");
	w->row->index = index;
	if (backend == POINT_TRACEPOINT)
		return from_format(w, index);
	if (w->want->hook->kind ==
	    TX_HOOK_TRACEPOINT) /* a system call's, served without a record */
		index -= FORMAT_CALL_ARGS;
	if (index < 0) {
		w->row->type = TX_ARG_SYSCALL64;
		w->shape.kind = SHAPE_INTEGER;
		w->shape.width = 8;
		w->shape.type = TX_ARG_SYSCALL64;
		return index == -1 ? 0 : fail(w, "programs cannot see the fields common to all");
	}
	w->row->index = index;
	if (backend == POINT_SYS_EXIT && w->want->hook->kind == TX_HOOK_TRACEPOINT)
		return from_return(w);
	if (arg_is_of_call(backend, w->s->at->row_flags))
		return index < limit ? from_call(w, index) : beyond(w, limit);
	if (backend == POINT_USDT)
		return from_probe(w, index);
	if (backend == POINT_UPROBE || backend == POINT_URETPROBE)
		w->user = true;
	if (index >= limit)
		return beyond(w, limit);
	type = parameter(w->s, index);
	if (type < 0) {
		snprintf(w->why, sizeof(w->why), "the function has %u arguments",
			 btf_vlen(btf__type_by_id(w->s->btf, w->s->proto)) - w->s->skip);
		return -ERANGE;
	}
	return follow(w, type);
}

int arg_locate(struct arg_work *w)
{
	int err;

	switch (w->plan->source) {
	case TX_SOURCE_CURRENT_TASK:
		err = from_task(w);
		break;
	case TX_SOURCE_PT_REGS:
		err = from_register(w);
		break;
	case TX_SOURCE_RETURN:
		err = from_return(w);
		break;
	default:
		err = from_argument(w);
	}
	w->shape.user |= w->user;
	return err;
}
