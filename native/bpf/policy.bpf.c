// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The object that serves policies. One program per hook point, whatever the number of policies
 * there. */
#include "kernel_types_policy.h"
#include <linux/bpf.h>
#define __VMLINUX_H__ /* registers by the kernel's names */
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/usdt.bpf.h>

#include "events.h"
#include "policy.h"
#include "read.bpf.h"
#include "tier.bpf.h"
#include "common.bpf.h"
#include "policy_maps.bpf.h"
#include "policy_state.bpf.h"
#include "policy_unread.bpf.h"
#include "emit.bpf.h"
#include "task.bpf.h"
#include "path.bpf.h"
#include "socket.bpf.h"
#include "policy_text.bpf.h"
#include "policy_arg.bpf.h"
#include "policy_object.bpf.h"
#include "policy_read.bpf.h"
#include "policy_subject.bpf.h"
#include "policy_op.bpf.h"
#include "policy_match.bpf.h"
#include "policy_stacks.bpf.h"
#include "policy_marks.bpf.h"
#include "policy_act.bpf.h"
#include "policy_pending.bpf.h"
#include "policy_plain.bpf.h"
#include "policy_lean.bpf.h"
#include "policy_quick.bpf.h"
#include "policy_begin.bpf.h"
#include "policy_run.bpf.h"
#include "policy_late.bpf.h"
#include "policy_raw.bpf.h"
#include "policy_lean_sock.bpf.h"
#include "policy_programs.bpf.h"
#include "policy_user.bpf.h"
#include "policy_deny.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
