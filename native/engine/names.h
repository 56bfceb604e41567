/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Kernel numbers as names. */
#ifndef TELOVIX_NAMES_H
#define TELOVIX_NAMES_H

#include <stddef.h>
#include <stdint.h>

const char *name_capability(uint32_t bit);
const char *name_securebit(uint32_t bit);
const char *name_namespace(int ns);
const char *name_signal(int signal); /* NULL when it has none */
const char *name_family(int family);
const char *name_socket_type(int type);
const char *name_protocol(int protocol);
const char *name_tcp_state(int state);

/* "O_RDONLY|O_CLOEXEC" */
void name_open_flags(char *out, size_t size, uint32_t flags);
/* "-rw-r--r--" */
void name_mode(char out[11], uint32_t mode);

#endif
