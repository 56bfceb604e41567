// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which program of the object serves which backend. */
#include <stddef.h>
#include <unistd.h>

#include "attach.h"
#include "policy.skel.h"

const char *const attach_generic_names[GENERICS] = {
	[GENERIC_KPROBE] = "kprobe__policy",       [GENERIC_KRETPROBE] = "kretprobe__policy",
	[GENERIC_OVERRIDE] = "kprobe__override",   [GENERIC_TRACEPOINT] = "tp__policy",
	[GENERIC_UPROBE] = "uprobe__policy",       [GENERIC_URETPROBE] = "uretprobe__policy",
	[GENERIC_SYS_ENTER] = "sys_enter__policy", [GENERIC_SYS_EXIT] = "sys_exit__policy",
};

const struct attach_family attach_families[FAMILIES] = {
	[FAMILY_FENTRY] = { "fentry__policy_", offsetof(struct policy_bpf__rodata, tx_fentry_point),
			    offsetof(struct policy_bpf__rodata, tx_fentry_call) },
	[FAMILY_FEXIT] = { "fexit__policy_", offsetof(struct policy_bpf__rodata, tx_fexit_point),
			   0 },
	[FAMILY_RAW_TP] = { "raw_tp__policy_", offsetof(struct policy_bpf__rodata, tx_raw_tp_point),
			    0 },
	[FAMILY_LSM] = { "lsm__policy_", offsetof(struct policy_bpf__rodata, tx_lsm_point), 0 },
	[FAMILY_DENY] = { "lsm__deny_", SIZE_MAX, 0 },
};

enum family attach_family(const struct point *point)
{
	switch (point_entered_by(point)) {
	case POINT_FENTRY:
		return FAMILY_FENTRY;
	case POINT_FEXIT:
		return FAMILY_FEXIT;
	case POINT_RAW_TP:
		return FAMILY_RAW_TP;
	case POINT_LSM:
	case POINT_FMOD_RET:
		return FAMILY_LSM;
	case POINT_DENY:
		return FAMILY_DENY;
	default:
		return FAMILIES;
	}
}

bool attach_falls_back(struct point *point)
{
	if (point->no_trampoline || !point->place.trampoline)
		return false;
	point->no_trampoline = true;
	if (point->program >= 0)
		close(point->program);
	point->program = -1;
	return true;
}

struct generic_pair attach_generics(const struct point *point)
{
	enum generic probe = point->place.override ? GENERIC_OVERRIDE : GENERIC_KPROBE;

	switch (point_entered_by(point)) {
	case POINT_KPROBE:
		return (struct generic_pair){ probe, GENERIC_NONE };
	case POINT_KRETPROBE:
		return (struct generic_pair){ probe, GENERIC_KRETPROBE };
	case POINT_TRACEPOINT:
		return (struct generic_pair){ GENERIC_TRACEPOINT, GENERIC_NONE };
	case POINT_UPROBE:
		return (struct generic_pair){ GENERIC_UPROBE, GENERIC_NONE };
	case POINT_URETPROBE:
		return (struct generic_pair){ GENERIC_UPROBE, GENERIC_URETPROBE };
	case POINT_SYS_ENTER:
		return (struct generic_pair){ GENERIC_SYS_ENTER, GENERIC_NONE };
	case POINT_SYS_EXIT:
		return (struct generic_pair){ GENERIC_SYS_EXIT, GENERIC_NONE };
	default:
		return (struct generic_pair){ GENERIC_NONE, GENERIC_NONE };
	}
}
