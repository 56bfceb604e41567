/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The sets that are, or are about to be, in the kernel's tables. Equal sets are kept once,
 * whichever points use them: a list of paths that three hundred hooks filter by costs its entries
 * once. A number is never given twice, so what is no longer used may be deleted at leisure.
 */
#ifndef TELOVIX_INDEX_H
#define TELOVIX_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "index_set.h"

#define INDEX_KINDS (TX_SLOT_ADDRESS + 1)

/* How the tables are written; 0 or a negative errno. */
struct index_tables {
	int (*insert)(enum tx_slot_kind kind, const union index_key *key,
		      const struct tx_mask *mask);
	int (*remove)(enum tx_slot_kind kind, const union index_key *key);
	uint32_t max[INDEX_KINDS]; /* entries each may hold */
};

void index_open(const struct index_tables *tables);

/* Forgets all sets; the tables stay as they are. */
void index_close(void);

/* Takes a finished set over. Returns the one to use, which may be an equal one that was there. */
struct index_set *index_take(struct index_set *set);

/* Whether the number is one of those given since index_open. */
bool index_has(uint32_t number);

/* Lets go of it; its entries go when nobody holds it. */
void index_drop(struct index_set *set);

/* How many entries more than the table of that kind has would be needed for all sets taken. */
uint32_t index_over(enum tx_slot_kind kind);

/*
 * Writes entries that are not yet in the table, at most *quota, which is lowered by as many. 0: the
 * set is complete; 1: there are more; or a negative errno, with nothing of the set left behind.
 */
int index_write(struct index_set *set, uint32_t *quota);

/* Deletes entries of sets let go of, at most quota. True when there are more. */
bool index_clean(uint32_t quota);

/* Entries of a kind, those waiting to be deleted included. */
uint32_t index_used(enum tx_slot_kind kind);

extern const char *const index_table_names[INDEX_KINDS];

/* The real tables, by descriptor. */
void index_kernel(struct index_tables *tables, int ints, int texts, int addresses);

#endif
