/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Kernel numbers as names, those only policies meet. NULL when a number has none. */
#ifndef TELOVIX_TEXT_H
#define TELOVIX_TEXT_H

#include <stddef.h>
#include <stdint.h>

const char *text_family(uint32_t family);       /* AF_* */
const char *text_socket_type(uint32_t type);    /* SOCK_* */
const char *text_protocol(uint32_t protocol);   /* IPPROTO_* */
const char *text_bpf_command(uint32_t command); /* BPF_MAP_CREATE, … */
const char *text_bpf_map(uint32_t type);        /* BPF_MAP_TYPE_* */
const char *text_bpf_program(uint32_t type);    /* BPF_PROG_TYPE_* */
const char *text_perf(uint32_t type);           /* PERF_TYPE_* */
const char *text_taint(uint32_t bit);           /* TAINT_*, what one module adds */

/* Of a digest by the kernel's number of its algorithm; bytes: its length. */
const char *text_digest(uint32_t algorithm, size_t *bytes);

#endif
