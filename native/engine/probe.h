/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What this kernel can do, found out by trying. */
#ifndef TELOVIX_PROBE_H
#define TELOVIX_PROBE_H

#include "options.h"

int probe_print(const struct options *o);

#endif
