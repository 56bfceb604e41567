// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Every field of a plan wrong in turn. */
#include "plans_check.h"

#include "plan_memory.h"

/* One field wrong: refused, and the sentence names it. */
struct damage {
	size_t offset, size;
	uint64_t value;
	const char *says;
};
#define BAD(field, value, says)                                                                    \
	{                                                                                          \
		offsetof(struct sample, field), sizeof(((struct sample *)0)->field), (value), says \
	}
#define OFF 0xfffffff0U /* an offset or index that leads nowhere */
#define F(kind) filters[TX_FILTER_##kind - 1]
#define V(kind) values[TX_FILTER_##kind - 1]
#define A(kind) actions[TX_ACTION_##kind - 1]

static const struct damage headers[] = {
	BAD(h.magic[6], '\n', "does not begin as one"),
	BAD(h.version, 2, "of version 2"),
	BAD(h.version, 0, "of version 0"),
	BAD(h.flags, 1, "unknown flags 0x1"),
	BAD(h.section[TX_PLAN_POLICY].count, 0, "hooks is out of place"),
	BAD(h.section[TX_PLAN_POLICY].count, 2, "policy has 2 records"),
	BAD(h.section[TX_PLAN_POLICY].offset, 88, "policy is out of place"),
	BAD(h.section[TX_PLAN_POLICY].offset, 97, "policy is out of place"),
	BAD(h.section[TX_PLAN_HOOKS].offset, 96, "hooks is out of place"),
	BAD(h.section[TX_PLAN_HOOKS].offset, OFF, "hooks is out of place"),
	BAD(h.section[TX_PLAN_HOOKS].count, 4097, "hooks has 4097 records"),
	BAD(h.section[TX_PLAN_HOOKS].count, 4096, "hooks leaves the file"),
	BAD(h.section[TX_PLAN_HOOKS].count, SAMPLE_HOOKS + 1, "args is out of place"),
	BAD(h.section[TX_PLAN_ARGS].count, 8193, "args has"),
	BAD(h.section[TX_PLAN_SELECTORS].count, 4097, "selectors has"),
	BAD(h.section[TX_PLAN_FILTERS].count, 65537, "filters has"),
	BAD(h.section[TX_PLAN_VALUES].count, 262145, "values has"),
	BAD(h.section[TX_PLAN_ACTIONS].count, 16385, "actions has"),
	BAD(h.section[TX_PLAN_CODE].count, 65537, "code has"),
	BAD(h.section[TX_PLAN_TEXT].count, 1025, "text leaves the file"),
	BAD(h.section[TX_PLAN_TEXT].count, 0xffffffff, "text has"),
	BAD(h.section[TX_PLAN_TEXT].count, 4, "behind its last section"),
	BAD(h.section[TX_PLAN_ARGS].count, 2, "selectors is out of place"),
};

static const struct damage records[] = {
	BAD(policy.name.offset, OFF, "policy.name lies outside"),
	BAD(policy.name.length, 0xffffffff, "policy.name lies outside"),
	BAD(policy.name, 0, "policy.name is empty"),
	BAD(policy.namespace, 0, "policy.namespace is empty"),
	BAD(policy.workload, 0, "policy.workload is empty"),
	BAD(policy.workload.length, 5, "policy.workload is not a text"),
	BAD(policy.mode, 3, "policy.mode is 3"),
	BAD(policy.override_method, 3, "policy.override_method is 3"),
	BAD(policy.flags, 0x40, "policy.flags are 0x40"),
	BAD(policy.pad, 1, "policy.pad"),
	BAD(hooks[0].kind, 0, "hooks[0].kind is 0"),
	BAD(hooks[0].kind, 8, "hooks[0].kind is 8"),
	BAD(hooks[0].flags, TX_HOOK_F_OFFSET, "not of its kind"),
	BAD(hooks[0].flags, 0x1000, "not of its kind"),
	BAD(hooks[2].flags, TX_HOOK_F_LOADER, "not of its kind"),
	BAD(hooks[4].flags, TX_HOOK_F_LOADER, "hooks[4] is a loader's and reads no file"),
	BAD(policy.flags, TX_PLAN_F_LOADER, "say loader and no hook serves it"),
	BAD(hooks[0].flags, TX_HOOK_F_I386, "contradict"),
	BAD(hooks[7].flags, 0x30, "contradict"),
	BAD(hooks[5].flags, TX_HOOK_F_OFFSET | TX_HOOK_F_ADDRESS, "contradict"),
	BAD(hooks[0].call, 0, "hooks[0].call is empty"),
	BAD(hooks[0].call.offset, OFF, "hooks[0].call lies outside"),
	BAD(hooks[3].group, 0, "hooks[3].group is empty"),
	BAD(hooks[5].path, 0, "hooks[5].path is empty"),
	BAD(hooks[5].path.length, 256, "hooks[5].path has 256 bytes, 255"),
	BAD(hooks[6].group, 0, "hooks[6].group is empty"),
	BAD(hooks[5].btf.offset, 1, "hooks[5].btf is not a text"),
	BAD(hooks[5].digest.offset, OFF, "hooks[5].digest lies outside"),
	BAD(hooks[0].message.offset, OFF, "hooks[0].message lies outside"),
	BAD(hooks[0].tags.length, 4, "hooks[0].tags is not a text"),
	BAD(hooks[0].args.first, 0xffffffff, "hooks[0].args are not there"),
	BAD(hooks[0].args.count, 5, "hooks[0].args are not there"),
	BAD(hooks[0].args.count, 4, "have a return value among them"),
	BAD(hooks[0].args.count, 1, "looks at argument 2"),
	BAD(hooks[1].args.first, 1, "hooks[1].args are not there"),
	BAD(hooks[0].selectors.first, 1, "hooks[0].selectors are not there"),
	BAD(hooks[0].selectors.count, 0xffffffff, "hooks[0].selectors are not there"),
	BAD(hooks[0].return_arg, 4, "hooks[0].return_arg is not there"),
	BAD(hooks[0].return_arg, 0, "no return value"),
	BAD(hooks[0].return_arg, TX_PLAN_NONE, "no return value to act on"),
	BAD(hooks[0].return_action, TX_ACTION_SIGKILL, "hooks[0].return_action is 3"),
	BAD(args[0].type, TX_ARG_TYPES, "args[0].type"),
	BAD(args[0].source, 4, "args[0].source"),
	BAD(args[0].flags, 8, "args[0].flags"),
	BAD(args[0].size_index, 255, "args[0].size_index"),
	BAD(args[0].max_data, 1, "args[0].max_data"),
	BAD(args[1].max_data, 0, "args[1].max_data"),
	BAD(args[0].pad, 1, "args[0].pad"),
	BAD(args[2].resolve, 0, "args[2].resolve is empty"),
	BAD(args[2].resolve.length, 3, "args[2].resolve is not a text"),
	BAD(args[2].btf_type.offset, OFF, "args[2].btf_type"),
	BAD(args[2].btf_module.offset, OFF, "args[2].btf_module"),
	BAD(args[2].label.offset, OFF, "args[2].label"),
	BAD(selectors[0].filters.count, 0x10000, "selectors[0].filters are not there"),
	BAD(selectors[0].return_filters.count, 0x10000, "selectors[0].return_filters are"),
	BAD(selectors[0].actions.first, 1, "selectors[0].actions are not there"),
	BAD(selectors[1].return_actions.first, OFF, "selectors[1].return_actions are not"),
	BAD(selectors[0].label.offset, OFF, "selectors[0].label"),
	BAD(filters[0].kind, 0, "filters[0].kind is 0"),
	BAD(filters[0].kind, TX_FILTER_WORKLOAD + 1, "filters[0].kind"),
	BAD(filters[0].flags, 0x20, "filters[0].flags"),
	BAD(filters[0].pad, 1, "filters[0].pad"),
	BAD(filters[0].arg, 8, "filters[0].arg is 8"),
	BAD(filters[0].arg, 3, "looks at argument 3"),
	BAD(filters[0].arg, 255, "before there is one"),
	BAD(filters[0].values.first, 100, "filters[0].values are not there"),
	BAD(filters[0].values.count, 100, "filters[0].values are not there"),
	BAD(filters[0].code.count, 1, "filters[0] has code"),
	BAD(F(CAPS_GAINED).sub, 9, "is 9, a position no hook has"),
	BAD(F(CAPS_GAINED).sub, 4, "looks at argument 4"),
	BAD(F(CAPS_GAINED).values, 0, "has no values"),
	BAD(F(CAPABILITY).values, 0, "has no values"),
	BAD(F(WORKLOAD).values, 0, "has no values"),
	BAD(F(NAMESPACE).sub, TX_NS_COUNT, "no kind of namespace"),
	BAD(F(CAPABILITY).sub, 3, "no set of capabilities"),
	BAD(F(CAPABILITY_CHANGE).sub, 3, "no set of capabilities"),
	BAD(F(EXPRESSION).code.count, 0, "leaves 0 values"),
	BAD(F(EXPRESSION).code.count, 3, "leaves 2 values"),
	BAD(F(EXPRESSION).code.first, 1, "code is not there"),
	BAD(V(INT_EQUAL).text.offset, OFF, "text outside"),
	BAD(V(INT_EQUAL).text.length, 200, "values[0].text has 200 bytes"),
	BAD(V(INT_RANGE).b, 0xfffffffffffffff0, "ends before it begins"),
	BAD(V(STR_PREFIX).text, 0, "has no text"),
	BAD(V(STR_SUBSTRING).text.length, 121, "120 are the most"),
	BAD(V(STR_POSTFIX).text.length, 128, "127 are the most"),
	BAD(V(BINARY_EQUAL).text.length, 256, "255 are the most"),
	BAD(V(BINARY_PREFIX).text, 0, "has no text"),
	BAD(V(SADDR).text.length, 5, "no address"),
	BAD(V(SADDR).text, 0, "no address"),
	BAD(V(SADDR).a, 33, "longer than its address"),
	BAD(V(DADDR).a, 129, "longer than its address"),
	BAD(V(SPORT).b, 65536, "no range of ports"),
	BAD(V(DPORT).a, 54, "no range of ports"),
	BAD(V(PROTOCOL).a, 65536, "above 65535"),
	BAD(V(FAMILY).a, 65536, "above 65535"),
	BAD(V(STATE).a, 256, "above 255"),
	BAD(V(FILE_TYPE).a, 0, "no file type"),
	BAD(V(FILE_TYPE).a, 0100644, "no file type"),
	BAD(V(PID).a, 1ULL << 32, "no process id"),
	BAD(V(NAMESPACE).a, 1ULL << 32, "no namespace"),
	BAD(V(NAMESPACE).b, 2, "no namespace"),
	BAD(V(NAMESPACE_CHANGE).a, TX_NS_COUNT, "no kind of namespace"),
	BAD(V(WORKLOAD).text, 0, "has no text"),
	BAD(V(WORKLOAD).text.length, 3, "is not a text"),
	BAD(actions[0].kind, 0, "actions[0].kind"),
	BAD(actions[0].kind, 13, "actions[0].kind"),
	BAD(actions[0].flags, 0x10, "actions[0].flags"),
	BAD(actions[0].flags, TX_ACTION_F_REGS, "actions[0].text is empty"),
	BAD(actions[0].scope, 3, "actions[0].scope"),
	BAD(actions[0].error, 4096, "actions[0].error"),
	BAD(actions[0].error, (uint32_t)-4096, "actions[0].error"),
	BAD(actions[0].signal, 65, "actions[0].signal"),
	BAD(A(SIGNAL).signal, 0, "signal is 0"),
	BAD(A(TRACK_SOCK).arg, 8, "a position no hook has"),
	BAD(A(TRACK_SOCK).arg, 3, "looks at argument 3"),
	BAD(A(UNTRACK_SOCK).arg, 255, "before there is one"),
	BAD(A(SET).arg, 254, "a position no hook has"),
	BAD(A(NOTIFY_ENFORCER).arg, 7, "looks at argument 7"),
	BAD(A(GET_URL).text, 0, "text is empty"),
	BAD(A(DNS_LOOKUP).text, 0, "text is empty"),
	BAD(A(GET_URL).flags, TX_ACTION_F_REGS, "is no override"),
	BAD(A(DNS_LOOKUP).text.offset, OFF, "text lies outside"),
	BAD(code[0].op, 0, "code[0].op is 0"),
	BAD(code[0].op, TX_CODE_LOGIC_OR + 1, "code[0].op"),
	BAD(code[0].op, TX_CODE_NOT, "code[0] takes from an empty stack"),
	BAD(code[1].op, TX_CODE_ADD, "code[1] takes from an empty stack"),
	BAD(code[0].arg, 8, "code[0].arg is 8"),
	BAD(code[0].arg, 255, "before there is one"),
	BAD(code[0].pad[5], 1, "code[0].pad"),
};

static void damages(const struct damage *list, size_t count)
{
	struct plan plan;

	for (size_t i = 0; i < count; i++) {
		struct sample s = good;

		memcpy((char *)&s + list[i].offset, &list[i].value, list[i].size);
		sample_seal(&s, sizeof(s));
		if (check(&s, sizeof(s), &plan) != -EINVAL || !strstr(why, list[i].says)) {
			printf("damage %zu at %zu wanted: %s\n", i, list[i].offset, list[i].says);
			CHECK_TEXT(why, "");
			unit_failed = 1;
		}
	}
}

/* Filters on the return value, where there is one and where there is none. */
static void returns(void)
{
	struct sample s = good;
	struct plan plan;

	s.selectors[0].filters = (struct tx_plan_range){ 1, SAMPLE_FILTERS - 1 };
	s.filters[0].arg = PLAN_RETURN;
	s.actions[TX_ACTION_TRACK_SOCK - 1].arg = 0;
	sample_seal(&s, sizeof(s));
	CHECK(!check(&s, sizeof(s), &plan));
	s.hooks[1].selectors = (struct tx_plan_range){ 1, 1 };
	sample_seal(&s, sizeof(s));
	CHECK(check(&s, sizeof(s), &plan) && strstr(why, "return value of hooks[1], which"));
}

int main(void)
{
	memory_open();
	returns();
	damages(headers, sizeof(headers) / sizeof(headers[0]));
	damages(records, sizeof(records) / sizeof(records[0]));
	return unit_end("plan_fields");
}
