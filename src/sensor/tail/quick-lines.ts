import { Packr } from "msgpackr";
import type { BurstFolder, RecentTimes } from "../detect/bursts.ts";
import type { Enricher } from "../enrich/enrich.ts";
import { PackedProcessTable } from "../enrich/packed-process-table.ts";
import { ProcessTable } from "../enrich/process-table.ts";
import type { Expected, LineProgram, Ran } from "../normalize/line-program.ts";
import { CHUNK_BYTES } from "./reader.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true });
const NOTHING = new Uint8Array();
/** Place of the first letter that tells `process_exec`, `process_exit` and `process_fork` from other lines, and these letters. */
const KIND_AT = 10;
const PLAIN_KINDS = new Set(["e", "f"].map((letter) => letter.charCodeAt(0)));
/** Cgroups that the program is told of. */
const MAX_WORKLOADS = 1024;

/** Times of bursts as the program of the lines remembers them. */
export function recentTimesOf(program: LineProgram): RecentTimes {
  return { get: (key) => program.recent(key), set: (key, times) => program.setRecent(key, times) };
}

/** The program of the lines beside the long way: what one learns, the other knows. */
export class QuickLines {
  readonly #program: LineProgram;
  readonly #enricher: Enricher;
  readonly #bursts: BurstFolder;
  readonly #workloads = new Set<string>();
  #podsVersion = 0;
  /** The program was told of bursts under way. */
  #toldBursts = false;

  constructor(program: LineProgram, enricher: Enricher, bursts: BurstFolder) {
    this.#program = program;
    this.#enricher = enricher;
    this.#bursts = bursts;
    enricher.processes = new PackedProcessTable(program);
    enricher.onWorkload = (cgroup, workload) => this.#learn(cgroup, workload);
  }

  /** Whether it is worth while to ask it about the line that begins at `at`. */
  takes(data: Uint8Array, at: number): boolean {
    return PLAIN_KINDS.has(data[at + KIND_AT]!) && data.length <= CHUNK_BYTES;
  }

  /** What the program makes of lines from a place on. Throws WebAssembly.RuntimeError when it has a fault. */
  run(data: Uint8Array, at: number, expected: Omit<Expected, "untilUs">): Ran {
    const bursts = this.#bursts.open;
    if (bursts.length > 0 || this.#toldBursts) this.#program.setBursts(bursts.map((burst) => burst.key));
    this.#toldBursts = bursts.length > 0;
    if (this.#enricher.podsVersion !== this.#podsVersion) this.#forgetWorkloads();
    this.#podsVersion = this.#enricher.podsVersion;
    const untilUs = Math.min(this.#bursts.firstEndUs, Number.MAX_SAFE_INTEGER);
    return this.#program.run(data, at, { ...expected, untilUs });
  }

  /** Leaves the long way alone, with none of what was remembered. */
  detach(): void {
    this.#enricher.processes = new ProcessTable();
    this.#enricher.onWorkload = undefined;
    this.#bursts.forgetRecent();
  }

  #learn(cgroup: string, workload: object | undefined): void {
    if (this.#workloads.has(cgroup)) return;
    if (this.#workloads.size >= MAX_WORKLOADS) this.#forgetWorkloads();
    this.#workloads.add(cgroup);
    this.#program.setWorkload(cgroup, workload ? packr.pack(workload) : NOTHING);
  }

  #forgetWorkloads(): void {
    this.#workloads.clear();
    this.#program.forgetWorkloads();
  }
}
