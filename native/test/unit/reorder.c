// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "reorder.h"

#include <stdlib.h>

#include "unit.h"

#define N 64

static struct reorder_item a[N], b[N], out[2 * N];
static struct reorder_source sources[2];

static size_t merge(const char *first, int first_drained, const char *second, int second_drained,
		    uint64_t horizon)
{
	sources[0] = (struct reorder_source){ .items = a,
					      .count = strlen(first),
					      .drained = first_drained };
	sources[1] = (struct reorder_source){ .items = b,
					      .count = strlen(second),
					      .drained = second_drained };
	for (size_t i = 0; first[i]; i++)
		a[i] = (struct reorder_item){ .ktime = first[i] - '0' };
	for (size_t i = 0; second[i]; i++)
		b[i] = (struct reorder_item){ .ktime = second[i] - '0', .source = 1 };
	return reorder_merge(sources, 2, horizon, out);
}

static const char *order(size_t count)
{
	static char text[2 * N + 1];

	for (size_t i = 0; i < count; i++)
		text[i] = '0' + out[i].ktime;
	text[count] = 0;
	return text;
}

static void noise(void)
{
	srandom(3);
	for (int round = 0; round < 20000; round++) {
		char first[N], second[N];
		size_t n = random() % 20, m = random() % 20, count;

		for (size_t i = 0; i < n; i++)
			first[i] = '0' + random() % 9;
		for (size_t i = 0; i < m; i++)
			second[i] = '0' + random() % 9;
		first[n] = second[m] = 0;
		count = merge(first, random() % 2, second, random() % 2, random() % 12);
		CHECK(count == sources[0].released + sources[1].released);
		for (size_t i = 1; i < count; i++)
			CHECK(out[i - 1].ktime <= out[i].ktime);
	}
}

int main(void)
{
	CHECK_TEXT(order(merge("135", 1, "246", 1, 99)), "123456");
	/* what is younger than the horizon waits */
	CHECK_TEXT(order(merge("135", 1, "246", 1, 4)), "1234");
	/* a source with more behind it holds back what is younger than its last */
	CHECK_TEXT(order(merge("123", 0, "19", 1, 99)), "1123");
	CHECK(sources[1].released == 1);
	/* a source that is being written to holds back everything */
	CHECK_TEXT(order(merge("", 0, "12", 1, 99)), "");
	CHECK_TEXT(order(merge("", 1, "12", 1, 99)), "12");
	/* disorder inside a source is straightened */
	CHECK_TEXT(order(merge("2143", 1, "", 1, 99)), "1234");
	/* never past one that must wait: its room could not be freed */
	CHECK_TEXT(order(merge("182", 1, "", 1, 5)), "1");
	CHECK(sources[0].released == 1);
	noise();
	return unit_end("reorder");
}
