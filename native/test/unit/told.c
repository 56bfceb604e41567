// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "told.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loss.h"
#include "state.h"
#include "unit.h"

#define OURS "aaaaaaaaaaaaaaaa"
#define NEXT "bbbbbbbbbbbbbbbb"
#define OTHER "cccccccccccccccc"

static char dir[] = "/tmp/tx-told-XXXXXX";

static const char *path_of(int number)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/events-%d.jsonl", dir, number);
	return path;
}

static void add(int number, const char *text)
{
	FILE *f = fopen(path_of(number), "a");

	fputs(text, f);
	fclose(f);
}

static void add_record(int number, const char *run, int cpu, int seq)
{
	char line[512];

	/* What users choose may look like ours; in a string its quotes are escaped. */
	snprintf(line, sizeof(line),
		 "{\"process_exec\":{\"process\":{\"arguments\":\"\\\"telovix\\\":{\\\"seq\\\":"
		 "\\\"1\\\"\"}},"
		 "\"node_name\":\"n\",\"telovix\":{\"seq\":\"7\",\"boot_id\":\"x\",\"run_id\":\"%"
		 "s\","
		 "\"cpu\":%d,\"cpu_seq\":\"%d\",\"backend\":\"tp_btf\"}}\n",
		 run, cpu, seq);
	add(number, line);
}

static void add_start(int number, const char *run, const char *pin_id)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "{\"engine_start\":{\"pins\":{\"status\":\"adopted\",\"pin_id\":\"%s\"}},"
		 "\"telovix\":{"
		 "\"seq\":\"1\",\"boot_id\":\"x\",\"run_id\":\"%s\"}}\n",
		 pin_id, run);
	add(number, line);
}

static long size_of(int number)
{
	struct stat st;

	return stat(path_of(number), &st) ? -1 : st.st_size;
}

static bool has(int cpu, int seq)
{
	struct tx_header h = { .cpu = cpu, .cpu_seq = seq };

	return told_has(&h);
}

int main(void)
{
	static struct state_bank bank = { .segment = 2, .run_id = OURS };
	struct loss_row *row;
	enum loss_cause cause;
	uint32_t cpu;
	long whole;
	int fd;

	CHECK(mkdtemp(dir) != NULL);
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	CHECK(!loss_open(4));
	add_record(1, OURS, 0, 1);
	add_record(2, OURS, 0, 2);
	bank.offset = size_of(2); /* committed up to here */
	add_record(2, OURS, 0, 3);
	add_record(2, OTHER, 0, 4);
	add_start(3, NEXT, "00000000000000ff");
	add_record(3, NEXT, 3, 5);
	add(3, "{\"engine_loss\":{\"cause\":\"ring_exec\",\"cpu\":1,\"count\":\"30\"},\"telovix\":{"
	       "\"seq\":\"3\","
	       "\"boot_id\":\"x\",\"run_id\":\"" NEXT "\"}}\n");
	add_start(4, OTHER, "0000000000000001");
	add_record(4, OTHER, 0, 6);
	add_record(4, NEXT, 0, 7);
	whole = size_of(4);
	add(4, "{\"process_exec\":{\"telovix\":{\"seq\":\"9\",\"boot_id\":\"x\",\"run_id\":\"" OURS
	       "\",\"cpu\":0,\"cpu_seq\":\"8\"");
	CHECK(!told_any() && !has(0, 1));
	loss_add(LOSS_RING_EXEC, 1, 10, 100, 200);
	CHECK(!told_read(fd, &bank, 0xff, true));
	CHECK(told_any());
	CHECK(!has(0, 1) && !has(0, 2));                  /* before the commit */
	CHECK(has(0, 3) && has(3, 5) && has(0, 7));       /* told */
	CHECK(!has(0, 4) && !has(0, 6) && !has(1, 3));    /* of others */
	CHECK(!has(0, 8) && size_of(4) == whole);         /* torn: taken back */
	CHECK(!loss_due(1ULL << 62, true, &cause, &cpu)); /* 30 are told: these 10 … */
	loss_add(LOSS_RING_EXEC, 1, 25, 200, 300);        /* … and 20 of these */
	row = loss_due(1ULL << 62, true, &cause, &cpu);
	CHECK(row && row->count == 5 && cause == LOSS_RING_EXEC && cpu == 1);
	told_forget();
	CHECK(!told_any() && !has(0, 3));
	for (int i = 1; i <= 4; i++)
		unlink(path_of(i));
	rmdir(dir);
	return unit_end("told");
}
