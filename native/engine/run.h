/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef TELOVIX_RUN_H
#define TELOVIX_RUN_H

#include "options.h"

/* Runs until a signal, the end of the parent or of the lease. Exit code. */
int run_engine(const struct options *o);

#endif
