/** What this kernel has, as far as cases ask for it: a case whose need is missing may be refused, and only then. */
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { CGROUP, type Case, type JsonObject } from "./case.ts";

export interface Facts {
  readonly kernel: string;
  readonly has: ReadonlySet<string>;
}

interface Probe {
  readonly kernel: string;
  readonly lsm: readonly string[];
  readonly old_objects: boolean;
  readonly programs: readonly { readonly kind: string; readonly status: string }[];
}

const NAMESPACES = ["uts", "ipc", "mnt", "pid", "net", "time", "cgroup", "user"];

/** What a case needs: its own words, and the functions of the kernel that it hooks, which another release may not have. */
export function needsOf(c: Case): string[] {
  const hooks = [c.spec["kprobes"], c.spec["fentries"]].flatMap((list) =>
    Array.isArray(list) ? (list as JsonObject[]) : [],
  );
  const functions = hooks
    .filter((hook) => hook["syscall"] === false && hook["ignore"] === undefined)
    .flatMap((hook) => (typeof hook["call"] === "string" ? [hook["call"]] : []));
  return [...c.needs, ...functions.filter((name) => !name.startsWith("list:")).map((name) => `symbol:${name}`)];
}

/** `needs`: those of all cases, which say what has to be looked up. */
export function learnFacts(engine: string, needs: readonly string[]): Facts {
  const out = spawnSync(engine, ["probe", "--json"], { encoding: "utf8" });
  const probe = JSON.parse(out.stdout) as Probe;
  const has = new Set<string>();
  for (const { kind, status } of probe.programs) if (status === "ok") has.add(kind);
  const symbols = existsSync("/proc/kallsyms") ? readFileSync("/proc/kallsyms", "latin1") : "";
  const knows = (name: string): boolean => symbols.includes(` ${name}\n`) || symbols.includes(` ${name}\t`);
  // Old kernels tell a program the stack of its own context alone.
  if (!probe.old_objects) has.add("task_stack");
  if (knows("ima_file_hash")) has.add("ima");
  // Mounts have had ids of their own as long as there is this call to give them some.
  if (symbols.includes("_sys_mount_setattr\n")) has.add("order:idmapped");
  for (const need of new Set(needs))
    if (need.startsWith("symbol:") && knows(need.slice("symbol:".length))) has.add(need);
  // The kernel puts a function on this list for each place where an error may be injected.
  if (existsSync("/sys/kernel/debug/error_injection/list")) has.add("override_return");
  if (existsSync(`${CGROUP}/cgroup.procs`)) has.add("cgroup");
  if (existsSync(moduleFile(probe.kernel))) has.add("module");
  for (const name of NAMESPACES) if (sameNamespace(name)) has.add(`host:${name}`);
  return { kernel: probe.kernel, has };
}

export function moduleFile(kernel: string): string {
  return `/lib/modules/${kernel}/kernel/drivers/net/dummy.ko`;
}

/** Numbers below are those of the namespaces that the kernel is born with. */
const FIRST_MADE = 0xf0000000;

/** "host_ns" means that of process 1; a container that runs the suite is elsewhere. */
function sameNamespace(name: string): boolean {
  const own = readlinkSync(`/proc/self/ns/${name}`);
  try {
    return own === readlinkSync(`/proc/1/ns/${name}`);
  } catch {
    return Number(/\d+/.exec(own)?.[0]) < FIRST_MADE;
  }
}

/** The first need that is not met, or undefined. */
export function missing(needs: readonly string[], facts: Facts): string | undefined {
  return needs.find((need) => !need.split("|").some((fact) => facts.has.has(fact)));
}
