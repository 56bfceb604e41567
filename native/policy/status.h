/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* OUT/policies.json: what became of each policy, for the sensor. */
#ifndef TELOVIX_STATUS_H
#define TELOVIX_STATUS_H

/* Writes it anew, whole or not at all. 0 or a negative errno. */
int status_write(void);

#endif
