// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The supervisor of the runs, and the child's way through its tokens. */
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "act.h"

#define TOKENS_MAX 64
/* Emulated machines are slow; a run that takes longer hangs. */
#define RUN_TIMEOUT_MS 30000

static const struct action *const tables[] = { call_actions,   file_actions, net_actions,
					       kernel_actions, user_actions, map_actions,
					       away_actions };
static char extra_text[EXTRA_MAX];

void fail(const char *what)
{
	fprintf(stderr, "act: %s: %s\n", what, strerror(errno));
	_exit(99);
}

void extra(const char *format, ...)
{
	size_t len = strlen(extra_text);
	va_list args;

	if (len && len + 1 < sizeof(extra_text))
		extra_text[len++] = ',';
	va_start(args, format);
	vsnprintf(extra_text + len, sizeof(extra_text) - len, format, args);
	va_end(args);
}

void report(int kind, int number, long ret, int err)
{
	struct report r = { .kind = kind, .number = number, .ret = ret, .err = err };

	memcpy(r.extra, extra_text, sizeof(r.extra));
	must(write(REPORT_FD, &r, sizeof(r)) == sizeof(r), "report");
}

struct job {
	const struct action *action;
	char **args;
	int times;
	long ret;
	int err;
};

static void *do_job(void *arg)
{
	struct job *job = arg;

	for (int i = 0; i < job->times; i++) {
		errno = 0;
		job->ret = job->action->run(job->args);
		job->err = job->ret == -1 ? errno : 0;
	}
	return NULL;
}

static const struct action *find_action(const char *name)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
		for (const struct action *a = tables[t]; a->name; a++)
			if (!strcmp(a->name, name))
				return a;
	errno = 0;
	fail(name);
}

void run_child(char **tokens)
{
	struct job job = { 0 };

	while (*tokens) {
		int thread = 0;

		job = (struct job){ .times = 1 };
		while (*tokens && modify(&tokens, &job.times, &thread))
			;
		must(*tokens != NULL, "no action");
		job.action = find_action(*tokens++);
		job.args = tokens;
		for (int i = 0; i < job.action->count; i++)
			must(*tokens++ != NULL, job.action->name);
		if (thread) {
			pthread_t id;

			must(!pthread_create(&id, NULL, do_job, &job), "thread");
			pthread_join(id, NULL);
		} else {
			do_job(&job);
		}
		if (*tokens && !strcmp(*tokens, "+"))
			tokens++;
	}
	report(REPORT_END, 0, job.ret, job.err);
	_exit(0);
}

/* Forks; `pid` other than 0 is the number the child shall have. */
static pid_t start_child(pid_t pid)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (!pid)
		return fork();
	args.set_tid = (unsigned long)&pid;
	args.set_tid_size = 1;
	return syscall(SYS_clone3, &args, sizeof(args));
}

/*
 * One report, and who sent it: a number as we see it, whatever namespace the sender is in. False
 * when everybody who could send has ended, or nothing has come for too long.
 */
static int receive(int fd, struct report *r, pid_t *sender)
{
	char control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec part = { r, sizeof(*r) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct pollfd ready = { fd, POLLIN, 0 };
	struct cmsghdr *c;

	if (poll(&ready, 1, RUN_TIMEOUT_MS) != 1 || recvmsg(fd, &message, 0) != sizeof(*r))
		return 0;
	c = CMSG_FIRSTHDR(&message);
	*sender = c && c->cmsg_type == SCM_CREDENTIALS ? ((struct ucred *)CMSG_DATA(c))->pid : 0;
	return 1;
}

/* Waits for the end of a run that has no more to say; one that does not end is made to. */
static int end_of(pid_t child, int *status)
{
	for (int i = 0; i < 200; i++) {
		if (waitpid(child, status, WNOHANG) == child)
			return 1;
		usleep(10000);
	}
	kill(child, SIGKILL);
	waitpid(child, status, 0);
	return 0;
}

static void run_one(const char *id, char **tokens)
{
	struct report r, end = { .ret = -2 };
	int fds[2], one = 1, status = 0, signal = 0, ended;
	pid_t wanted = 0, child, actor, sender = 0;

	if (*tokens && !strncmp(*tokens, "pid=", 4))
		wanted = atoi(*tokens++ + 4);
	must(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), "socketpair");
	must(!setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)), "credentials");
	fflush(stdout);
	/* A number that is wanted may be somebody's for a moment. */
	for (int i = 0; (child = start_child(wanted)) < 0 && errno == EEXIST && i < 500; i++)
		usleep(10000);
	if (child < 0) {
		printf("{\"id\":\"%s\",\"pid\":%d,\"ret\":-3,\"errno\":%d,\"signal\":0,\"extra\":{}"
		       "}\n",
		       id, wanted, errno);
		fflush(stdout);
		close(fds[0]);
		close(fds[1]);
		return;
	}
	if (!child) {
		must(dup2(fds[1], REPORT_FD) == REPORT_FD, "report");
		run_child(tokens);
	}
	actor = child;
	close(fds[1]);
	while (receive(fds[0], &r, &sender)) {
		if (r.kind == REPORT_PID)
			actor = sender;
		else if (r.kind == REPORT_SIGNAL)
			signal = r.number;
		else
			end = r;
	}
	close(fds[0]);
	ended = end_of(child, &status);
	if (ended && WIFSIGNALED(status))
		signal = WTERMSIG(status);
	printf("{\"id\":\"%s\",\"pid\":%d,\"ret\":%ld,\"errno\":%d,\"signal\":%d,\"status\":%d,"
	       "\"hung\":%s,\"extra\":{%s}}\n",
	       id, actor, end.ret, end.err, signal, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	       ended ? "false" : "true", end.extra);
	fflush(stdout);
}

static void run_batch(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	must(f != NULL, path);
	while ((len = getline(&line, &room, f)) > 0) {
		char *tokens[TOKENS_MAX + 1], *rest = line;
		int n = 0;

		line[strcspn(line, "\n")] = 0;
		while (n < TOKENS_MAX && (tokens[n] = strsep(&rest, "\t")))
			n++;
		tokens[n] = NULL;
		run_one(tokens[0], tokens + 1);
	}
	fclose(f);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "child"))
		run_child(argv + 2);
	if (argc == 3 && !strcmp(argv[1], "batch"))
		run_batch(argv[2]);
	else if (argc > 1)
		run_one("-", argv + 1);
	return argc < 2;
}
