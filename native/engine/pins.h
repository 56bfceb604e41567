/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs, maps and links pinned in a BPF file system of our own, so that they outlive an engine
 * that is killed and a successor can take them over.
 */
#ifndef TELOVIX_PINS_H
#define TELOVIX_PINS_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"
#include "kernel.h"

enum pins_status { PINS_OFF, PINS_DEGRADED, PINS_NEW, PINS_ADOPTED };

/*
 * Makes the directory and mounts the file system there. NULL: no pins wanted. Where it cannot be
 * done the engine runs without, and says why in engine_start.
 */
void pins_open(const char *dir);

/* Takes over what a killed engine of the same shape left there. */
bool pins_adopt(struct kernel *k, uint64_t shape);

/*
 * Removes what another build left there; its programs are detached by it. How many records nobody
 * had read (they are lost), and the time of the oldest.
 */
uint64_t pins_replace(uint64_t *oldest);

/* Pins what was loaded and attached, with a fresh state. On failure nothing stays pinned. */
void pins_save(struct kernel *k, uint64_t shape);

/* Removes all pins and the mount; with the kernel side closed, nothing of ours is left. */
void pins_remove(void);

/* Where pins go; NULL, -1: there are none. */
const char *pins_dir(void);
int pins_dir_fd(void);

void pins_write(struct json *j);

/* `telovix-engine unpin --pin DIR`. Exit code. */
int pins_unpin(const char *dir);

#endif
