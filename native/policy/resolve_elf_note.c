// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What stands in a program's notes: its build id and its static probes. Damage ends the search. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "resolve_elf.h"
#include "resolve_elf_file.h"

#define NOTE_STAPSDT 3
#define HEX_MAX 129

/* Calls fn for each note of a section until it returns true. */
static bool each_note(Elf_Data *data,
		      bool (*fn)(const GElf_Nhdr *, const char *name, const char *desc, void *arg),
		      void *arg)
{
	size_t at = 0, next, name, desc;
	GElf_Nhdr header;

	while (data && (next = gelf_getnote(data, at, &header, &name, &desc)) > 0) {
		const char *base = data->d_buf;

		if (name + header.n_namesz > data->d_size || desc + header.n_descsz > data->d_size)
			break;
		if (fn(&header, base + name, base + desc, arg))
			return true;
		at = next;
	}
	return false;
}

static bool take_build_id(const GElf_Nhdr *header, const char *name, const char *desc, void *arg)
{
	char *hex = arg;

	if (header->n_type != NT_GNU_BUILD_ID || header->n_namesz != 4 || memcmp(name, "GNU", 4) ||
	    2 * header->n_descsz >= HEX_MAX)
		return false;
	for (size_t i = 0; i < header->n_descsz; i++)
		sprintf(hex + 2 * i, "%02x", (unsigned char)desc[i]);
	return true;
}

static bool build_id(struct elf_file *file, char hex[HEX_MAX])
{
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn));) {
		GElf_Shdr sh;

		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_NOTE &&
		    each_note(elf_getdata(scn, NULL), take_build_id, hex))
			return true;
	}
	return false;
}

static bool sha256(struct elf_file *file, char hex[HEX_MAX])
{
	uint8_t digest[32];

	if (digest_sha256(file->fd, digest))
		return false;
	for (int i = 0; i < 32; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	return true;
}

int elf_verify(struct elf_file *file, const char *digests, char *why, size_t why_size)
{
	char own[2][HEX_MAX] = { "", "" };
	bool tried[2] = { false, false };

	for (const char *line = digests; *line;) {
		size_t length = strcspn(line, "\n"), algorithm = strcspn(line, ":\n");
		bool is_id = algorithm == 8 && !memcmp(line, "build-id", 8);
		const char *hex = line + algorithm + 1;

		if (!is_id && (algorithm != 6 || memcmp(line, "sha256", 6))) {
			snprintf(why, why_size, "no kind of digest we know: %.*s", (int)algorithm,
				 line);
			return -EINVAL;
		}
		if (!tried[is_id]) {
			tried[is_id] = true;
			(void)(is_id ? build_id(file, own[1]) : sha256(file, own[0]));
		}
		if (algorithm < length && own[is_id][0] &&
		    strlen(own[is_id]) == length - algorithm - 1 &&
		    !strncasecmp(own[is_id], hex, length - algorithm - 1))
			return 0;
		line += length + (line[length] == '\n');
	}
	snprintf(why, why_size, "the file is another one: its digest is none of those given");
	return -EBADMSG;
}

struct probe {
	const char *provider, *name;
	size_t address; /* bytes of one in the file */
	struct elf_usdt *usdt;
	struct nearest nearest; /* to "provider:name" */
};

/* "-4@%eax 8@$5": size, sign and where; we need the first two. */
static void parse_arguments(const char *text, struct elf_usdt *usdt)
{
	memset(usdt, 0, sizeof(*usdt));
	while (*text && usdt->count < ELF_USDT_ARGS) {
		char *end;
		long size = strtol(text, &end, 10);

		if (end == text || *end != '@')
			break;
		usdt->size[usdt->count++] = size;
		/* Operands have no blanks in them, but "8@ 4(%rax)" is not unheard of. */
		text = end + 1 + strspn(end + 1, " ");
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
}

/* Three addresses, then provider, name and arguments, each ended by NUL. */
static bool take_probe(const GElf_Nhdr *header, const char *name, const char *desc, void *arg)
{
	struct probe *p = arg;
	char full[NEAREST_TEXT + 2];
	const char *text[3], *end = desc + header->n_descsz;

	if (header->n_type != NOTE_STAPSDT || header->n_namesz != 8 || memcmp(name, "stapsdt", 8) ||
	    header->n_descsz < 3 * p->address)
		return false;
	desc += 3 * p->address;
	for (int i = 0; i < 3; i++) {
		text[i] = desc;
		desc = memchr(desc, 0, end - desc);
		if (!desc)
			return false;
		desc++;
	}
	if (strcmp(text[0], p->provider) || strcmp(text[1], p->name)) {
		snprintf(full, sizeof(full), "%s:%s", text[0], text[1]);
		nearest_try(&p->nearest, full);
		return false;
	}
	parse_arguments(text[2], p->usdt);
	return true;
}

int elf_usdt(struct elf_file *file, const char *provider, const char *name, struct elf_usdt *usdt,
	     char *why, size_t why_size)
{
	char wanted[256];
	struct probe p = { .provider = provider,
			   .name = name,
			   .address = gelf_getclass(file->elf) == ELFCLASS64 ? 8 : 4,
			   .usdt = usdt };
	GElf_Shdr sh;
	Elf_Data *data;

	snprintf(wanted, sizeof(wanted), "%.127s:%.127s", provider, name);
	p.nearest = nearest_to(wanted);
	if (elf_section(file, ".note.stapsdt", &sh, &data) && each_note(data, take_probe, &p))
		return 0;
	snprintf(why, why_size, "the file has no probe %.60s", wanted);
	nearest_add(&p.nearest, why, why_size);
	return -ENOENT;
}
