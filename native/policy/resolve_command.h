/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* `telovix-engine resolve --plan FILE --json`: what each hook of a plan would get on this host. */
#ifndef TELOVIX_RESOLVE_COMMAND_H
#define TELOVIX_RESOLVE_COMMAND_H

/* Prints it; nothing is loaded or attached. 0, or 1 after a message: the plan can't be read. */
int resolve_command(const char *file);

#endif
