/** How a hook is put into the kernel, by the engine's names. */
export type Backend =
  | "kprobe"
  /** A kprobe and its return probe, told as one event. */
  | "kretprobe"
  | "fentry"
  | "fexit"
  | "lsm"
  /** On the function of an LSM hook, where LSM programs do not run. */
  | "fmod_ret"
  | "tracepoint"
  | "raw_tp"
  | "uprobe"
  | "uretprobe"
  | "usdt"
  | "sys_enter"
  | "sys_exit";

/** How a hook's actions stop or end something. */
export type EnforcementMethod =
  | "lsm"
  | "fmod_ret"
  | "override_return"
  | "lsm after sys_enter mark"
  | "cgroup"
  | "signal"
  | "none";

export interface Enforcement {
  readonly method: EnforcementMethod;
  /** True when the call that matched does not happen; a signal alone ends the process after it. */
  readonly stopsCall: boolean;
  /** What the method leaves out, or why there is none. */
  readonly reason?: string;
}

/** What one hook of a plan gets on a host. */
export interface HookChoice {
  /** "sys_openat", "security_file_open", "raw_syscalls/sys_enter", "/bin/bash:readline". */
  readonly hook: string;
  readonly kind: string;
  /** What its events are seen through; absent when it is rejected, and of an enforcer, for which nothing is attached. */
  readonly backend?: Backend;
  /** What it needs beside it: where a call is stopped on its way in and told on its way out. */
  readonly beside?: readonly Backend[];
  readonly status: "ok" | "degraded" | "rejected";
  /** What is lost, or in the way; of an "ok" hook nothing. */
  readonly reason?: string;
  readonly enforcement: Enforcement;
}

/** One step of a choice: a backend and what it costs in truth. */
export interface BackendChoice {
  readonly backend?: Backend;
  readonly status: "ok" | "degraded" | "rejected";
  readonly reason?: string;
}
