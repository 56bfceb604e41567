// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "facts_lsm.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>

#include "btf_kernel.h"
#include "btf_shape.h"

/* Functions that are not called as their hooks are. */
static const struct {
	const char *function, *hook;
} names[] = {
	{ "bprm_check", "bprm_check_security" },
	{ "create_user_ns", "userns_create" },
	{ "prepare_creds", "cred_prepare" },
	{ "transfer_creds", "cred_transfer" },
	{ "settime64", "settime" },
	{ "sock_rcv_skb", "socket_sock_rcv_skb" },
	{ "vm_enough_memory_mm", "vm_enough_memory" },
	{ "file_alloc", "file_alloc_security" },
	{ "file_free", "file_free_security" },
	{ "inode_alloc", "inode_alloc_security" },
	{ "inode_free", "inode_free_security" },
	{ "sb_alloc", "sb_alloc_security" },
	{ "sb_free", "sb_free_security" },
	{ "sk_alloc", "sk_alloc_security" },
	{ "sk_free", "sk_free_security" },
	{ "sk_clone", "sk_clone_security" },
	{ "bpf_map_alloc", "bpf_map_alloc_security" },
	{ "bpf_map_free", "bpf_map_free_security" },
	{ "bpf_prog_alloc", "bpf_prog_alloc_security" },
	{ "bpf_prog_free", "bpf_prog_free_security" },
};

/*
 * Hooks that BPF programs may not be attached to, or whose result is no errno; and functions that
 * only look like hooks.
 */
static const char *const unfit[] = {
	"audit_rule_known",    "audit_rule_match",
	"find_cgroup_shim",    "func_proto",
	"get_retval_range",    "getprocattr",
	"getselfattr",         "has_d_inode_locked",
	"hook_returns_errno",  "inode_copy_up_xattr",
	"inode_getsecurity",   "inode_listsecurity",
	"inode_need_killpriv", "inode_xattr_skipcap",
	"is_sleepable_hook",   "is_trusted",
	"ismaclabel",          "key_getsecurity",
	"setprocattr",         "verify_prog",
	"vm_enough_memory",    "xfrm_state_pol_flow_match",
};

const char *lsm_hook_of(const char *function)
{
	if (strncmp(function, "security_", 9))
		return NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].function, function + 9))
			return names[i].hook;
	return function + 9;
}

const char *lsm_function_of(const char *hook)
{
	static char text[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].hook, hook))
			hook = names[i].function;
	snprintf(text, sizeof(text), "security_%s", hook);
	return text;
}

uint32_t facts_lsm_prototype(const char *hook)
{
	char text[160];

	if ((size_t)snprintf(text, sizeof(text), "bpf_lsm_%s", hook) >= sizeof(text))
		return 0;
	return btf_kernel_prototype(text);
}

enum facts_lsm_hook facts_lsm_hook(const char *name)
{
	uint32_t proto = facts_lsm_prototype(name);

	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++)
		if (!strcmp(unfit[i], name))
			return LSM_HOOK_NONE;
	if (!proto)
		return LSM_HOOK_NONE;
	return btf__type_by_id(btf_kernel(), proto)->type ? LSM_HOOK_ERRNO : LSM_HOOK_VOID;
}

static bool same(const struct btf *btf, const struct btf_param *a, const struct btf_param *b)
{
	struct shape x, y;

	shape_from_btf(btf, a->type, &x);
	shape_from_btf(btf, b->type, &y);
	return x.kind == y.kind && !strcmp(x.words, y.words);
}

/* By name and type; arguments that only changed their name stand in the same place. */
int lsm_argument_of(const struct btf *btf, uint32_t function, uint32_t hook, unsigned index)
{
	const struct btf_type *from = function ? btf__type_by_id(btf, function) : NULL;
	const struct btf_type *to = hook ? btf__type_by_id(btf, hook) : NULL;
	const struct btf_param *p, *q;

	if (!from || !to)
		return index;
	if (index >= btf_vlen(from))
		return -1;
	p = btf_params(from) + index;
	q = btf_params(to);
	for (int i = 0; i < btf_vlen(to); i++)
		if (!strcmp(btf__name_by_offset(btf, p->name_off),
			    btf__name_by_offset(btf, q[i].name_off)) &&
		    same(btf, p, q + i))
			return i;
	return index < btf_vlen(to) && same(btf, p, q + index) ? (int)index : -1;
}

int facts_lsm_argument(const char *function, const char *hook, unsigned index)
{
	/* The hook is told both what the caller asked for, which is the function's, and what it
	 * gets. */
	if (!strcmp(hook, "mmap_file") && index == 1)
		return 1;
	return lsm_argument_of(btf_kernel(), btf_kernel_prototype(function),
			       facts_lsm_prototype(hook), index);
}
