// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What policies' lines say beside arguments, and of what is cut. */
#include "event.h"

#include "event_line.h"

static void lists(void)
{
	static const char *const labels[] = { "first", NULL, "\"", "d" };
	static const uint8_t positions[] = { 1, TX_NO_POSITION, 0, 1 };

	record_begin(&r);
	record_number(&r, TX_ARG_INT, 1);
	record_number(&r, TX_ARG_INT, 2);
	record_number(&r, TX_ARG_INT, -13);
	selector(TX_HOOK_KPROBE, "f");
	s.args = 4;
	s.data_from = 3;
	s.position = positions;
	s.labels = labels;
	s.message = "why\n";
	s.tags_json = "[\"a\",\"b\"]";
	s.wants_return = true;
	s.return_position = 2;
	s.return_action = "UNTRACKSOCK";
	s.return_label = "errno";
	/* the call has not returned: nothing is said of it */
	CHECK_HAS(line(), "\"args\":[{\"int_arg\":2,\"label\":\"first\"},"
			  "{\"error_arg\":{\"Message\":\"not read at this hook\"}},"
			  "{\"int_arg\":1,\"label\":\"\\\"\"}],\"data\":[{\"int_arg\":2,\"label\":"
			  "\"d\"}],\"action\":\"KPROBE_ACTION_POST\",\"return_action\":"
			  "\"KPROBE_ACTION_UNTRACKSOCK\",\"policy_name\":\"p\",\"message\":"
			  "\"why\\n\",\"tags\":[\"a\",\"b\"]},\"node_name\"");
	r.e.has_ret = 1;
	CHECK_HAS(line(), "],\"return\":{\"int_arg\":-13,\"label\":\"errno\"},\"action\"");
	s.return_position = TX_NO_POSITION;
	r.e.ret = 3;
	CHECK_HAS(line(), "],\"return\":{\"int_arg\":3},\"action\"");
	s.data_from = 0;
	CHECK_HAS(line(), "\"f\",\"data\":[{\"int_arg\":2,");
	s.kind = TX_HOOK_UPROBE;
	CHECK_HAS(line(), "\"symbol\":\"f\",\"data\":[");
}

static void enforcement(void)
{
	record_begin(&r);
	selector(TX_HOOK_KPROBE, "f");
	s.action = "SIGKILL";
	CHECK(!strstr(line(), "enforced") && !strstr(line(), "monitored"));
	s.monitor = true;
	CHECK_HAS(line(), "\"ktime_ns\":\"5000000000\",\"monitored\":true}}");
	s.action = "POST";
	CHECK(!strstr(line(), "monitored") && !strstr(line(), "late"));
	r.e.seen = TX_SEEN_LATE;
	CHECK_HAS(line(), "\"ktime_ns\":\"5000000000\",\"late\":true}}");
	r.e.seen = TX_SEEN_TRAMPOLINE;
	CHECK(!strstr(line(), "late"));
	r.e.enforced[0] = 1;
	r.e.signal = 9;
	CHECK_HAS(line(), ",\"enforced\":{\"method\":\"signal\",\"stopped\":false,\"signal\":"
			  "\"SIGKILL\"}}}");
	r.e.method = TX_METHOD_LSM;
	r.e.error = -1;
	r.e.signal = 70;
	CHECK_HAS(line(), ",\"enforced\":{\"method\":\"lsm\",\"stopped\":true,\"error\":-1,"
			  "\"signal\":\"70\"}}}");
	r.e.signal = 0;
	r.e.method = TX_METHOD_OVERRIDE_RETURN;
	CHECK_HAS(line(), "{\"method\":\"override_return\",\"stopped\":true,\"error\":-1}}}");
	r.e.method = TX_METHOD_FMOD_RET;
	CHECK_HAS(line(), "{\"method\":\"fmod_ret\",\"stopped\":true");
	r.e.method = TX_METHOD_CGROUP;
	CHECK_HAS(line(), "{\"method\":\"cgroup\",\"stopped\":true");
	r.e.method = TX_METHOD_SET;
	CHECK_HAS(line(), "{\"method\":\"set\",\"stopped\":false");
	r.e.method = TX_METHOD_NONE;
	CHECK_HAS(line(), "{\"method\":\"mark\",\"stopped\":false,\"error\":-1}}}");
	/* it was another selector's */
	s.bit = 200;
	CHECK(!strstr(line(), "enforced"));
	r.e.enforced[3] = 1 << 8;
	CHECK_HAS(line(), "\"enforced\":");
}

static void cuts(void)
{
	struct tx_parg *a;

	record_begin(&r);
	a = record_text(&r, TX_ARG_CHAR_BUF, "abc");
	a->orig = 5000;
	a->flags = TX_PARG_CUT;
	record_text(&r, TX_ARG_STRING, "x")->flags = TX_PARG_CUT;
	a = record_text(&r, TX_ARG_CHAR_BUF, "");
	a->orig = 10;
	a->flags = TX_PARG_FAULT;
	record_text(&r, TX_ARG_FILE, "")->flags = TX_PARG_FAULT;
	record_text(&r, TX_ARG_STRING, "")->flags = TX_PARG_MISSING | TX_PARG_CUT;
	record_data(&r, TX_ARG_SOCK, "", 0)->flags = TX_PARG_FAULT;
	record_data(&r, TX_ARG_CRED, "short", 5);
	a = record_text(&r, TX_ARG_CHAR_IOVEC, "ab");
	a->orig = 4;
	a->flags = TX_PARG_FAULT | TX_PARG_CUT;
	selector(TX_HOOK_KPROBE, "f");
	CHECK_HAS(line(),
		  "\"args\":[{\"truncated_bytes_arg\":{\"bytes_arg\":\"YWJj\",\"orig_size\":"
		  "\"5000\"}},{\"string_arg\":\"x\"},"
		  "{\"error_arg\":{\"Message\":\"memory could not be read\"}},"
		  "{\"error_arg\":{\"Message\":\"memory could not be read\"}},"
		  "{\"error_arg\":{\"Message\":\"no room in the record\"}},"
		  "{\"error_arg\":{\"Message\":\"memory could not be read\"}},"
		  "{\"error_arg\":{\"Message\":\"not told by the kernel\"}},"
		  "{\"truncated_bytes_arg\":{\"bytes_arg\":\"YWI=\",\"orig_size\":\"4\"}}],");
	CHECK_HAS(line(), ",\"cut\":[{\"arg\":0,\"size\":5000},{\"arg\":1},{\"arg\":4},"
			  "{\"arg\":7,\"size\":4}]}}");
	record_begin(&r);
	record_text(&r, TX_ARG_CHAR_BUF, "")->flags = TX_PARG_CUT;
	r.e.arg[0].orig = 7;
	selector(TX_HOOK_KPROBE, "f");
	s.args = 0;
	s.wants_return = true;
	r.e.has_ret = 1;
	CHECK_HAS(line(), "\"return\":{\"truncated_bytes_arg\":{\"orig_size\":\"7\"}},");
	CHECK_HAS(line(), ",\"cut\":[{\"return\":true,\"size\":7}]}}");
}

static void digest(void)
{
	record_begin(&r);
	selector(TX_HOOK_LSM, "file_open");
	r.e.ima_algorithm = 4;
	r.e.ima[0] = 0x73;
	r.e.ima[31] = 0xab;
	r.e.ima[32] = 0xff;
	CHECK(!strstr(line(), "ima_hash"));
	r.e.ima_len = TX_IMA_MAX;
	CHECK_HAS(line(), ",\"ima_hash\":\"sha256:7300000000000000000000000000000000000000000000000"
			  "0000000000000ab\"},\"node_name\"");
	r.e.ima_algorithm = 6;
	CHECK_HAS(line(), ",\"ima_hash\":\"sha512:73");
	r.e.ima_algorithm = 99;
	CHECK(!strstr(line(), "ima_hash"));
}

int main(void)
{
	CHECK(!proc_table_open());
	lines_open();
	lists();
	enforcement();
	cuts();
	digest();
	lines_close();
	proc_table_close();
	return unit_end("policy_event_edge");
}
