import { Unpackr } from "msgpackr";
import type { Ancestor } from "../../core/event/process.ts";
import type { LineProgram, Remembered } from "../normalize/line-program.ts";
import type { SeenProcess } from "../normalize/process.ts";
import { ancestorOf, type KnownProcess, type Processes } from "./process-table.ts";

const unpackr = new Unpackr({ useRecords: false, int64AsType: "number" });

/** Processes that are known as objects too: who is at work is asked for line after line. */
const MAX_UNPACKED = 1024;

interface Unpacked {
  readonly known: KnownProcess;
  readonly mark: Remembered["mark"];
}

/** The processes that the program of the lines remembers, for lines that go the long way. */
export class PackedProcessTable implements Processes {
  readonly #program: LineProgram;
  #unpacked = new Map<string, Unpacked>();

  constructor(program: LineProgram) {
    this.#program = program;
  }

  get size(): number {
    return this.#program.processes;
  }

  get evicted(): number {
    return this.#program.evicted;
  }

  add(seen: SeenProcess, parent?: { ancestor: Ancestor; parentExecId: string | undefined }): void {
    if (parent && !this.find(parent.ancestor.exec_id))
      this.#put(parent.ancestor, { parentExecId: parent.parentExecId, cgroup: undefined, docker: undefined });
    const { cgroup, docker, process } = seen;
    this.#put(ancestorOf(seen), { parentExecId: process.parent_exec_id, cgroup, docker });
  }

  #put(ancestor: Ancestor, known: Omit<KnownProcess, "ancestor">): void {
    const { exec_id: execId, pid, binary, uid, arguments: args } = ancestor;
    this.#program.put({ execId, pid, binary, uid, arguments: args, ...known });
  }

  replaced(seen: SeenProcess, nowUs: number): void {
    this.#program.replaced(seen.process.pid, seen.process.exec_id, nowUs);
  }

  end(execId: string, nowUs: number): void {
    this.#program.end(execId, nowUs);
  }

  find(execId: string): KnownProcess | undefined {
    const before = this.#unpacked.get(execId);
    if (before && this.#program.isStill(before.mark)) return before.known;
    const found = this.#program.find(execId);
    if (!found) return undefined;
    const { packed, mark, parentExecId, cgroup, docker } = found;
    const known = { ancestor: unpackr.unpack(packed) as Ancestor, parentExecId, cgroup, docker };
    // Rarely, and all at once: who is at work is known again a line later.
    if (this.#unpacked.size >= MAX_UNPACKED) this.#unpacked = new Map();
    this.#unpacked.set(execId, { known, mark });
    return known;
  }
}
