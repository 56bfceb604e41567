import type { Backend, BackendChoice } from "./choice.ts";
import { ability, isPreemptible, lsmAbility, type Ability, type HostFacts, type Known } from "./host-facts.ts";

/** A way to serve a hook, and what is lost by it. */
export interface Candidate {
  readonly backend: Backend;
  readonly can: Known;
  /** In the plural: "this kernel takes no …". */
  readonly words: string;
  readonly losses?: readonly string[];
}

/** Takes the first that surely works, else the first that may. */
export function best(candidates: readonly Candidate[]): BackendChoice {
  const taken = candidates.find((c) => c.can.answer === "yes") ?? candidates.find((c) => c.can.answer === "unknown");
  if (!taken) {
    const why = candidates.map((c) => `no ${c.words}${c.can.reason === undefined ? "" : ` (${c.can.reason})`}`);
    return { status: "rejected", reason: `this kernel takes ${why.join(", ").replace(/, ([^,]*)$/, " and $1")}` };
  }
  const unsure = taken.can.answer === "unknown" ? [`it is not known whether this host takes ${taken.words}`] : [];
  const losses = [...unsure, ...(taken.losses ?? [])];
  if (losses.length === 0) return { backend: taken.backend, status: "ok" };
  return { backend: taken.backend, status: "degraded", reason: losses.join("; ") };
}

/** What two needs together come to. */
export function both(a: Known, b: Known): Known {
  return a.answer === "no" || b.answer === "yes" ? a : b.answer === "no" || a.answer === "yes" ? b : a;
}

/** What two ways to the same thing come to. */
export function either(a: Known, b: Known): Known {
  return a.answer === "yes" || b.answer === "no" ? a : b;
}

/** Machines whose system calls the engine knows, as uname says them. */
const MACHINES = ["x86_64", "aarch64"];

/** What one host's kernel takes, with the functions it has. */
export class Mechanisms {
  readonly isPreemptible: boolean;
  readonly #facts: HostFacts;
  readonly #names: ReadonlySet<string> | undefined;

  constructor(facts: HostFacts) {
    this.#facts = facts;
    this.#names = facts.functions === undefined ? undefined : new Set(facts.functions);
    this.isPreemptible = isPreemptible(facts);
  }

  can(kind: Ability): Known {
    return ability(this.#facts, kind);
  }

  /** Whether one of the functions is there; of a host that lists none, any is. */
  exists(functions: readonly string[]): Known {
    const names = this.#names;
    if (names === undefined || functions.some((f) => names.has(f))) return { answer: "yes" };
    return { answer: "no", reason: `it has no function ${functions[0]}` };
  }

  kprobe(functions: readonly string[]): Known {
    return both(this.can("kprobe"), this.exists(functions));
  }

  trampoline(functions: readonly string[]): Known {
    return both(this.can("fentry"), this.exists(functions));
  }

  /** One program at every system call that looks the number up. */
  everySyscall(): Known {
    const { machine } = this.#facts;
    if (machine !== undefined && !MACHINES.includes(machine))
      return { answer: "no", reason: `${machine}: system calls are told apart on x86-64 and arm64 only` };
    return either(this.can("raw_tp"), this.can("tp_btf"));
  }

  lsm(): Known {
    return lsmAbility(this.#facts);
  }

  /** Programs that say no in place of an LSM program; not where a run may be skipped. */
  fmodRet(): Known {
    return this.isPreemptible ? { answer: "no", reason: "not safe on a preemptible kernel" } : this.can("fmod_ret");
  }
}
