// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Hooks in programs' files: functions, addresses, static probes. */
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolve_elf.h"
#include "resolve_job.h"

#define DIGESTS_MAX 4096
#define GO_RETURN "functions of Go programs cannot be watched returning: they move their stacks"

/* "name+0x10": the name stays, the rest is added. */
static uint64_t split_offset(char *symbol)
{
	char *plus = strrchr(symbol, '+');
	uint64_t offset = 0;

	if (plus && plus != symbol) {
		offset = strtoull(plus + 1, NULL, 0);
		*plus = 0;
	}
	return offset;
}

static int locate(struct resolve_job *job, struct elf_file *file, struct point_place *place,
		  char *why, size_t why_size)
{
	uint32_t flags = job->hook->flags;
	char symbol[sizeof(place->name)];
	uint64_t plus;
	int err;

	place->offset = job->hook->offset;
	if (flags & TX_HOOK_F_ADDRESS)
		return elf_address(file, job->hook->offset, &place->offset, why, why_size);
	if (job->call[0]) {
		snprintf(symbol, sizeof(symbol), "%.127s", job->call);
		plus = split_offset(symbol) + (flags & TX_HOOK_F_OFFSET ? job->hook->offset : 0);
		err = elf_symbol(file, symbol, &place->offset, why, why_size);
		if (err)
			return err;
		place->offset += plus;
	}
	if (elf_is_code(file, place->offset))
		return 0;
	snprintf(why, why_size, "there is no code at offset 0x%llx of the file",
		 (unsigned long long)place->offset);
	return -ENOENT;
}

/* True when it is the file the policy means, or it names none. */
static bool verified(struct resolve_job *job, struct elf_file *file, struct want *want)
{
	char digests[DIGESTS_MAX], why[160] = "";

	if (!job->hook->digest.length)
		return true;
	if (job->hook->digest.length >= sizeof(digests)) {
		want_say(want, POINT_REJECTED, "too many digests are given");
		return false;
	}
	plan_copy(job->plan, job->hook->digest, digests, sizeof(digests));
	if (!elf_verify(file, digests, why, sizeof(why)))
		return true;
	if (job->hook->flags & TX_HOOK_F_IGNORE_DIGEST)
		want_say(want, POINT_DEGRADED, "left out, as the policy allows: %s", why);
	else
		want_say(want, POINT_REJECTED, "%s", why);
	return false;
}

/* The file's own types, if the policy names where they are. */
static struct btf *user_types(struct resolve_job *job, struct want *want)
{
	char path[256];
	struct btf *btf;

	if (!job->hook->btf.length)
		return NULL;
	plan_copy(job->plan, job->hook->btf, path, sizeof(path));
	btf = btf__parse(path, NULL);
	if (!btf)
		want_say(want, POINT_DEGRADED, "%.96s holds no BTF", path);
	return btf;
}

static void arguments(struct resolve_job *job, struct want *want, enum point_backend backend,
		      const struct elf_usdt *usdt)
{
	struct chosen at = { .backend = backend, .part = want->part };
	struct arg_source source = { .at = &at, .usdt = usdt };
	struct btf *btf = user_types(job, want);
	const struct btf_type *t;
	int id;

	source.btf = btf;
	id = btf && job->call[0] ? btf__find_by_name_kind(btf, job->call, BTF_KIND_FUNC) : -1;
	t = id > 0 ? btf__type_by_id(btf, id) : NULL;
	source.proto = t && backend != POINT_USDT ? t->type : 0;
	job_arguments(job, want, &source);
	btf__free(btf);
}

static void settle(struct resolve_job *job, struct want *want, struct elf_file *file)
{
	bool returns = job->needs.returns;
	char why[160];

	if (locate(job, file, &want->place, why, sizeof(why))) {
		want_say(want, POINT_REJECTED, "%s", why);
		return;
	}
	if (returns && elf_is_go(file)) {
		want_say(want, POINT_REJECTED, GO_RETURN);
		return;
	}
	if (job->needs.override) {
		want_say(want, POINT_REJECTED, "a function of a program cannot be overridden");
		return;
	}
	want->placed = true;
	want->part = WANT_POST | WANT_ENFORCE;
	want->place.backend = returns ? POINT_URETPROBE : POINT_UPROBE;
	want->place.row_flags = returns ? TX_HOOK_RETURN_PAIR : 0;
	want->place.ref_ctr = job->hook->ref_ctr;
	strcpy(want->place.name, job->call);
	strcpy(want->place.path, job->path);
	arguments(job, want, want->place.backend, NULL);
}

void job_uprobe(struct resolve_job *job)
{
	struct want *want = job_want(job);
	char why[160] = "";
	struct elf_file *file;

	if (!want)
		return;
	if (!job->facts->uprobe) {
		want_lacks(want, POINT_REJECTED, "no uprobes on this kernel");
		return;
	}
	file = elf_open(job->path, why, sizeof(why));
	if (!file)
		want_say(want, POINT_REJECTED, "%s", why);
	else if (verified(job, file, want))
		settle(job, want, file);
	elf_close(file);
}

void job_usdt(struct resolve_job *job)
{
	struct want *want = job_want(job);
	char why[160] = "";
	struct elf_usdt usdt;
	struct elf_file *file;

	if (!want)
		return;
	if (!job->facts->uprobe) {
		want_lacks(want, POINT_REJECTED, "no uprobes on this kernel");
		return;
	}
	if (job->needs.sets) {
		want_say(want, POINT_REJECTED,
			 "Set is not offered: the memory of processes is not written to");
		return;
	}
	file = elf_open(job->path, why, sizeof(why));
	if (!file || elf_usdt(file, job->group, job->call, &usdt, why, sizeof(why))) {
		want_say(want, POINT_REJECTED, "%s", why);
	} else {
		want->placed = true;
		want->part = WANT_POST | WANT_ENFORCE;
		want->place.backend = POINT_USDT;
		strcpy(want->place.name, job->call);
		strcpy(want->place.group, job->group);
		strcpy(want->place.path, job->path);
		arguments(job, want, POINT_USDT, &usdt);
	}
	elf_close(file);
}
