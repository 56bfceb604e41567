/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The engine's own maps, programs and links in other hands. Root may open and change any of them;
 * it can't be kept from it, so it is told: whoever opens one by number is named, and whoever
 * changes one, louder.
 */
#ifndef TELOVIX_TAMPER_H
#define TELOVIX_TAMPER_H

#include "events.h"
#include "json.h"

/* Writes "tamper":{…} when the call of bpf(2) was about an object of ours. */
void tamper_write(struct json *j, const struct tx_syscall *e);

/* Reads what a line of /proc/PID/fdinfo says: the kind of object and its id; TX_BPF_NONE: nothing
 * of the kind. */
enum tx_bpf_object tamper_parse(const char *line, uint32_t *id);

#endif
