// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "load.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backend.h"
#include "engine.skel.h"
#include "events.h"
#include "facts.h"
#include "hash.h"
#include "kallsyms.h"
#include "log.h"
#include "objects.h"
#include "reads.h"
#include "syscalls.h"
#include "version.h"
#include "watch.h"

#define MAX_TRIES 40

/* What libbpf said last: the name of the refused program and the verifier's last words. */
static char failed_program[64], last_words[160];
static bool refused[64];

static int on_libbpf_log(enum libbpf_print_level level, const char *format, va_list args)
{
	static char text[1024];
	char name[64];
	va_list copy;

	(void)level;
	if (getenv("TELOVIX_ENGINE_DEBUG")) {
		va_copy(copy, args);
		vfprintf(stderr, format, copy);
		va_end(copy);
	}
	vsnprintf(text, sizeof(text), format, args);
	if (sscanf(text, "libbpf: prog '%63[^']': failed to %*[la]", name) == 1)
		snprintf(failed_program, sizeof(failed_program), "%s", name);
	if (strstr(text, "BPF program load failed:") || strstr(text, "failed to find"))
		snprintf(last_words, sizeof(last_words), "%.*s",
			 (int)strcspn(text + 8, "\n") < 159 ? (int)strcspn(text + 8, "\n") : 159,
			 text + 8);
	return 0;
}

static int program_index(struct engine_bpf *skel, const char *name)
{
	struct bpf_program *prog;
	int index = 0;

	bpf_object__for_each_program(prog, skel->obj)
	{
		if (!strcmp(bpf_program__name(prog), name))
			return index;
		index++;
	}
	return -1;
}

static struct bpf_program *usable(struct engine_bpf *skel, const char *name)
{
	int index = name ? program_index(skel, name) : -1;

	if (index < 0 || index >= 64 || refused[index])
		return NULL;
	return bpf_object__find_program_by_name(skel->obj, name);
}

/* The raw_tp form is taken only where the tp_btf form was refused. */
static void choose(struct engine_bpf *skel, bool raw_tp)
{
	struct bpf_program *prog;
	const char *call_kind;

	bpf_object__for_each_program(prog, skel->obj) bpf_program__set_autoload(prog, false);
	for (int h = 0; h < HOOKS; h++) {
		prog = raw_tp && load_hooks[h].raw_tp ? NULL : usable(skel, load_hooks[h].tp_btf);
		backends[h].mechanism = prog ? h == HOOK_ITER ? "iter" : "tp_btf" : NULL;
		if (!prog) {
			prog = usable(skel, load_hooks[h].raw_tp);
			backends[h].mechanism = prog ? "raw_tp" : NULL;
		}
		if (prog)
			bpf_program__set_autoload(prog, true);
	}
	prog = usable(skel, "iter__task_file");
	if (prog)
		bpf_program__set_autoload(prog, true);
	call_kind = backends[HOOK_SYS_EXIT].mechanism;
	for (int i = 0; call_kind && i < TX_HANDLERS; i++) {
		char name[64];

		if (!load_handler_names[i])
			continue;
		snprintf(name, sizeof(name), "%s__%s", call_kind, load_handler_names[i]);
		prog = usable(skel, name);
		if (prog)
			bpf_program__set_autoload(prog, true);
	}
}

static void remember_refusal(struct engine_bpf *skel)
{
	int index = program_index(skel, failed_program);

	if (index >= 0 && index < 64)
		refused[index] = true;
	for (int h = 0; h < HOOKS; h++)
		if ((load_hooks[h].tp_btf && !strcmp(load_hooks[h].tp_btf, failed_program)) ||
		    (load_hooks[h].raw_tp && !strcmp(load_hooks[h].raw_tp, failed_program)) ||
		    (h == HOOK_SYS_EXIT && strstr(failed_program, "__call_")))
			snprintf(backends[h].reason, sizeof(backends[h].reason), "%s",
				 last_words[0] ? last_words : failed_program);
}

uint64_t load_cookie_key(void)
{
	static uint64_t key;

	if (!key && getrandom(&key, sizeof(key), 0) != sizeof(key))
		key = 0x9e3779b97f4a7c15ULL;
	return key;
}

/* Where the kernel counts renames and mounts (bpf/cold.bpf.h); without, every path is put together.
 */
static void find_addresses(struct engine_bpf *skel)
{
	static const char *const names[] = {
		"rename_lock",   "mount_lock",    "bpf_map_fops",
		"bpf_prog_fops", "bpf_link_fops", "bpf_link_fops_poll"
	};
	static uint64_t addresses[6];
	static bool looked;
	FILE *f = looked ? NULL : fopen("/proc/kallsyms", "re");

	looked = true;
	if (f) {
		kallsyms_find(f, names, addresses, 6);
		fclose(f);
	}
	skel->rodata->tx_rename_lock = addresses[1] ? addresses[0] : 0;
	skel->rodata->tx_mount_lock = addresses[1];
	/* What a pin leads to (bpf/bpfcall.bpf.h). */
	for (int i = 0; i < 4; i++)
		skel->rodata->tx_bpf_fops[i] = addresses[2 + i];
}

static void configure(struct engine_bpf *skel, const struct options *o)
{
	skel->rodata->tx_cookie_key = load_cookie_key();
	skel->rodata->tx_stays = reads_directly() && objects_may_stay() && facts_may_preempt();
	find_addresses(skel);
	syscalls_fill((uint64_t *)skel->rodata->tx_calls);
	skel->rodata->tx_wake_bytes[TX_RING_EXEC] = o->ring_exec_bytes / 4;
	skel->rodata->tx_wake_bytes[TX_RING_MAIN] = o->ring_main_bytes / 4;
	skel->bss->tx_self[0] = getpid();
	skel->bss->tx_self[1] = o->self_pid;
	bpf_map__set_max_entries(skel->maps.tx_ring_exec, o->ring_exec_bytes);
	bpf_map__set_max_entries(skel->maps.tx_ring_main, o->ring_main_bytes);
}

/* Opens and loads, leaving out one refused program per try. */
static struct engine_bpf *open_and_load(const struct options *o, int *err)
{
	for (int try = 0; try < MAX_TRIES; try++) {
		struct engine_bpf *skel = objects_take(reads_directly())->open();

		if (!skel) {
			*err = -errno;
			return NULL;
		}
		choose(skel, o->raw_tp);
		configure(skel, o);
		failed_program[0] = 0;
		*err = engine_bpf__load(skel);
		if (!*err)
			return skel;
		if (failed_program[0] && program_index(skel, failed_program) >= 0) {
			if (!reads_blame(failed_program, last_words))
				remember_refusal(skel);
			engine_bpf__destroy(skel);
			continue;
		}
		engine_bpf__destroy(skel);
		return NULL;
	}
	return NULL;
}

static void explain(int err)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		log_failure("A kernel built with CONFIG_DEBUG_INFO_BTF is needed.",
			    "This kernel offers no BTF (/sys/kernel/btf/vmlinux).");
	else if (err == -EPERM && geteuid())
		log_failure("Run it as root.", "Loading BPF programs is not permitted.");
	else if (err == -EPERM || err == -ENOMEM)
		log_failure("Check the memory lock limit (ulimit -l), kernel lockdown, and that "
			    "the container may use bpf(2).",
			    "The kernel refused the BPF maps or programs: %s.", strerror(-err));
	else
		log_failure("Run telovix-engine probe for details.",
			    "The BPF programs could not be loaded: %s.", strerror(-err));
}

static struct engine_bpf *prepare(const struct options *o, int *err)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct engine_bpf *skel;

	libbpf_set_print(on_libbpf_log);
	/* Kernels before 5.11 charge maps to this limit; later ones ignore it. */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	skel = open_and_load(o, err);
	if (skel)
		reads_settled();
	else
		explain(*err);
	return skel;
}

uint64_t load_shape(const struct options *o)
{
	const uint64_t sizes[] = { o->ring_exec_bytes, o->ring_main_bytes, o->raw_tp };
	size_t bytes;
	/* Not what came of trying: the same before and after. */
	const void *object = objects_take(true)->engine_bytes(&bytes);
	uint64_t hash = hash_bytes(HASH_SEED, object, bytes);

	hash = hash_bytes(hash, ENGINE_VERSION, sizeof(ENGINE_VERSION));
	return watch_hash(hash_bytes(hash, sizes, sizeof(sizes)));
}

int load_programs(struct kernel *k, const struct options *o)
{
	int err = 0;
	struct engine_bpf *skel = prepare(o, &err);

	if (!skel)
		return err ? err : -EINVAL;
	kernel_from_skeleton(k, skel);
	load_handlers(skel);
	return watch_fill(bpf_map__fd(skel->maps.tx_watched));
}

int load_try(const struct options *o)
{
	int err = 0;
	struct engine_bpf *skel = prepare(o, &err);

	if (!skel)
		return err ? err : -EINVAL;
	engine_bpf__destroy(skel);
	return 0;
}
