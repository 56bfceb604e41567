// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "engine.skel.h"
#include "objects.h"
#include "policy.skel.h"

const struct objects objects_plain = { engine_bpf__open, engine_bpf__elf_bytes,
				       policy_bpf__elf_bytes };
