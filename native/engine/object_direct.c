// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "engine_direct.skel.h"
#include "objects.h"
#include "policy_direct.skel.h"

const struct objects objects_direct = { engine_bpf__open, engine_bpf__elf_bytes,
					policy_bpf__elf_bytes };
