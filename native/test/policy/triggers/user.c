// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Functions and static probes of our own, for uprobes and USDT. */
#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"
#include "usdt.h"

#define TARGET __attribute__((noinline, used))

TARGET long tx_user_ints(int a, long b, unsigned int c)
{
	__asm__ volatile("");
	return a + b + c;
}

TARGET size_t tx_user_text(const char *text, size_t size)
{
	__asm__ volatile("" : : "r"(text), "r"(size) : "memory");
	return size;
}

TARGET long tx_user_return(long value)
{
	__asm__ volatile("");
	return value;
}

TARGET void tx_user_other(void)
{
	__asm__ volatile("");
}

/* Never returns: the thread ends in it. */
TARGET void tx_user_end(long value)
{
	__asm__ volatile("" : : "r"(value));
	syscall(SYS_exit, 0);
}

TARGET long tx_user_deep(long more)
{
	long below = more > 0 ? tx_user_deep(more - 1) : 0;

	__asm__ volatile("" : "+r"(below));
	return below + 1;
}

TARGET long tx_user_slow(long ms)
{
	usleep(1000 * ms);
	return ms;
}

/* Nobody leaves before all are in it; then all do, or all end. */
TARGET long tx_user_gate(long all, long ends)
{
	static long inside;

	__atomic_add_fetch(&inside, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&inside, __ATOMIC_RELAXED) < all)
		usleep(1000);
	if (ends)
		syscall(SYS_exit, 0);
	return all;
}

static void *end_thread(void *value)
{
	tx_user_end((long)value);
	return NULL;
}

static long run_end(char **a)
{
	long threads = number(a[0]);

	for (long i = 0; i < threads; i++) {
		pthread_t thread;

		must(!pthread_create(&thread, NULL, end_thread, (void *)i), "pthread_create");
		pthread_join(thread, NULL);
	}
	return threads;
}

static long gate_all, gate_ends;

static void *gate_thread(void *arg)
{
	tx_user_gate(gate_all, gate_ends);
	return arg;
}

/* user-gate THREADS ENDS */
static long run_gate(char **a)
{
	static pthread_t threads[512];
	pthread_attr_t attr;

	gate_all = number(a[0]);
	gate_ends = number(a[1]);
	must(gate_all <= 512, "so many threads");
	must(!pthread_attr_init(&attr) && !pthread_attr_setstacksize(&attr, 64 << 10), "a stack");
	for (long i = 0; i < gate_all; i++)
		must(!pthread_create(&threads[i], &attr, gate_thread, NULL), "pthread_create");
	for (long i = 0; i < gate_all; i++)
		pthread_join(threads[i], NULL);
	return gate_all;
}

static long run_deep(char **a)
{
	return tx_user_deep(number(a[0]));
}

static long run_slow(char **a)
{
	return tx_user_slow(number(a[0]));
}

TARGET const char *tx_user_echo(const char *text)
{
	__asm__ volatile("" : : "r"(text) : "memory");
	return text;
}

static long run_ints(char **a)
{
	return tx_user_ints(number(a[0]), number(a[1]), number(a[2]));
}

static long run_text(char **a)
{
	return tx_user_text(a[0], strlen(a[0]));
}

static long run_return(char **a)
{
	return tx_user_return(number(a[0]));
}

static long run_echo(char **a)
{
	return strlen(tx_user_echo(a[0]));
}

static long run_other(char **a)
{
	(void)a;
	tx_user_other();
	return 0;
}

static long run_usdt_ints(char **a)
{
	int32_t first = number(a[0]);
	int64_t second = number(a[1]);
	uint32_t third = number(a[2]);

	USDT_3(telovix, ints, "-4", first, "-8", second, "4", third);
	return 0;
}

static long run_usdt_text(char **a)
{
	const char *text = a[0];
	uint64_t size = strlen(text);

	USDT_2(telovix, text, "8", text, "8", size);
	return 0;
}

/* The probe's argument is a place in memory, which a policy may write to. */
static long run_usdt_place(char **a)
{
	volatile int32_t place = number(a[0]);

	USDT_PLACE(telovix, place, place);
	extra("\"place\":%d", place);
	return place;
}

USDT_SEMAPHORE(telovix, guarded);

/* As programs do for whom preparing the arguments costs: only when somebody listens. */
static long run_usdt_guarded(char **a)
{
	int32_t value = number(a[0]);
	uint64_t none = 0;

	if (telovix_guarded_semaphore)
		USDT_GUARDED(telovix, guarded, "-4", value, "8", none);
	extra("\"listeners\":%d", telovix_guarded_semaphore);
	return telovix_guarded_semaphore;
}

const struct action user_actions[] = {
	{ "user-ints", 3, run_ints },
	{ "user-text", 1, run_text },
	{ "user-return", 1, run_return },
	{ "user-other", 0, run_other },
	{ "user-end", 1, run_end },
	{ "user-deep", 1, run_deep },
	{ "user-slow", 1, run_slow },
	{ "user-gate", 2, run_gate },
	{ "user-echo", 1, run_echo },
	{ "usdt-ints", 3, run_usdt_ints },
	{ "usdt-text", 1, run_usdt_text },
	{ "usdt-place", 1, run_usdt_place },
	{ "usdt-guarded", 1, run_usdt_guarded },
	{ NULL, 0, NULL },
};
