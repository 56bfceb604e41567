/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* From records to lines, one function per family. */
#ifndef TELOVIX_FORMAT_H
#define TELOVIX_FORMAT_H

#include "events.h"
#include "json.h"
#include "line.h"
#include "proc.h"

/*
 * JSON bytes of one argument list. With hostile bytes everywhere (four paths of JSON_PATH_OUT,
 * three lists, and four strings of a call) a line still fits in LINE_MAX_BYTES.
 */
#define ARGS_OUT_FULL 10240
#define ARGS_OUT_EVENT 6144

void format_setup(void);

/* Numbers of the host's namespaces; after format_setup. */
const uint32_t *format_host_namespaces(void);

/* The process and parent objects. FULL: all fields; EVENT: what repeats in every event. */
enum process_detail { DETAIL_FULL, DETAIL_EVENT };
void format_actors(struct json *j, struct proc *p, uint32_t tid, enum process_detail detail);

/* Process lines. h is NULL for processes found at start. */
void format_exec(struct proc *p, const struct tx_header *h, const char *backend, bool setid);
void format_fork(struct proc *p, const struct tx_header *h, const char *backend);
void format_exit(struct proc *p, const struct tx_exit *e, const char *backend);

/* Opens a process_kprobe line up to its arguments; the caller writes those, then calls _end. */
bool format_kprobe_begin(struct line *line, struct proc *p, const struct tx_header *h,
			 const char *function);
void format_kprobe_end(struct line *line, const struct tx_header *h, const char *policy,
		       const char *backend);
void format_return(struct json *j, int64_t value);

/* Names of the bits that are set, where any of them has one. */
void format_bits(struct json *j, const char *key, uint64_t bits, const char *(*name)(uint32_t bit));
/* Into an open object: the ids with the securebits; the three sets. */
void format_ids(struct json *j, const struct tx_creds *c);
void format_capabilities(struct json *j, const struct tx_creds *c);
void format_socket_arg(struct json *j, const struct tx_sock *sock);

void format_net(struct proc *p, const struct tx_net *e, const char *backend);
void format_dns(struct proc *p, const struct tx_dns *e, const char *backend);
void format_open(struct proc *p, const struct tx_open *e, const char *backend);
void format_pathcall(struct proc *p, const struct tx_pathcall *e, const char *backend);
void format_credcall(struct proc *p, const struct tx_credcall *e, const struct tx_creds *old,
		     const char *backend);
void format_syscall(struct proc *p, const struct tx_syscall *e, const char *backend);

#endif
