/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Functions of programs and libraries. Files are those of whoever is watched: they are read with
 * bounds on everything, never mapped, and only from file systems that answer by themselves.
 */
#ifndef TELOVIX_EVENT_ELF_H
#define TELOVIX_EVENT_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event_maps.h"

#define ELF_NAME 128

/*
 * The function at a place of a process, from a small cache or the file's symbol tables; false when
 * there is none, or when too many were looked up this second. now: boot time.
 */
bool elf_function(uint32_t pid, const struct maps_place *place, uint64_t now, char name[ELF_NAME]);

/* The same for an open file, without cache. */
bool elf_find(int fd, uint64_t file_offset, char name[ELF_NAME]);

#endif
