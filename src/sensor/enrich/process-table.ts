import type { Ancestor } from "../../core/event/process.ts";
import type { SeenProcess } from "../normalize/process.ts";
import { BoundedMap, dropOldest } from "./lru.ts";

export const MAX_PROCESSES = 32_768;
export const MAX_ANCESTORS = 16;
/** How long an ended process still answers: events of its children may be on their way. */
const GRACE_US = 60_000_000;

/** What later events need of a process. */
export interface KnownProcess {
  readonly ancestor: Ancestor;
  readonly parentExecId: string | undefined;
  readonly cgroup: string | undefined;
  readonly docker: string | undefined;
}

/** Processes by `exec_id`, bounded. */
export interface Processes {
  readonly size: number;
  /** Entries given up because there were too many. */
  readonly evicted: number;
  /** Remembers a process; a parent known only by another's line does not overwrite a full entry. */
  add(seen: SeenProcess, parent?: { ancestor: Ancestor; parentExecId: string | undefined }): void;
  /** A process that executes another program gets a new `exec_id`; the one it had is over. */
  replaced(seen: SeenProcess, nowUs: number): void;
  /** Marks a process as ended and frees those whose grace is over. */
  end(execId: string, nowUs: number): void;
  find(execId: string): KnownProcess | undefined;
}

/** A process as its children's events tell of it. */
export function ancestorOf({ process }: SeenProcess): Ancestor {
  const args = process.argv.slice(1).join(" ").slice(0, 1024).toWellFormed();
  return {
    exec_id: process.exec_id,
    pid: process.pid,
    binary: process.binary,
    ...(process.uid === undefined ? {} : { uid: process.uid }),
    ...(args === "" ? {} : { arguments: args }),
  };
}

/** Nearest first; stops at the first unknown one, at a loop, or at 16. */
export function ancestorsOf(processes: Processes, parentExecId: string | undefined): Ancestor[] {
  const chain: Ancestor[] = [];
  for (let id = parentExecId; id !== undefined && chain.length < MAX_ANCESTORS;) {
    const entry = processes.find(id);
    if (!entry || chain.some((a) => a.exec_id === id)) break;
    chain.push(entry.ancestor);
    id = entry.parentExecId;
  }
  return chain;
}

/** Processes by `exec_id`, bounded: ended ones go after a grace, and the oldest when there are too many. */
export class ProcessTable implements Processes {
  readonly #entries = new Map<string, KnownProcess>();
  readonly #ended: { execId: string; endedUs: number }[] = [];
  #endedFrom = 0;
  readonly #byPid = new BoundedMap<string>(MAX_PROCESSES);
  readonly #max: number;
  evicted = 0;

  constructor(max = MAX_PROCESSES) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(seen: SeenProcess, parent?: { ancestor: Ancestor; parentExecId: string | undefined }): void {
    const { process } = seen;
    if (parent && !this.#entries.has(parent.ancestor.exec_id))
      this.#put(parent.ancestor.exec_id, {
        ancestor: parent.ancestor,
        parentExecId: parent.parentExecId,
        cgroup: undefined,
        docker: undefined,
      });
    this.#put(process.exec_id, {
      ancestor: ancestorOf(seen),
      parentExecId: process.parent_exec_id,
      cgroup: seen.cgroup,
      docker: seen.docker,
    });
  }

  replaced(seen: SeenProcess, nowUs: number): void {
    const { pid, exec_id } = seen.process;
    const before = this.#byPid.get(String(pid));
    this.#byPid.set(String(pid), exec_id);
    if (before !== undefined && before !== exec_id) this.end(before, nowUs);
  }

  #put(execId: string, entry: KnownProcess): void {
    this.#entries.set(execId, entry);
    if (this.#entries.size <= this.#max) return;
    // Ended ones first, whatever is left of their grace.
    let ended = Math.max(1, this.#max >> 4);
    while (ended > 0 && this.#endedFrom < this.#ended.length)
      if (this.#entries.delete(this.#ended[this.#endedFrom++]!.execId)) ended--;
    if (this.#entries.size > this.#max) this.evicted += dropOldest(this.#entries);
  }

  end(execId: string, nowUs: number): void {
    if (this.#entries.has(execId)) this.#ended.push({ execId, endedUs: nowUs });
    while (this.#endedFrom < this.#ended.length && this.#ended[this.#endedFrom]!.endedUs < nowUs - GRACE_US)
      this.#entries.delete(this.#ended[this.#endedFrom++]!.execId);
    if (this.#endedFrom < 1024) return;
    this.#ended.splice(0, this.#endedFrom);
    this.#endedFrom = 0;
  }

  find(execId: string): KnownProcess | undefined {
    return this.#entries.get(execId);
  }
}
