// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* exec with hostile and long arguments, of a script, from a memfd, and by a thread that is not
 * first. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "trigger.h"

static char *const nothing[] = { NULL };

static void hostile(void)
{
	static char big[6001];
	char *const argv[] = { "we\"ird",     "a b", "new\nline", "\x01\x7f", "\xff\xfe",
			       "back\\slash", "",    "\xc3\xa9",  big,        NULL };
	pid_t child;

	memset(big, 'x', 6000);
	child = fork();
	if (!child) {
		execve("/proc/self/exe", argv, nothing);
		_exit(98);
	}
	wait_for(child);
	truth("exec keeps hostile arguments", 1, child, "{\"process_exec\"",
	      "\"argv\":[\"we\\\"ird\",\"a "
	      "b\",\"new\\nline\",\"\\u0001\\u007f\",\"\xef\xbf\xbd\xef\xbf\xbd\","
	      "\"back\\\\slash\",\"\",\"\xc3\xa9\",\"xxx",
	      text_of("xx%s", "\"],\"flags\":\"execve clone\""), big, NULL);
}

static void script(const char *dir)
{
	char *path = text_of("%s/script.sh", dir);
	int fd = open(path, O_WRONLY | O_CREAT, 0755);
	char *const argv[] = { path, "one", NULL };
	pid_t child;

	must(fd >= 0 && write(fd, "#!/bin/sh\nexit 7\n", 17) == 17 && !close(fd), "script");
	child = fork();
	if (!child) {
		execve(path, argv, nothing);
		_exit(98);
	}
	must(WEXITSTATUS(wait_for(child)) == 7, "script run");
	truth("a script names itself and its interpreter", 1, child, "{\"process_exec\"",
	      text_of("\"script\":\"%s\"", path),
	      text_of("\"argv\":[\"/bin/sh\",\"%s\",\"one\"]", path), NULL);
	truth("its exit status is told", 1, child, "{\"process_exit\"", "\"status\":7", NULL);
	unlink(path);
}

static void from_memfd(void)
{
	static char buf[4 << 20];
	int self = open("/proc/self/exe", O_RDONLY);
	ssize_t n = read(self, buf, sizeof(buf));
	int fd = memfd_create("tx-memfd", MFD_CLOEXEC);
	char *const argv[] = { "child", NULL };
	pid_t child;

	must(n > 0 && fd >= 0 && write(fd, buf, n) == n, "memfd");
	truth("memfd_create is told", 1, getpid(), "\"sys_memfd_create\"",
	      "{\"string_arg\":\"tx-memfd\"}", NULL);
	child = fork();
	if (!child) {
		fexecve(fd, argv, nothing);
		_exit(98);
	}
	wait_for(child);
	truth("exec from a memfd is marked", 1, child, "{\"process_exec\"",
	      "\"binary\":\"/memfd:tx-memfd\"", "\"nlink\":0", "\"memfd\":true", NULL);
}

static void *exec_here(void *unused)
{
	char *const argv[] = { "child", "thread", NULL };

	(void)unused;
	execve("/proc/self/exe", argv, nothing);
	_exit(98);
}

static void by_thread(void)
{
	pid_t child = fork();
	pthread_t thread;

	if (!child) {
		pthread_create(&thread, NULL, exec_here, NULL);
		for (;;)
			pause();
	}
	wait_for(child);
	truth("exec by another thread is one exec of the process", 1, child, "{\"process_exec\"",
	      "\"argv\":[\"child\",\"thread\"]", NULL);
	truth("and one exit", 1, child, "{\"process_exit\"", "\"status\":33", NULL);
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/tx-exec-XXXXXX";

	if (strcmp(argv[0], "child") == 0 || strcmp(argv[0], "we\"ird") == 0)
		return argc > 1 && !strcmp(argv[1], "thread") ? 33 : 0;
	must(mkdtemp(dir) != NULL, "mkdtemp");
	hostile();
	script(dir);
	from_memfd();
	by_thread();
	rmdir(dir);
	return 0;
}
