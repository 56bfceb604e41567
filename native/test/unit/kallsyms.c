// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "kallsyms.h"

#include "unit.h"

static uint64_t found[3];

static void find(const char *list)
{
	static const char *const names[] = { "rename_lock", "mount_lock", "other" };
	FILE *f = fmemopen((void *)list, strlen(list), "r");

	kallsyms_find(f, names, found, 3);
	fclose(f);
}

int main(void)
{
	find("ffffffff81000000 T _text\nffffffff82a3e0c0 D rename_lock\n"
	     "ffffffff82a3e100 d mount_lock\nffffffff82a3e200 D rename_lock_too\n"
	     "ffffffffc0000000 d other\t[module]\n");
	CHECK(found[0] == 0xffffffff82a3e0c0 && found[1] == 0xffffffff82a3e100 && !found[2]);
	/* Two of a name: which is it? */
	find("ffffffff82a3e0c0 d mount_lock\nffffffff82a3e100 d mount_lock\n");
	CHECK(!found[0] && !found[1]);
	/* Hidden, and what is no list at all. */
	find("0000000000000000 D rename_lock\nnonsense\n \na b\n");
	CHECK(!found[0]);
	return unit_end("kallsyms");
}
