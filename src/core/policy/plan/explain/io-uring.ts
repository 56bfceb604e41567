import type { PlanHook } from "../plan.ts";

/** System calls of which the same can be asked for through io_uring, on some kernel there is, without making them. */
const ASKED_FOR = new Set(
  [
    "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 fsync fdatasync sync_file_range",
    "open openat openat2 creat close stat lstat newfstatat statx fallocate ftruncate fadvise64 madvise splice tee",
    "rename renameat renameat2 unlink unlinkat rmdir mkdir mkdirat symlink symlinkat link linkat",
    "setxattr fsetxattr getxattr fgetxattr socket connect accept accept4 bind listen shutdown",
    "send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg epoll_ctl epoll_wait epoll_pwait poll ppoll",
    "futex futex_waitv waitid pipe pipe2",
  ].flatMap((names) => names.split(" ")),
);

/** Whether what a hook is about can be had without its noticing: it looks at system calls, and io_uring makes none. */
export function missesIoUring(hook: PlanHook): boolean {
  switch (hook.kind) {
    case "kprobe":
    case "fentry":
      if (hook.flags.includes("generated_syscalls")) return true;
      return hook.flags.includes("syscall") && ASKED_FOR.has(hook.call.replace(/^sys_/, ""));
    case "tracepoint":
    case "raw_tracepoint": {
      const call = /^sys_(?:enter|exit)(?:_(.+))?$/.exec(hook.call);
      return call !== null && (call[1] === undefined || ASKED_FOR.has(call[1]));
    }
    case "lsm":
    case "uprobe":
    case "usdt":
      return false;
  }
}
