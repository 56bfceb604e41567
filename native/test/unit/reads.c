// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "reads.h"

#include "unit.h"

static const char *told(void)
{
	static char buf[1024];
	struct json j = { .buf = buf, .cap = sizeof(buf) - 1 };

	json_open(&j, '{');
	reads_write(&j);
	json_close(&j, '}');
	buf[j.len] = 0;
	return buf;
}

/* Any kernel: what an engine before has found is taken over. */
static const struct reads_kept directly;

static void a_refusal_is_tried_by_helper(void)
{
	reads_take(&directly);
	CHECK(reads_directly());
	CHECK_TEXT(told(), "{\"reads\":{\"way\":\"direct\"}}");
	CHECK(reads_blame("a", "no"));
	CHECK(!reads_directly());
	CHECK_TEXT(told(), "{\"reads\":{\"way\":\"helper\",\"reason\":\"a: no\"}}");
	/* Another one is refused then: the way was not its fault, and a's stays. */
	CHECK(!reads_blame("b", "never"));
	CHECK_TEXT(told(), "{\"reads\":{\"way\":\"helper\",\"reason\":\"a: no\"}}");
}

static void refused_either_way_it_was_not_the_reading(void)
{
	reads_take(&directly);
	CHECK(reads_blame("a", "no"));
	CHECK(!reads_blame("a", "no"));
	CHECK_TEXT(told(), "{\"reads\":{\"way\":\"direct\"}}");
}

static void it_is_kept_for_the_next_engine(void)
{
	struct reads_kept kept;

	reads_take(&directly);
	CHECK(reads_blame("a", "no"));
	reads_keep(&kept);
	reads_take(&directly);
	CHECK(reads_directly());
	reads_take(&kept);
	CHECK_TEXT(told(), "{\"reads\":{\"way\":\"helper\",\"reason\":\"a: no\"}}");
	/* What lies in a pin may be anybody's. */
	memset(kept.reason, 'x', sizeof(kept.reason));
	reads_take(&kept);
	CHECK(strlen(told()) < 300);
}

static void policies_have_a_reason_of_their_own(void)
{
	reads_take(&directly);
	reads_blame_policy("p", "no");
	CHECK_TEXT(told(), "{\"reads\":{\"way\":\"direct\",\"policy_reason\":\"p: no\"}}");
}

int main(void)
{
	a_refusal_is_tried_by_helper();
	refused_either_way_it_was_not_the_reading();
	it_is_kept_for_the_next_engine();
	policies_have_a_reason_of_their_own();
	return unit_end("reads");
}
