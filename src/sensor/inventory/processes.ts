import { workloadOf } from "../enrich/workload.ts";
import { defined } from "../normalize/fields.ts";
import { LIMITS } from "../../core/wire/limits.ts";
import type { ProcessEntry } from "../../core/wire/inventory.ts";
import { eachOf, listPids, readFacts, readStat, TICKS_PER_SEC, type ProcFacts } from "./proc-pid.ts";

const PAGE_BYTES = 4096;
/** Facts are read again after this many looks: a process may have executed another program. */
const FACTS_LOOKS = 8;

interface Known {
  readonly startTicks: number;
  name: string;
  facts: ProcFacts;
  looks: number;
  cpuTicks: number;
  seenMs: number;
  readonly isKernel: boolean;
}

/** Lists processes; between two looks it reads one small file of each, the rest only when it is new or changed. */
export class ProcessLister {
  readonly #known = new Map<number, Known>();
  readonly #bootMs: number;

  constructor(bootMs: number) {
    this.#bootMs = bootMs;
  }

  async list(monotonicMs: number): Promise<{ processes: ProcessEntry[]; leftOut: number }> {
    const pids = await listPids();
    const processes: ProcessEntry[] = [];
    let leftOut = 0;
    const alive = new Set<number>();
    await eachOf(pids, 8, async (pid) => {
      const entry = await this.#look(pid, monotonicMs);
      if (!entry) return;
      alive.add(pid);
      if (processes.length < LIMITS.inventoryProcesses) processes.push(entry);
      else leftOut++;
    });
    for (const pid of this.#known.keys()) if (!alive.has(pid)) this.#known.delete(pid);
    return { processes: processes.toSorted((a, b) => a.pid - b.pid), leftOut };
  }

  /** Binary of a process, as last listed. */
  binary(pid: number): string | undefined {
    return this.#known.get(pid)?.facts.binary;
  }

  /** It may hold sockets, for all that is known: a thread of the kernel holds none. */
  mayHold(pid: number): boolean {
    return this.#known.get(pid)?.isKernel !== true;
  }

  async #look(pid: number, nowMs: number): Promise<ProcessEntry | undefined> {
    const stat = readStat(pid);
    if (!stat) return undefined;
    let known = this.#known.get(pid);
    const before =
      known?.startTicks === stat.startTicks ? { cpuTicks: known.cpuTicks, seenMs: known.seenMs } : undefined;
    if (!known || !before || known.name !== stat.name || ++known.looks >= FACTS_LOOKS) {
      const facts = await readFacts(pid);
      const { startTicks, name, cpuTicks, isKernel } = stat;
      known = { startTicks, name, facts, looks: 0, cpuTicks, seenMs: nowMs, isKernel };
      this.#known.set(pid, known);
    }
    const elapsedMs = before ? nowMs - before.seenMs : 0;
    const usedMs = before ? ((stat.cpuTicks - before.cpuTicks) * 1000) / TICKS_PER_SEC : 0;
    known.cpuTicks = stat.cpuTicks;
    known.seenMs = nowMs;
    const { facts } = known;
    return defined({
      pid,
      ppid: stat.ppid,
      name: stat.name,
      binary_path: facts.binary,
      cmdline: facts.cmdline,
      uid: facts.uid,
      euid: facts.euid,
      state: stat.state,
      threads: Math.max(0, stat.threads),
      rss_bytes: stat.rssPages * PAGE_BYTES,
      cpu_percent: elapsedMs > 0 ? Math.max(0, Math.round((usedMs / elapsedMs) * 1000) / 10) : 0,
      start_time_us: Math.max(0, Math.round((this.#bootMs + (stat.startTicks * 1000) / TICKS_PER_SEC) * 1000)),
      cgroup: facts.cgroup,
      container_id: workloadOf(facts.cgroup)?.container_id?.slice(0, 64),
    });
  }
}
