/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel says a value is: from BTF, or from the words of a tracepoint's format. */
#ifndef TELOVIX_BTF_SHAPE_H
#define TELOVIX_BTF_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

struct btf;

enum shape_kind {
	SHAPE_UNKNOWN,
	SHAPE_INTEGER,
	SHAPE_POINTER,
	SHAPE_ARRAY,    /* in place */
	SHAPE_OBJECT,   /* a struct or union, in place */
	SHAPE_LOCATION, /* __data_loc: where in the tracepoint's record an array lies */
};

#define SHAPE_TEXT 64

struct shape {
	enum shape_kind kind;
	uint8_t type;  /* enum tx_arg_type that describes it best; TX_ARG_AUTO: none does */
	uint8_t width; /* bytes of an integer, or of an array's element */
	bool is_signed;
	bool user;              /* it points into user memory, as far as the kernel says so */
	uint32_t count;         /* elements of an array */
	char of[SHAPE_TEXT];    /* pointer, array, object: name of what it is (of) */
	char words[SHAPE_TEXT]; /* as in C: "struct file *" */
};

void shape_from_btf(const struct btf *btf, uint32_t type_id, struct shape *shape);

/* From a declaration without its name, "const char *"; size and sign as the format states them. */
void shape_from_words(const char *words, uint32_t size, bool is_signed, struct shape *shape);

/* Of a type declared in a policy. */
const char *shape_declared_name(uint8_t type);

/* Bytes and sign of a declared integer type; 0: it is none. */
uint8_t shape_declared_width(uint8_t type, bool *is_signed);

/* The declared type for one of the kernel's structs, or TX_ARG_AUTO. */
uint8_t shape_object_type(const char *name);

/* The kernel's struct for a declared object type ("file"), or NULL. */
const char *shape_declared_object(uint8_t type);

#endif
