// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Ways through types, on types made by hand. */
#include <bpf/btf.h>

#include "btf_path.h"
#include "facts_lsm.h"
#include "resolve_fit.h"
#include "unit.h"

static struct btf *btf;
static int t_int, t_char, t_ulong, t_task, t_task_ptr, t_path, t_array_of_ptr, t_proto_a, t_proto_b;
static struct tx_arg_row row;
static struct shape end;
static char why[128];

/*
 * struct path { void *mnt, *dentry; };
 * struct mm { struct task *owner; };
 * struct task {
 *	int pid;                      0
 *	struct mm *mm;                8
 *	union { long a; struct { int b, c; }; };  16
 *	char comm[16];                24
 *	struct path root;             40
 *	unsigned flags:3, rest:29;    56
 *	char *names[4];               64
 *	struct path grid[2];          96
 *	const volatile u64 start;     128
 *	struct nowhere *far;          136
 * };
 */
static void make(void)
{
	int t_void_ptr, t_long, t_mm, t_mm_ptr, t_inner, t_union, t_comm, t_uint, t_char_ptr,
		t_names, t_grid, t_u64, t_const, t_volatile, t_fwd_ptr;

	btf = btf__new_empty();
	t_int = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	t_char = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	t_long = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);
	t_ulong = btf__add_int(btf, "unsigned long", 8, 0);
	t_uint = btf__add_int(btf, "unsigned int", 4, 0);
	t_void_ptr = btf__add_ptr(btf, 0);
	t_char_ptr = btf__add_ptr(btf, t_char);
	t_path = btf__add_struct(btf, "path", 16);
	btf__add_field(btf, "mnt", t_void_ptr, 0, 0);
	btf__add_field(btf, "dentry", t_void_ptr, 64, 0);
	t_mm = btf__add_struct(btf, "mm", 8);
	t_mm_ptr = btf__add_ptr(btf, t_mm);
	/* owner follows below: its type is not known yet */
	t_inner = btf__add_struct(btf, NULL, 8);
	btf__add_field(btf, "b", t_int, 0, 0);
	btf__add_field(btf, "c", t_int, 32, 0);
	t_union = btf__add_union(btf, NULL, 8);
	btf__add_field(btf, "a", t_long, 0, 0);
	btf__add_field(btf, NULL, t_inner, 0, 0);
	t_comm = btf__add_array(btf, t_int, t_char, 16);
	t_names = btf__add_array(btf, t_int, t_char_ptr, 4);
	t_grid = btf__add_array(btf, t_int, t_path, 2);
	t_u64 = btf__add_typedef(btf, "u64", t_ulong);
	t_const = btf__add_const(btf, t_u64);
	t_volatile = btf__add_volatile(btf, t_const);
	t_fwd_ptr = btf__add_ptr(btf, btf__add_fwd(btf, "nowhere", BTF_FWD_STRUCT));
	t_task = btf__add_struct(btf, "task", 144);
	btf__add_field(btf, "pid", t_int, 0, 0);
	btf__add_field(btf, "mm", t_mm_ptr, 64, 0);
	btf__add_field(btf, NULL, t_union, 128, 0);
	btf__add_field(btf, "comm", t_comm, 192, 0);
	btf__add_field(btf, "root", t_path, 320, 0);
	btf__add_field(btf, "flags", t_uint, 448, 3);
	btf__add_field(btf, "rest", t_uint, 451, 29);
	btf__add_field(btf, "names", t_names, 512, 0);
	btf__add_field(btf, "grid", t_grid, 768, 0);
	btf__add_field(btf, "start", t_volatile, 1024, 0);
	btf__add_field(btf, "far", t_fwd_ptr, 1088, 0);
	t_task_ptr = btf__add_ptr(btf, t_task);
	/* A second mm, whose owner points back: the first one stays without members. */
	t_mm = btf__add_struct(btf, "mm_full", 16);
	btf__add_field(btf, "owner", t_task_ptr, 0, 0);
	btf__add_field(btf, "self", t_mm + 1, 64, 0);
	btf__add_ptr(btf, t_mm);
	t_array_of_ptr = btf__add_ptr(btf, t_char_ptr);
	t_proto_a = btf__add_func_proto(btf, t_int);
	btf__add_func_param(btf, "dentry", t_task_ptr);
	btf__add_func_param(btf, "flags", t_uint);
	t_proto_b = btf__add_func_proto(btf, t_int);
	btf__add_func_param(btf, "ns", t_mm_ptr);
	btf__add_func_param(btf, "dentry", t_task_ptr);
	btf__add_func_param(btf, "mode", t_uint);
}

static int follow(int type, const char *text)
{
	memset(&row, 0, sizeof(row));
	why[0] = 0;
	return btf_path(btf, type, text, &row, &end, why, sizeof(why));
}

static void ways(void)
{
	CHECK(!follow(t_task_ptr, "pid"));
	CHECK(row.steps == 1 && row.step[0].offset == 0 && !row.step[0].deref);
	CHECK(row.width == 4 && row.is_signed && (row.flags & TX_ARGROW_ADDRESS));
	CHECK(!follow(t_task_ptr, "start"));
	CHECK(row.step[0].offset == 128 && row.width == 8 && !row.is_signed);
	CHECK(!follow(t_task_ptr, "mm"));
	CHECK(row.steps == 1 && row.step[0].offset == 8 && row.step[0].deref);
	CHECK(!(row.flags & TX_ARGROW_ADDRESS) && end.kind == SHAPE_POINTER);
	CHECK_TEXT(end.words, "struct mm *");
	CHECK(!follow(t_task_ptr, "c"));
	CHECK(row.step[0].offset == 20 && row.width == 4);
	CHECK(!follow(t_task_ptr, "a"));
	CHECK(row.step[0].offset == 16 && row.width == 8);
	CHECK(!follow(t_task_ptr, "comm"));
	CHECK(end.kind == SHAPE_ARRAY && end.count == 16 && end.type == TX_ARG_STRING);
	CHECK((row.flags & TX_ARGROW_ADDRESS) && row.step[0].offset == 24);
	CHECK(!follow(t_task_ptr, "root"));
	CHECK(end.kind == SHAPE_OBJECT && end.type == TX_ARG_PATH && row.step[0].offset == 40);
	CHECK(!follow(t_task_ptr, "root.dentry"));
	CHECK(row.steps == 1 && row.step[0].offset == 48 && row.step[0].deref);
	CHECK(!follow(t_task_ptr, "names[2]"));
	CHECK(row.steps == 1 && row.step[0].offset == 80 && end.type == TX_ARG_STRING);
	CHECK(!follow(t_task_ptr, "names[2][1]"));
	CHECK(row.steps == 2 && row.step[0].deref && row.step[1].offset == 1 && row.width == 1);
	CHECK(!follow(t_task_ptr, "grid[1].dentry"));
	CHECK(row.step[0].offset == 120);
	CHECK(!follow(t_array_of_ptr, "[3]"));
	CHECK(row.steps == 1 && row.step[0].offset == 24 && end.type == TX_ARG_STRING);
	CHECK(!follow(t_task_ptr, ""));
	CHECK(row.steps == 0 && end.kind == SHAPE_POINTER);
}

static void no_ways(void)
{
	CHECK(follow(t_task_ptr, "nothing"));
	CHECK_TEXT(why, "task has no member nothing");
	CHECK(follow(t_task_ptr, "flags"));
	CHECK_TEXT(why, "flags is a bit field, which cannot be read");
	CHECK(follow(t_task_ptr, "far.x"));
	CHECK(follow(t_task_ptr, "pid.x"));
	CHECK(follow(t_task_ptr, "grid[2]"));
	CHECK_TEXT(why, "[2]: the array has 2 elements");
	CHECK(follow(t_task_ptr, "pid[0]"));
	CHECK(follow(t_task_ptr, "names["));
	CHECK(follow(t_task_ptr, "names[x]"));
	CHECK(follow(t_task_ptr, "names[99999999999]"));
	CHECK(follow(t_task_ptr, ".."));
	CHECK(follow(t_task_ptr, "mm..owner"));
	CHECK(follow(t_task_ptr, "mm->owner"));
	CHECK(follow(t_int, "x"));
	CHECK_TEXT(why, "the argument is int, not a pointer to follow");
	CHECK(follow(btf__find_by_name(btf, "u64"), "x"));
}

/* self.self.self…: as many pointers as there are steps, and no more. */
static void depth(void)
{
	uint32_t mm = btf_path_type(btf, "struct mm_full *");
	char text[512] = "self";

	CHECK(mm > 0);
	for (int i = 1; i < TX_RESOLVE_STEPS; i++)
		strcat(text, ".self");
	memset(&row, 0, sizeof(row));
	CHECK(!btf_path_from(btf, mm, text, &row, &end, why, sizeof(why)));
	CHECK(row.steps == TX_RESOLVE_STEPS);
	strcat(text, ".self");
	memset(&row, 0, sizeof(row));
	CHECK(btf_path_from(btf, mm, text, &row, &end, why, sizeof(why)));
	CHECK(row.steps <= TX_RESOLVE_STEPS);
	for (int i = 0; i < 60; i++)
		strcat(text, ".self");
	memset(&row, 0, sizeof(row));
	CHECK(btf_path_from(btf, mm, text, &row, &end, why, sizeof(why)));
	CHECK(btf_path_type(btf, "struct nope") == 0);
	CHECK(btf_path_type(btf, "") == 0);
}

static enum fit fits(uint8_t declared, int type, const char *text)
{
	memset(&row, 0, sizeof(row));
	row.max = 4096;
	CHECK(!btf_path(btf, type, text, &row, &end, why, sizeof(why)));
	return fit_argument(declared, &end, &row, why, sizeof(why));
}

static void declared(void)
{
	CHECK(fits(TX_ARG_AUTO, t_task_ptr, "pid") == FIT_GOOD && row.type == TX_ARG_INT);
	CHECK(fits(TX_ARG_INT64, t_task_ptr, "pid") == FIT_GOOD);
	CHECK(row.type == TX_ARG_INT64 && row.width == 4 && row.is_signed);
	CHECK(fits(TX_ARG_STRING, t_task_ptr, "comm") == FIT_GOOD);
	CHECK(row.max == 16 && row.width == 0 && (row.flags & TX_ARGROW_ADDRESS));
	CHECK(fits(TX_ARG_AUTO, t_task_ptr, "comm") == FIT_GOOD && row.type == TX_ARG_STRING);
	CHECK(fits(TX_ARG_PATH, t_task_ptr, "root") == FIT_GOOD && row.width == 0);
	CHECK(fits(TX_ARG_FILE, t_task_ptr, "root") == FIT_FORCED);
	CHECK_TEXT(why, "declared as file, the kernel says struct path");
	CHECK(fits(TX_ARG_STRING, t_int, "") == FIT_FORCED);
	CHECK_TEXT(why, "declared as string, the kernel says int");
	CHECK(fits(TX_ARG_INT, t_task_ptr, "") == FIT_FORCED);
	CHECK_TEXT(why, "declared as int, the kernel says struct task *");
	CHECK(fits(TX_ARG_UINT64, t_task_ptr, "") == FIT_GOOD && row.width == 8);
	CHECK(fits(TX_ARG_AUTO, t_task_ptr, "") == FIT_FORCED && row.type == TX_ARG_UINT64);
	CHECK(fits(TX_ARG_AUTO, t_task_ptr, "grid") == FIT_NONE && row.type == TX_ARG_NOP);
	CHECK(fits(TX_ARG_UINT32, t_int, "") == FIT_GOOD && row.width == 4 && !row.is_signed);
	CHECK(fits(TX_ARG_UINT64, t_int, "") == FIT_GOOD && row.width == 4 && row.is_signed);
	CHECK(fits(TX_ARG_CHAR_BUF, t_task_ptr, "") == FIT_GOOD);
	CHECK(fits(TX_ARG_FILE, t_task_ptr, "root.mnt") == FIT_GOOD); /* void * */
}

/* struct holder { kernel_cap_t cap; const kernel_cap_t caps[2]; struct { u64 x; } bare; }; */
static void nameless(void)
{
	int t_cap, t_caps, t_bare, t_holder, bits = btf__find_by_name(btf, "u64");
	int t_struct = btf__add_struct(btf, NULL, 8);

	btf__add_field(btf, "val", bits, 0, 0);
	t_cap = btf__add_typedef(btf, "kernel_cap_t", t_struct);
	t_caps = btf__add_array(btf, t_int, btf__add_const(btf, t_cap), 2);
	t_bare = btf__add_struct(btf, NULL, 8);
	btf__add_field(btf, "x", bits, 0, 0);
	t_holder = btf__add_struct(btf, "holder", 32);
	btf__add_field(btf, "cap", t_cap, 0, 0);
	btf__add_field(btf, "caps", t_caps, 64, 0);
	btf__add_field(btf, "bare", t_bare, 192, 0);
	t_holder = btf__add_ptr(btf, t_holder);

	CHECK(fits(TX_ARG_CAP_EFFECTIVE, t_holder, "cap") == FIT_GOOD);
	CHECK(fits(TX_ARG_KERNEL_CAP_T, t_holder, "caps[1]") == FIT_GOOD);
	CHECK(row.step[0].offset == 16 && (row.flags & TX_ARGROW_ADDRESS));
	CHECK(fits(TX_ARG_AUTO, t_holder, "cap") == FIT_GOOD && row.type == TX_ARG_KERNEL_CAP_T);
	CHECK(fits(TX_ARG_FILE, t_holder, "cap") == FIT_FORCED);
	CHECK_TEXT(why, "declared as file, the kernel says kernel_cap_t");
	CHECK(fits(TX_ARG_CAP_PERMITTED, t_holder, "bare") == FIT_FORCED);
	CHECK(fits(TX_ARG_UINT64, t_holder, "cap.val") == FIT_GOOD && row.width == 8);
}

static void hook_arguments(void)
{
	/* A function and its hook, whose arguments stand one further. */
	CHECK(lsm_argument_of(btf, t_proto_a, t_proto_b, 0) == 1);
	CHECK(lsm_argument_of(btf, t_proto_a, t_proto_b, 1) == -1);
	CHECK(lsm_argument_of(btf, t_proto_a, t_proto_b, 2) == -1);
	CHECK(lsm_argument_of(btf, t_proto_b, t_proto_a, 1) == 0);
	CHECK(lsm_argument_of(btf, t_proto_b, t_proto_a, 0) == -1);
	CHECK(lsm_argument_of(btf, 0, t_proto_a, 3) == 3);
}

int main(void)
{
	make();
	ways();
	no_ways();
	depth();
	declared();
	nameless();
	hook_arguments();
	btf__free(btf);
	return unit_end("resolve_btf");
}
