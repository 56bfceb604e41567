/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A plan with one of everything, laid out as a struct so that tests can reach each field. */
#ifndef TELOVIX_SAMPLE_H
#define TELOVIX_SAMPLE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "events.h"
#include "plan.h"

#define SAMPLE_HOOKS 8
#define SAMPLE_FILTERS 27 /* one per kind */
#define SAMPLE_ACTIONS 12
#define SAMPLE_CODE 12

struct sample {
	struct tx_plan_header h;
	struct tx_plan_policy policy;
	struct tx_plan_hook hooks[SAMPLE_HOOKS];
	struct tx_plan_arg args[4];
	struct tx_plan_selector selectors[2];
	struct tx_plan_filter filters[SAMPLE_FILTERS];
	struct tx_plan_value values[SAMPLE_FILTERS + 1];
	struct tx_plan_action actions[SAMPLE_ACTIONS];
	struct tx_plan_code code[SAMPLE_CODE];
	char text[1024];
};

static inline uint32_t sample_crc(const void *bytes, size_t len)
{
	static uint32_t table[256];
	const unsigned char *at = bytes;
	uint32_t crc = ~0U;

	for (uint32_t i = 0; !table[255] && i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] & 1 ? table[i] >> 1 ^ 0x82f63b78 : table[i] >> 1;
	}
	while (len--)
		crc = table[(crc ^ *at++) & 255] ^ crc >> 8;
	return ~crc;
}

/* Makes size and checksum right again. */
static inline void sample_seal(void *bytes, size_t size)
{
	struct tx_plan_header *h = bytes;

	h->size = size;
	h->crc = sample_crc((char *)bytes + sizeof(*h), size - sizeof(*h));
}

static inline struct tx_plan_text sample_bytes(struct sample *s, const void *bytes, uint32_t len)
{
	uint32_t at = s->h.section[TX_PLAN_TEXT].count;

	if (!len)
		return (struct tx_plan_text){ 0, 0 };
	memcpy(s->text + at, bytes, len);
	s->h.section[TX_PLAN_TEXT].count += len;
	return (struct tx_plan_text){ at, len };
}

static inline struct tx_plan_text sample_text(struct sample *s, const char *text)
{
	return sample_bytes(s, text, strlen(text));
}

static inline void sample_header(struct sample *s)
{
	static const struct {
		uint32_t offset, count;
	} at[TX_PLAN_SECTIONS] = {
		{ offsetof(struct sample, policy), 1 },
		{ offsetof(struct sample, hooks), SAMPLE_HOOKS },
		{ offsetof(struct sample, args), 4 },
		{ offsetof(struct sample, selectors), 2 },
		{ offsetof(struct sample, filters), SAMPLE_FILTERS },
		{ offsetof(struct sample, values), SAMPLE_FILTERS + 1 },
		{ offsetof(struct sample, actions), SAMPLE_ACTIONS },
		{ offsetof(struct sample, code), SAMPLE_CODE },
		{ offsetof(struct sample, text), 0 },
	};

	memcpy(s->h.magic, TX_PLAN_MAGIC, sizeof(s->h.magic));
	s->h.version = TX_PLAN_VERSION;
	memcpy(s->h.section, at, sizeof(at));
}

static inline void sample_hooks(struct sample *s)
{
	static const struct {
		uint32_t kind, flags;
		const char *call, *group, *path;
	} rows[SAMPLE_HOOKS] = {
		{ TX_HOOK_KPROBE, TX_HOOK_F_SYSCALL | TX_HOOK_F_RETURN, "sys_openat", "", "" },
		{ TX_HOOK_FENTRY, TX_HOOK_F_GENERATED_FTRACE, "^tcp_.*$", "", "" },
		{ TX_HOOK_LSM, 0, "file_open", "", "" },
		{ TX_HOOK_TRACEPOINT, 0, "sys_enter", "raw_syscalls", "" },
		{ TX_HOOK_RAW_TRACEPOINT, 0, "sched_process_exec", "sched", "" },
		{ TX_HOOK_UPROBE, TX_HOOK_F_OFFSET | TX_HOOK_F_URETPROBE, "readline", "",
		  "/bin/bash" },
		{ TX_HOOK_USDT, 0, "setjmp", "libc", "/lib/libc.so.6" },
		{ TX_HOOK_KPROBE, TX_HOOK_F_SYSCALL | TX_HOOK_F_GENERATED_SYSCALLS, "", "", "" },
	};

	for (int i = 0; i < SAMPLE_HOOKS; i++) {
		struct tx_plan_hook *h = &s->hooks[i];

		h->kind = rows[i].kind;
		h->flags = rows[i].flags;
		h->call = sample_text(s, rows[i].call);
		h->group = sample_text(s, rows[i].group);
		h->path = sample_text(s, rows[i].path);
		h->return_arg = TX_PLAN_NONE;
		h->line = i + 1;
	}
	s->hooks[0].args = (struct tx_plan_range){ 0, 3 };
	s->hooks[0].selectors = (struct tx_plan_range){ 0, 2 };
	s->hooks[0].return_arg = 3;
	s->hooks[0].return_action = TX_ACTION_TRACK_SOCK;
	s->hooks[0].message = sample_text(s, "read\ttwice");
	s->hooks[0].tags = sample_text(s, "[\"a\", \"b \\u00e9\\\"\"]");
	s->hooks[5].btf = sample_text(s, "/usr/lib/debug/bash.btf");
	s->hooks[5].digest = sample_text(s, "sha256:00\nbuild-id:ff");
	s->hooks[5].offset = 16;
}

static inline void sample_args(struct sample *s)
{
	s->args[0] = (struct tx_plan_arg){ .type = TX_ARG_FILE, .size_index = TX_PLAN_NONE };
	s->args[1] = (struct tx_plan_arg){ .type = TX_ARG_CHAR_BUF,
					   .index = 1,
					   .flags = TX_ARG_F_MAX_DATA,
					   .size_index = 2,
					   .max_data = 327360 };
	s->args[2] = (struct tx_plan_arg){ .type = TX_ARG_STRING,
					   .source = TX_SOURCE_CURRENT_TASK,
					   .flags = TX_ARG_F_DATA,
					   .size_index = TX_PLAN_NONE };
	s->args[2].resolve = sample_text(s, "mm.owner[2].comm");
	s->args[2].btf_type = sample_text(s, "task_struct");
	s->args[2].btf_module = sample_text(s, "vmlinux");
	s->args[2].label = sample_text(s, "grand parent");
	s->args[3] = (struct tx_plan_arg){ .type = TX_ARG_INT,
					   .source = TX_SOURCE_RETURN,
					   .size_index = TX_PLAN_NONE };
}

/* Value i is of filter i; the last one is a second value of the first. */
static inline void sample_values(struct sample *s)
{
	struct tx_plan_value *v[SAMPLE_FILTERS + TX_FILTER_INT_EQUAL]; /* by kind */

	for (int i = 0; i < SAMPLE_FILTERS; i++)
		v[TX_FILTER_INT_EQUAL + i] = &s->values[i];
	for (int kind = TX_FILTER_STR_EQUAL; kind <= TX_FILTER_STR_SUBSTRING_NOCASE; kind++)
		v[kind]->text = sample_bytes(s, "a\0b", 3);
	for (int kind = TX_FILTER_BINARY_EQUAL; kind <= TX_FILTER_BINARY_POSTFIX; kind++)
		v[kind]->text = sample_text(s, "/usr/bin/x");
	v[TX_FILTER_INT_EQUAL]->text = sample_text(s, "i386/sys_dup");
	v[TX_FILTER_INT_RANGE]->a = -1;
	v[TX_FILTER_INT_RANGE]->b = 5;
	v[TX_FILTER_SADDR]->text = sample_bytes(s, "\x0a\0\0\0", 4);
	v[TX_FILTER_SADDR]->a = 8;
	v[TX_FILTER_DADDR]->text = sample_bytes(s, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	v[TX_FILTER_DADDR]->a = 10;
	v[TX_FILTER_SPORT]->b = 65535;
	v[TX_FILTER_DPORT]->a = v[TX_FILTER_DPORT]->b = 53;
	v[TX_FILTER_FILE_TYPE]->a = 0100000;
	v[TX_FILTER_NAMESPACE]->b = 1;
	v[TX_FILTER_NAMESPACE_CHANGE]->a = TX_NS_USER;
	v[TX_FILTER_WORKLOAD]->text = sample_text(s, "{\"podSelector\":{\"a\":[1,true,{}]}}");
}

static inline void sample_filters(struct sample *s)
{
	static const struct tx_plan_code code[SAMPLE_CODE] = {
		{ .op = TX_CODE_ARG, .arg = 1 },
		{ .op = TX_CODE_INT32 },
		{ .op = TX_CODE_CONST, .value = 7 },
		{ .op = TX_CODE_LT_S },
		{ .op = TX_CODE_ARG, .arg = 0 },
		{ .op = TX_CODE_NOT },
		{ .op = TX_CODE_CONST },
		{ .op = TX_CODE_NE },
		{ .op = TX_CODE_LOGIC_AND },
		{ .op = TX_CODE_LOGIC_NOT },
		{ .op = TX_CODE_CONST },
		{ .op = TX_CODE_LOGIC_OR },
	};

	for (int i = 0; i < SAMPLE_FILTERS; i++) {
		s->filters[i].kind = TX_FILTER_INT_EQUAL + i;
		s->filters[i].values = (struct tx_plan_range){ i, 1 };
		if (s->filters[i].kind <= TX_FILTER_CAPS_GAINED)
			s->filters[i].arg = i % 3;
	}
	s->filters[TX_FILTER_EXPRESSION - 1].values = (struct tx_plan_range){ 0, 0 };
	s->filters[TX_FILTER_EXPRESSION - 1].code = (struct tx_plan_range){ 0, SAMPLE_CODE };
	s->filters[SAMPLE_FILTERS - 1].flags = TX_FILTER_F_NOT;
	memcpy(s->code, code, sizeof(code));
}

static inline void sample_actions(struct sample *s)
{
	for (int i = 0; i < SAMPLE_ACTIONS; i++)
		s->actions[i].kind = TX_ACTION_POST + i;
	s->actions[0].flags = TX_ACTION_F_KERNEL_STACK | TX_ACTION_F_USER_STACK;
	s->actions[0].interval_ns = 1000000000;
	s->actions[TX_ACTION_SIGNAL - 1].signal = 10;
	s->actions[TX_ACTION_OVERRIDE - 1].error = -1;
	s->actions[TX_ACTION_NOTIFY_ENFORCER - 1].arg = 255;
	s->actions[TX_ACTION_GET_URL - 1].text = sample_text(s, "http://127.0.0.1/x");
	s->actions[TX_ACTION_DNS_LOOKUP - 1].text = sample_text(s, "canary.example");
	s->actions[TX_ACTION_SET - 1].arg = 2;
	s->selectors[0].filters = (struct tx_plan_range){ 0, SAMPLE_FILTERS };
	s->selectors[0].actions = (struct tx_plan_range){ 0, SAMPLE_ACTIONS };
	s->selectors[0].label = sample_text(s, "first");
	s->selectors[1].return_filters = (struct tx_plan_range){ 0, 1 };
	s->selectors[1].return_actions = (struct tx_plan_range){ 0, 1 };
}

static inline void sample_make(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	sample_header(s);
	s->policy.name = sample_text(s, "the-policy");
	s->policy.namespace = sample_text(s, "default");
	s->policy.workload = sample_text(s, "{\"hostSelector\":{}}");
	s->policy.mode = TX_MODE_MONITOR;
	s->policy.flags = TX_PLAN_F_NAMESPACED | TX_PLAN_F_WORKLOAD;
	sample_hooks(s);
	sample_args(s);
	sample_values(s);
	sample_filters(s);
	sample_actions(s);
	s->h.section[TX_PLAN_TEXT].count = sizeof(s->text);
	sample_seal(s, sizeof(*s));
}

#endif
