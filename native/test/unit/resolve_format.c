// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Formats of tracepoints, as kernels write them. */
#include "resolve_format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan.h"
#include "unit.h"

#define COMMON                                                                         \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"         \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"         \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static struct format f;

/* One common field more, as real-time kernels have it: the numbers of the others stay. */
static void of_a_real_time_kernel(void)
{
	CHECK(!format_parse("name: sys_enter\nID: 351\nformat:\n" COMMON
			    "\tfield:unsigned char common_preempt_lazy_count;\toffset:8;"
			    "\tsize:1;\tsigned:0;\n\n"
			    "\tfield:long id;\toffset:16;\tsize:8;\tsigned:1;\n",
			    &f));
	CHECK(f.count == 5 && f.field[4].offset == 16);
	CHECK_TEXT(f.field[4].name, "id");
}

static void a_system_call(void)
{
	CHECK(!format_parse("name: sys_enter_openat\nID: 782\nformat:\n" COMMON
			    "\tfield:int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;\n"
			    "\tfield:int dfd;\toffset:16;\tsize:8;\tsigned:0;\n"
			    "\tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;\n"
			    "\tfield:umode_t mode;\toffset:40;\tsize:8;\tsigned:0;\n"
			    "\tfield:struct sockaddr * a;\toffset:48;\tsize:8;\tsigned:0;\n"
			    "\tfield:size_t count;\toffset:56;\tsize:8;\tsigned:0;\n"
			    "\nprint fmt: \"dfd: 0x%08lx\", ((unsigned long)(REC->dfd))\n"
			    "\tfield:int not_a_field;\toffset:0;\tsize:4;\tsigned:1;\n",
			    &f));
	CHECK(f.id == 782);
	CHECK(f.count == 10);
	CHECK_TEXT(f.field[5].name, "dfd");
	CHECK(f.field[5].shape.kind == SHAPE_INTEGER && f.field[5].shape.width == 4);
	CHECK(f.field[5].shape.is_signed && f.field[5].shape.type == TX_ARG_INT);
	CHECK(f.field[6].offset == 24 && f.field[6].shape.type == TX_ARG_STRING);
	CHECK_TEXT(f.field[6].shape.words, "char *");
	CHECK(f.field[7].shape.type == TX_ARG_UINT16);
	CHECK(f.field[8].shape.type == TX_ARG_SOCKADDR);
	CHECK(f.field[9].shape.type == TX_ARG_SIZE);
}

static void records(void)
{
	CHECK(!format_parse("ID: 5\nformat:\n" COMMON
			    "\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;\n"
			    "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:0;\n"
			    "\tfield:unsigned long args[6];\toffset:32;\tsize:48;\tsigned:0;\n"
			    "\tfield:void * skbaddr;\toffset:80;\tsize:8;\tsigned:0;\n"
			    "\tfield:bool hit;\toffset:88;\tsize:1;\tsigned:0;\n"
			    "\tfield:__rel_loc u8[] data;\toffset:92;\tsize:4;\tsigned:0;\n"
			    "\tfield:long long left;\toffset:96;\tsize:8;\tsigned:1;\n",
			    &f));
	CHECK(f.count == 11);
	CHECK(f.field[4].shape.kind == SHAPE_LOCATION);
	CHECK_TEXT(f.field[4].name, "filename");
	CHECK(f.field[5].shape.kind == SHAPE_ARRAY && f.field[5].shape.count == 16);
	CHECK(f.field[5].shape.type == TX_ARG_STRING);
	CHECK(f.field[6].shape.count == 6 && f.field[6].shape.width == 8);
	CHECK(f.field[6].shape.type == TX_ARG_CONST_BUF);
	CHECK(f.field[7].shape.kind == SHAPE_POINTER && f.field[7].shape.type == TX_ARG_AUTO);
	CHECK(f.field[8].shape.type == TX_ARG_UINT8);
	CHECK(f.field[9].shape.kind == SHAPE_UNKNOWN);
	CHECK_TEXT(f.field[9].name, "data");
	CHECK(f.field[10].shape.type == TX_ARG_INT64);
}

static void odd_declarations(void)
{
	CHECK(!format_parse(
		"ID: 5\nformat:\n"
		"\tfield:const char __attribute__((btf_type_tag(\"user\"))) * "
		"p;\toffset:8;\tsize:8;\n"
		"\tfield:int (*fn)(void);\toffset:16;\tsize:8;\tsigned:0;\n"
		"\tfield:char ** argv;\toffset:24;\tsize:8;\tsigned:0;\n"
		"\tfield:const volatile struct file *f;\toffset:32;\tsize:8;\tsigned:0;\n",
		&f));
	CHECK(f.count == 4);
	CHECK(f.field[0].shape.user && f.field[0].shape.type == TX_ARG_STRING);
	/* What can't be read keeps its place: policies count fields. */
	CHECK(f.field[1].shape.kind == SHAPE_UNKNOWN);
	CHECK(f.field[2].shape.kind == SHAPE_POINTER && f.field[2].shape.type == TX_ARG_AUTO);
	CHECK(f.field[3].shape.type == TX_ARG_FILE);
}

static void damage(void)
{
	static char many[64 << 10];
	size_t used = sprintf(many, "ID: 1\nformat:\n");

	CHECK(format_parse("", &f) == -EINVAL);
	CHECK(format_parse("ID: 7\n", &f) == -EINVAL);
	CHECK(format_parse("format:\n\tfield:int a;\toffset:0;\tsize:4;\n", &f) == -EINVAL);
	CHECK(!format_parse("ID: 1\nformat:\n\tfield:;\n\tfield:int;\n\tfield:[];\toffset:1;\n",
			    &f));
	CHECK(f.count == 3 && f.field[0].shape.kind == SHAPE_UNKNOWN);
	CHECK(!format_parse("ID: 1\nformat:\n\tfield:int a;\toffset:4000000000;\tsize:4;\n", &f));
	CHECK(f.field[0].offset == 0);
	for (int i = 0; i < 500; i++)
		used += sprintf(many + used, "\tfield:int a%d;\toffset:%d;\tsize:4;\tsigned:1;\n",
				i, 8 + 4 * i);
	CHECK(!format_parse(many, &f));
	CHECK(f.count == FORMAT_FIELDS);
}

/* Every prefix of a good one, and every byte of it turned into another: nothing may break. */
static void noise(void)
{
	static const char good[] = "ID: 9\nformat:\n" COMMON
				   "\tfield:__data_loc char[] n;\toffset:8;\tsize:4;\tsigned:0;\n"
				   "\tfield:char c[16];\toffset:12;\tsize:16;\tsigned:0;\n";
	static const char bytes[] = "[];:*()\n\t 9\x7f\xff";
	char text[sizeof(good)];

	for (size_t i = 0; i < sizeof(good); i++) {
		memcpy(text, good, sizeof(good));
		text[i] = 0;
		format_parse(text, &f);
		CHECK(f.count <= FORMAT_FIELDS);
		for (size_t b = 0; b < sizeof(bytes) - 1; b++) {
			memcpy(text, good, sizeof(good));
			if (i < sizeof(good) - 1)
				text[i] = bytes[b];
			format_parse(text, &f);
			CHECK(f.count <= 8);
		}
	}
}

int main(void)
{
	of_a_real_time_kernel();
	a_system_call();
	records();
	odd_declarations();
	damage();
	noise();
	return unit_end("resolve_format");
}
