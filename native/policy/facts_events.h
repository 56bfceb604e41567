/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef TELOVIX_FACTS_EVENTS_H
#define TELOVIX_FACTS_EVENTS_H

#include <stddef.h>

/* The tracepoint of this kernel most like it, as "group/event"; empty: none, or no list of them. */
void facts_nearest_event(const char *group, const char *event, char *buf, size_t size);

/* The same in a list of lines "group:event", which is changed. */
void events_nearest(char *list, const char *group, const char *event, char *buf, size_t size);

#endif
