// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The one BPF object: shared parts, then the families. */
#include "kernel_types.h"
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#include "events.h"
#include "policy.h"
#include "read.bpf.h"
#include "tier.bpf.h"
#include "common.bpf.h"
#include "maps.bpf.h"
#include "policy_maps.bpf.h"
#include "emit.bpf.h"
#include "task.bpf.h"
#include "path.bpf.h"
#include "watch.bpf.h"
#include "cold.bpf.h"
#include "hot.bpf.h"
#include "socket.bpf.h"
#include "owners.bpf.h"
#include "ptask.bpf.h"
#include "bpfcall.bpf.h"
#include "syscall_matters.bpf.h"
#include "syscall_quick.bpf.h"

#include "process.bpf.c"
#include "syscall.bpf.c"
#include "network.bpf.c"
#include "tcp.bpf.c"
#include "dns.bpf.c"
#include "file.bpf.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
