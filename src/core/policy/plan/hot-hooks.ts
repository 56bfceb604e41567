/*
 * Hits a second of hooks that are known to be hot, on a busy server with a few cores: orders of magnitude, to say before
 * a policy is loaded what it will cost. What stands in no table is taken as quiet.
 */
const SYSCALLS: Readonly<Record<string, number>> = {
  read: 40_000,
  write: 25_000,
  futex: 60_000,
  close: 10_000,
  epoll_wait: 20_000,
  epoll_pwait: 20_000,
  poll: 10_000,
  ppoll: 5_000,
  recvfrom: 15_000,
  recvmsg: 10_000,
  sendto: 15_000,
  sendmsg: 8_000,
  readv: 2_000,
  writev: 8_000,
  pread64: 8_000,
  pwrite64: 5_000,
  openat: 5_000,
  newfstatat: 8_000,
  fstat: 6_000,
  stat: 5_000,
  statx: 3_000,
  lseek: 4_000,
  ioctl: 4_000,
  fcntl: 5_000,
  mmap: 4_000,
  munmap: 2_500,
  mprotect: 2_000,
  brk: 2_000,
  rt_sigaction: 3_000,
  rt_sigprocmask: 6_000,
  clock_nanosleep: 2_000,
  nanosleep: 1_000,
  sched_yield: 3_000,
  getpid: 1_000,
  connect: 500,
  accept4: 500,
  socket: 500,
  dup: 200,
  execve: 50,
  clone: 100,
  clone3: 100,
  exit_group: 50,
};

const FUNCTIONS: Readonly<Record<string, number>> = {
  security_file_permission: 80_000,
  security_file_open: 6_000,
  security_mmap_file: 4_000,
  security_capable: 10_000,
  security_inode_permission: 60_000,
  security_inode_getattr: 20_000,
  security_socket_sendmsg: 25_000,
  security_socket_recvmsg: 30_000,
  security_socket_connect: 500,
  security_d_instantiate: 2_000,
  fd_install: 6_000,
  vfs_read: 45_000,
  vfs_write: 25_000,
  vfs_open: 6_000,
  do_sys_openat2: 5_000,
  filp_close: 10_000,
  tcp_sendmsg: 20_000,
  tcp_recvmsg: 25_000,
  tcp_connect: 300,
  tcp_close: 500,
  inet_csk_accept: 300,
  udp_sendmsg: 2_000,
  udp_recvmsg: 2_000,
  ip_output: 30_000,
  dev_queue_xmit: 30_000,
  __dev_queue_xmit: 30_000,
  dev_hard_start_xmit: 30_000,
  netif_receive_skb: 40_000,
  ip_rcv: 40_000,
  consume_skb: 60_000,
  kfree_skb: 5_000,
  kfree_skb_reason: 5_000,
  kmem_cache_alloc: 200_000,
  kmalloc: 100_000,
  kfree: 200_000,
  schedule: 40_000,
  try_to_wake_up: 40_000,
  wake_up_new_task: 150,
  commit_creds: 200,
  cap_capable: 10_000,
};

const TRACEPOINTS: Readonly<Record<string, number>> = {
  "sched/sched_switch": 40_000,
  "sched/sched_wakeup": 40_000,
  "sched/sched_waking": 40_000,
  "sched/sched_process_exec": 50,
  "sched/sched_process_fork": 150,
  "sched/sched_process_exit": 150,
  "skb/kfree_skb": 5_000,
  "skb/consume_skb": 60_000,
  "net/net_dev_xmit": 30_000,
  "net/net_dev_queue": 30_000,
  "net/netif_receive_skb": 40_000,
  "kmem/kmalloc": 100_000,
  "kmem/kfree": 200_000,
  "kmem/kmem_cache_alloc": 200_000,
  "irq/softirq_entry": 20_000,
  "irq/irq_handler_entry": 10_000,
  "timer/hrtimer_start": 20_000,
  "block/block_rq_issue": 2_000,
  "writeback/writeback_dirty_page": 2_000,
};

/** System calls of all kinds. */
export const SYSCALL_RATE = 250_000;
/** Of a hook nobody called hot. */
export const QUIET_RATE = 100;
/** All functions a pattern may stand for. */
export const MANY_FUNCTIONS_RATE = 500_000;

/** Typical hits a second of one system call, `sys_read`. */
export function syscallRate(name: string): number {
  return SYSCALLS[name.replace(/^sys_/, "")] ?? QUIET_RATE;
}

/** Of a kernel function. */
export function functionRate(name: string): number {
  return FUNCTIONS[name] ?? QUIET_RATE;
}

/** Of a tracepoint, those of system calls apart. */
export function tracepointRate(group: string, event: string): number {
  if (group === "raw_syscalls") return SYSCALL_RATE;
  const call = /^sys_(?:enter|exit)_(.+)$/.exec(event)?.[1];
  if (group === "syscalls" && call !== undefined) return syscallRate(call);
  // Raw ones of system calls are named without a group of their own.
  if (event === "sys_enter" || event === "sys_exit") return SYSCALL_RATE;
  return TRACEPOINTS[`${group}/${event}`] ?? QUIET_RATE;
}
