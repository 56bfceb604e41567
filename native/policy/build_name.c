// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a hook is called in events. */
#include <stdio.h>
#include <string.h>

#include "build_view.h"
#include "calls_table.h"

/* System calls go by the name of the kernel's function, however they are hooked here. */
char *view_function(const struct want *want)
{
	const struct tx_plan_hook *hook = want->hook;
	const char *name = want->place.name;
	char text[256], call[256];

	if (hook->flags & (TX_HOOK_F_SYSCALL | TX_HOOK_F_GENERATED_SYSCALLS)) {
		if (!strncmp(name, "__", 2))
			return strdup(name);
		if (hook->call.length)
			name = plan_copy(want->plan, hook->call, call, sizeof(call));
		snprintf(text, sizeof(text), "%ssys_%s",
			 want->place.compat ? "__ia32_" : CALLS_PREFIX, call_bare(name));
		return strdup(text);
	}
	if (hook->flags & TX_HOOK_F_GENERATED_FTRACE)
		return strdup(name);
	return strdup(plan_copy(want->plan, hook->call, text, sizeof(text)));
}
