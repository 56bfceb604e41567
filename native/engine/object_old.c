// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "engine_old.skel.h"
#include "objects.h"
#include "policy_old.skel.h"

const struct objects objects_old = { engine_bpf__open, engine_bpf__elf_bytes,
				     policy_bpf__elf_bytes };
