import { appendFile } from "node:fs/promises";
import { join } from "node:path";

/** Lines as the engine writes them, for tests that need no kernel. */
export class EngineLines {
  readonly dir: string;
  readonly runId: string;
  segment: number;
  seq = 0;
  #timeMs: number;

  constructor(dir: string, options: { runId?: string; segment?: number; timeMs?: number } = {}) {
    this.dir = dir;
    this.runId = options.runId ?? "00000000000000aa";
    this.segment = options.segment ?? 1;
    this.#timeMs = options.timeMs ?? Date.now();
  }

  get path(): string {
    return join(this.dir, `events-${this.segment}.jsonl`);
  }

  /** The next line of an execution; each by a parent of its own, so that nothing is folded. */
  exec(argument: string, stepMs = 10): string {
    const n = ++this.seq;
    this.#timeMs += stepMs;
    const time = new Date(this.#timeMs).toISOString();
    const parent = { exec_id: `p${n}`, pid: 10, uid: 0, binary: `/usr/bin/parent-${n}` };
    const process = {
      exec_id: `e${this.runId}.${n}`,
      parent_exec_id: parent.exec_id,
      pid: 1000 + n,
      tid: 1000 + n,
      ppid: 10,
      uid: 0,
      auid: 4294967295,
      binary: "/usr/bin/true",
      argv: ["true", argument],
      arguments: argument,
      cwd: "/",
      flags: "execve",
      start_time: time,
      cgroup: "/system.slice/cron.service",
    };
    const telovix = { seq: String(n), boot_id: "b", run_id: this.runId, cpu: 0, backend: "tp_btf", ktime_ns: "1" };
    return `${JSON.stringify({ process_exec: { process, parent }, node_name: "n", time, telovix })}\n`;
  }

  /** Appends executions to the current segment. */
  async append(...names: string[]): Promise<void> {
    await appendFile(this.path, names.map((name) => this.exec(name)).join(""));
  }

  async raw(text: string): Promise<void> {
    await appendFile(this.path, text);
  }

  /** Goes on in the next segment. */
  turn(): void {
    this.segment++;
  }
}
