import type { SensorDetail } from "../../src/core/api/sensors.ts";
import type { Dice } from "../../test/harness/dice.ts";

type Policies = NonNullable<NonNullable<SensorDetail["engine"]>["policies"]>;

const NAMES = [
  "shadow-read",
  "shadow-read-lsm",
  "private-key-read",
  "cloud-credential-read",
  "process-memory-read",
  "keyring-read",
  "terminal-injection",
  "account-write",
  "sudoers-write",
  "ssh-keys-write",
  "cron-write",
  "systemd-unit-write",
  "preload-write",
  "system-program-write",
  "log-clear",
  "memfd-exec",
  "scratch-exec",
  "ptrace-injection",
  "setid-bit",
  "io-uring",
  "kernel-module-load",
  "bpf-load",
  "raw-socket",
  "reverse-shell-input",
  "container-admin-tool",
  "mining-pool",
];

/** Policies of a pack, some of them limited by their kernel. */
export function makePolicies(random: Dice, waits: boolean, guards: boolean): Policies {
  const observing = NAMES.map((word, i): Policies[number] => {
    const policy = { name: `linux-${word}`, pack: "linux-baseline", mode: "monitor" as const };
    const none = { matched: 0, enforced: 0, lost: 0 };
    if (waits) return { ...policy, ...none, state: "waiting" };
    if (i === 0) return { ...policy, ...none, state: "standby", reason: "linux-shadow-read-lsm sees the same." };
    if (i === 19)
      return {
        ...policy,
        ...none,
        state: "rejected",
        reason: "sys_io_uring_setup: this kernel is built without io_uring",
      };
    const matched = i % 4 === 0 ? random.int(1, 900) : 0;
    if (i === 4 && !guards)
      return {
        ...policy,
        ...none,
        matched: 41_207,
        lost: 112,
        state: "degraded",
        reason:
          "sys_process_vm_readv: seen at the end of the call, since neither kprobes nor trampolines can be used here",
      };
    return { ...policy, ...none, matched, state: "ok" };
  });
  if (!guards) return observing;
  const guard = { name: "o-du-exec-staging-kill", pack: "o-du-process-guard", mode: "enforce" as const };
  return [...observing, { ...guard, state: "ok", matched: 3, enforced: 3, lost: 0 }];
}
