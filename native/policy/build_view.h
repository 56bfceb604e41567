/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the bits of a record mean: of every point the last builds are remembered, because records of
 * an old one may still be in the rings when the next is in force.
 */
#ifndef TELOVIX_BUILD_VIEW_H
#define TELOVIX_BUILD_VIEW_H

#include <stdbool.h>

#include "build.h"
#include "event.h"

#define VIEW_BUILDS 4               /* of one point, at most */
#define VIEW_KEPT_NS 30000000000ULL /* after the next one came into force */

/* Plans outlive their policies as long as a view names them. */
struct view_facts {
	void (*hold)(const struct plan *plan);
	void (*release)(const struct plan *plan);
	bool (*monitors)(uint32_t policy); /* now */
};

void view_open(const struct view_facts *facts);
void view_close(void);

/* The build comes into force; its head has its number. */
void view_add(uint32_t point, const struct built *built, uint64_t now);

/* The point is gone; its id may become another's, whose builds have other numbers. */
void view_forget(uint32_t point, uint64_t now);

/* Lets go of what no record can speak of any more. now: boot time. */
void view_expire(uint64_t now);

/* Whose selector a bit of a record is, as event.h wants it; texts are valid until the next call. */
bool view_lookup(void *context, const struct tx_policy_event *e, uint32_t bit,
		 struct event_selector *s);

/*
 * What the view in force at the point stands for: the same in every run that made it of the same
 * plans. 0: there is none.
 */
uint64_t view_signature(uint32_t point, uint32_t *build);

/* The name in events of what the want hooks; allocated. */
char *view_function(const struct want *want);

/* By what the point is served, as lines name it. */
const char *view_backend(uint32_t point, uint32_t build);

#endif
