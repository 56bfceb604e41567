/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Boot-time clock of the records, and wall time made from it. */
#ifndef TELOVIX_CLOCK_H
#define TELOVIX_CLOCK_H

#include <stdint.h>

#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL

uint64_t clock_boot_ns(void);

/* Reads the difference of the two clocks again; wall time may be stepped under us. */
void clock_sync(void);
uint64_t clock_wall_ns(uint64_t boot_ns);

#endif
