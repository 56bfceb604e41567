// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The longest lines of policies, records that make no sense, and the lines of one record. */
#include "event.h"

#include <sys/mman.h>

#include "event_ksyms.h"
#include "event_line.h"

/* A process and a parent whose every text is as long as it may be, and grows sixfold in JSON. */
static struct proc *hostile_process(void)
{
	static char bad[TX_ARGS_MAX];
	struct tx_task task = { .tgid = 5, .tid = 5, .start = 50 };
	struct proc *parent, *p;
	struct proc_text *t;
	bool cut;

	memset(bad, 1, sizeof(bad));
	t = proc_text_make(bad, 4095, bad, 4095, bad, 1023, "", 0, bad, TX_ARGS_MAX, &cut);
	parent = proc_add(&task, 50, proc_kernel(), t, 0);
	task.tgid = task.tid = 6;
	p = proc_add(&task, 60, parent, t, 0);
	proc_text_drop(t);
	return p;
}

static void longest(void)
{
	static char bad[TX_EVENT_DATA], tags[16384], message[1025];
	static const uint8_t types[] = { TX_ARG_STRING, TX_ARG_CHAR_BUF, TX_ARG_FILE, TX_ARG_CRED };
	uint64_t frames[TX_STACK_FRAMES];
	struct proc *p = hostile_process();
	const char *text;

	memset(bad, 1, sizeof(bad));
	memset(message, 1, sizeof(message) - 1);
	memset(tags, 'x', sizeof(tags) - 1);
	memcpy(tags, "[\"", 2);
	memcpy(tags + sizeof(tags) - 3, "\"]", 2);
	for (int i = 0; i < TX_STACK_FRAMES; i++)
		frames[i] = ~0ULL - i;
	for (int type = 0; type < 4; type++) {
		record_begin(&r);
		for (int i = 0; i < TX_HOOK_ARGS; i++)
			record_data(&r, types[type], bad, TX_EVENT_DATA / TX_HOOK_ARGS);
		record_stack(&r, frames, TX_STACK_FRAMES, frames, TX_STACK_FRAMES);
		selector(TX_HOOK_KPROBE, "f");
		s.message = message;
		s.tags_json = tags;
		s.kind = TX_HOOK_UPROBE;
		text = line_of(p);
		CHECK(strlen(text) > 30000);
		CHECK_HAS(text, "xxxx\"]},\"node_name\"");
	}
	CHECK(!loss_total());
	/* an ordinary process leaves room for all of it */
	record_begin(&r);
	memset(bad, 'a', sizeof(bad));
	record_data(&r, TX_ARG_STRING, bad, TX_ARG_DATA_MAX);
	record_data(&r, TX_ARG_CHAR_BUF, bad, TX_ARG_DATA_MAX);
	record_stack(&r, frames, TX_STACK_FRAMES, frames, TX_STACK_FRAMES);
	selector(TX_HOOK_KPROBE, "f");
	text = line();
	CHECK(!strstr(text, "\"cut\"") && !strstr(text, "frames_left_out"));
	CHECK(strlen(text) > TX_ARG_DATA_MAX + TX_ARG_DATA_MAX / 3 * 4);
}

/* Records whose numbers do not fit them. They lie where memory ends. */
static void nonsense(void)
{
	char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t size;
	struct tx_policy_event *e;

	mprotect(memory + 4096, 4096, PROT_NONE);
	record_begin(&r);
	record_text(&r, TX_ARG_STRING, "12345678");
	record_data(&r, TX_ARG_INT, "", 0);
	size = record_size(&r);
	e = (void *)(memory + 4096 - size);
#define REFUSED(field, value)                        \
	do {                                         \
		memcpy(e, &r, size);                 \
		e->field = (value);                  \
		CHECK(!policy_event_valid(e, size)); \
	} while (0)
	memcpy(e, &r, size);
	CHECK(policy_event_valid(e, size));
	for (size_t len = 0; len < size; len += 8) {
		memcpy(memory + 4096 - len, &r, len);
		CHECK(!policy_event_valid((void *)(memory + 4096 - len), len));
	}
	REFUSED(args, TX_HOOK_ARGS + 1);
	REFUSED(method, TX_METHOD_SET + 1);
	REFUSED(data_len, 9);
	REFUSED(data_len, 0xffffffff);
	REFUSED(data_len, 4);
	REFUSED(stacks_end, 7);
	REFUSED(stacks_end, 0xffffffff);
	REFUSED(kernel_stack, 8);
	REFUSED(user_stack, 0xffffffff);
	REFUSED(arg[0].offset, 1);
	REFUSED(arg[0].offset, 0xffffffff);
	REFUSED(arg[0].len, 9);
	REFUSED(arg[0].len, 0xffffffff);
	REFUSED(arg[1].offset, 9);
	REFUSED(arg[1].len, 1);
	REFUSED(arg[1].type, TX_ARG_TYPES);
}

static bool lookup(void *context, const struct tx_policy_event *e, uint32_t bit,
		   struct event_selector *out)
{
	(void)e;
	*out = s;
	out->bit = bit;
	++*(int *)context;
	return bit != 65;
}

static void each(void)
{
	uint64_t lost = loss_total();
	int asked = 0;

	record_begin(&r);
	selector(TX_HOOK_KPROBE, "f");
	r.e.h.tgid = 0;
	r.e.posted[0] = 5;
	r.e.enforced[0] = 4;
	r.e.enforced[3] = 1ULL << 63;
	r.e.posted[1] = 2;
	CHECK(policy_event_format(&r.e, record_size(&r), lookup, &asked, "kprobe"));
	CHECK(asked == 4 && line_count() && loss_total() == lost + 1);
	lines_out.buffer.buf[lines_out.buffer.len] = 0;
	lines_out.buffer.len = 0;
	r.e.args = 99;
	CHECK(!policy_event_format(&r.e, record_size(&r), lookup, &asked, "kprobe"));
	CHECK(asked == 4 && !lines_out.buffer.len);
}

int main(void)
{
	CHECK(!proc_table_open());
	lines_open();
	CHECK(!ksyms_load("/dev/null", 5000000000));
	longest();
	nonsense();
	each();
	lines_close();
	ksyms_free();
	proc_table_close();
	return unit_end("policy_event_bounds");
}
