import { Type, type Static } from "typebox";
import { compile } from "../../check.ts";

/**
 * What a host's kernel can do, as `telovix-engine probe --json` says it. Fields nobody knows here are let through, and
 * what is missing is unknown: facts may come from another version's engine, or be written by hand.
 */
export const HostFacts = Type.Object({
  /** Of the engine. */
  version: Type.Optional(Type.String({ maxLength: 64 })),
  /** Release, such as "6.12.57+deb13-rt-amd64". */
  kernel: Type.Optional(Type.String({ maxLength: 256 })),
  machine: Type.Optional(Type.String({ maxLength: 64 })),
  preempt_rt: Type.Optional(Type.Boolean()),
  /** "none", "voluntary", "full" (the kernel's own code may be interrupted by another task), "rt", "unknown". */
  preemption: Type.Optional(Type.String({ maxLength: 32 })),
  btf: Type.Optional(Type.Boolean()),
  bpffs: Type.Optional(Type.Boolean()),
  /** Names of the active security modules. */
  lsm: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 })),
  lockdown: Type.Optional(Type.String({ maxLength: 64 })),
  /** True: the engine takes its programs for kernels without bpf_loop (before 5.17). */
  old_objects: Type.Optional(Type.Boolean()),
  /** Each kind of program, tried. */
  programs: Type.Optional(
    Type.Array(
      Type.Object({
        kind: Type.String({ maxLength: 64 }),
        status: Type.String({ maxLength: 32 }),
        reason: Type.Optional(Type.String({ maxLength: 512 })),
      }),
      { maxItems: 256 },
    ),
  ),
  /** Functions a probe can be put on. */
  functions: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 500_000 })),
});
export type HostFacts = Static<typeof HostFacts>;

const check = compile(HostFacts);

/** Facts out of parsed JSON. AppError `invalid_request` with the pointer of what does not fit. */
export function parseHostFacts(value: unknown): HostFacts {
  return check.parse(value);
}

/** Kinds of programs the engine tries, by its own names. */
export type Ability =
  | "tp_btf"
  | "raw_tp"
  | "tracepoint"
  | "kprobe"
  | "override_return"
  | "fentry"
  | "fmod_ret"
  | "lsm"
  | "uprobe"
  | "cgroup_connect"
  | "send_signal";

export interface Known {
  readonly answer: "yes" | "no" | "unknown";
  /** Why not. */
  readonly reason?: string;
}

/** Kinds of programs the engine does without on old kernels, though they load. */
const NOT_OLD: readonly Ability[] = ["fentry", "fmod_ret"];

/** Whether the kernel takes a kind of program, and the engine has one for it. */
export function ability(facts: HostFacts, kind: Ability): Known {
  if (facts.old_objects === true && NOT_OLD.includes(kind))
    return { answer: "no", reason: "the engine has none for kernels before 5.17" };
  const found = facts.programs?.find((p) => p.kind === kind);
  if (!found) return { answer: "unknown" };
  if (found.status === "ok") return { answer: "yes" };
  return { answer: "no", ...(found.reason === undefined ? {} : { reason: found.reason }) };
}

/** LSM programs load everywhere they exist, but run only when bpf is in the list the kernel was booted with. */
export function lsmAbility(facts: HostFacts): Known {
  const loads = ability(facts, "lsm");
  if (loads.answer === "no") return loads;
  if (facts.lsm === undefined) return { answer: "unknown" };
  if (!facts.lsm.includes("bpf")) return { answer: "no", reason: "bpf is not in the kernel's lsm= list" };
  return loads;
}

/**
 * Whether a task may be interrupted inside a traced function: another one that enters it on the same CPU is then not seen
 * by fentry programs. Where the engine could not tell, it may.
 */
export function isPreemptible({ preemption, preempt_rt }: HostFacts): boolean {
  return preemption === undefined ? preempt_rt === true : preemption !== "none" && preemption !== "voluntary";
}
