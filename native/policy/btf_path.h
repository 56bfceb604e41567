/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* "mm.owner.comm": a way through structs, arrays and pointers, as steps a program can follow. */
#ifndef TELOVIX_BTF_PATH_H
#define TELOVIX_BTF_PATH_H

#include <stddef.h>

#include "btf_shape.h"
#include "policy.h"

#define PATH_PARTS 32 /* names and indices in one way */

/*
 * Follows text from a value of the type and fills row's steps, width, sign and TX_ARGROW_ADDRESS;
 * end says what is there. Empty text: the value itself. 0, or -EINVAL and a reason.
 */
int btf_path(const struct btf *btf, uint32_t type_id, const char *text, struct tx_arg_row *row,
	     struct shape *end, char *why, size_t why_size);

/* Type id of a struct, union or typedef by name ("struct file", "file", "file *"), or 0. */
uint32_t btf_path_type(const struct btf *btf, const char *name);

/* As btf_path, from a pointer to that type: what a policy's btfType makes of an argument. */
int btf_path_from(const struct btf *btf, uint32_t pointee, const char *text, struct tx_arg_row *row,
		  struct shape *end, char *why, size_t why_size);

#endif
