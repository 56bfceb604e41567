/** Starts the engine on a directory of plans, and reads what it says. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import type { JsonObject } from "./case.ts";
import type { Line } from "./match.ts";

/** What the engine says of one hook of a policy. */
export interface HookState {
  readonly hook: string;
  readonly kind?: string;
  readonly backend: string;
  readonly status: "ok" | "degraded" | "rejected";
  readonly reason?: string;
  readonly line?: number;
  /** Runs of which memory was not in, and those looked at again. */
  readonly unread?: string;
  readonly readLate?: string;
}

export interface PolicyState {
  readonly name: string;
  readonly state: "ok" | "degraded" | "rejected";
  readonly reason?: string;
  readonly hooks?: readonly HookState[];
  readonly stats?: { readonly matched: number; readonly enforced: number };
}

const POLL_MS = 50;
/** An emulated machine takes longer at a hook than policies may. The scenarios of `budgets.ts` set less. */
const PATIENT = ["--hook-ms", "100000"];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Tries until it gives something, or the time is up. */
async function until<T>(limitMs: number, attempt: () => T | undefined): Promise<T | undefined> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = attempt();
    if (found !== undefined) return found;
    if (performance.now() > end) return undefined;
    await pause(POLL_MS);
  }
}

export class Engine {
  readonly #command: readonly [string, readonly string[]];
  readonly #plans: readonly string[];
  readonly #out: string;
  #process: ChildProcess;
  #stderr = "";
  #exit: string | undefined;

  constructor(binary: string, out: string, plans: string, more: readonly string[] = []) {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    this.#out = out;
    this.#command = [binary, ["run", "--out", out, "--node-name", "node-1", ...PATIENT, ...more]];
    this.#plans = ["--plan", plans];
    this.#process = this.#start(this.#plans);
  }

  #start(plans: readonly string[]): ChildProcess {
    const [binary, args] = this.#command;
    const child = spawn(binary, [...args, ...plans], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.on("data", (data: Buffer) => (this.#stderr += data.toString()));
    child.on("exit", (code, signal) => (this.#exit = signal ?? String(code)));
    return child;
  }

  /** Waits for its end by somebody else's hand; says how it ended. */
  async ends(limitMs: number): Promise<string | undefined> {
    return until(limitMs, () => this.#exit);
  }

  /** The next one, after its end, with what that left behind. `policies`: false for one that serves none. */
  again(policies = true): void {
    // What it says from now on is of the new one.
    rmSync(`${this.#out}/policies.json`, { force: true });
    this.#exit = undefined;
    this.#process = this.#start(policies ? this.#plans : []);
  }

  /** The line it said on stderr that has this in it. */
  complaintOf(part: string): string | undefined {
    return this.#stderr.split("\n").find((line) => line.includes(part));
  }

  /** What it said on stderr, at most the last 2000 characters. */
  get complaint(): string {
    return this.#stderr.slice(-2000).trim();
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Waits for a line of that kind. */
  async says(limitMs: number, line: RegExp): Promise<boolean> {
    const found = await until(limitMs, () => (this.#text().some((text) => line.test(text)) ? true : undefined));
    return found === true;
  }

  get ended(): string | undefined {
    return this.#exit;
  }

  /** Waits until every plan has been dealt with. Undefined: it ended, or took too long. */
  async policies(count: number, limitMs: number): Promise<readonly PolicyState[] | undefined> {
    return until(limitMs, () => {
      if (this.#exit !== undefined) return [];
      const states = this.states();
      return states !== undefined &&
        states.length >= count &&
        this.#text().some((text) => text.includes('{"engine_start"'))
        ? states
        : undefined;
    }).then((states) => (this.#exit === undefined ? states : undefined));
  }

  /** What it says at this moment. */
  states(): readonly PolicyState[] | undefined {
    const path = `${this.#out}/policies.json`;
    if (!existsSync(path)) return undefined;
    try {
      return (JSON.parse(readFileSync(path, "utf8")) as { policies: readonly PolicyState[] }).policies;
    } catch {
      return undefined;
    }
  }

  /** Waits until what it says of the policies is as wanted. */
  async comes(limitMs: number, holds: (states: readonly PolicyState[]) => boolean): Promise<boolean> {
    const found = await until(limitMs, () => {
      const states = this.states();
      return this.#exit !== undefined || (states !== undefined && holds(states)) ? true : undefined;
    });
    return found === true && this.#exit === undefined;
  }

  /** Waits for the end of a process: what it did before has been told by then. */
  async told(pid: number, limitMs: number): Promise<boolean> {
    // Only the text is looked at: parsing all lines again and again is what an emulated machine has no time for.
    const end = new RegExp(`^\\{"process_exit":\\{"process":\\{"exec_id":"[^"]*","pid":${pid},`, "m");
    const found = await until(limitMs, () =>
      this.#exit !== undefined || this.#text().some((text) => end.test(text)) ? true : undefined,
    );
    return found === true && this.#exit === undefined;
  }

  lines(): readonly Line[] {
    return this.#text().flatMap((text) => text.split("\n").slice(0, -1).flatMap(parseLine));
  }

  /** The segments. */
  #text(): string[] {
    const names = readdirSync(this.#out).filter((name) => name.startsWith("events-"));
    // The engine may take one away meanwhile.
    return names.flatMap((name) => {
      try {
        return [readFileSync(`${this.#out}/${name}`, "utf8")];
      } catch {
        return [];
      }
    });
  }

  /** Ends it in order; says how it ended. */
  async stop(limitMs: number): Promise<string> {
    if (this.#exit === undefined) this.#process.kill("SIGTERM");
    const ended = await this.ends(limitMs);
    if (ended === undefined) this.#process.kill("SIGKILL");
    return ended ?? "it had to be killed";
  }
}

/** Lines that are no valid JSON come as kind "broken". */
function parseLine(text: string): Line[] {
  try {
    const whole = JSON.parse(text) as JsonObject;
    const kind = Object.keys(whole).find((key) => key.startsWith("process_") || key.startsWith("engine_")) ?? "unknown";
    return [{ kind, event: (whole[kind] ?? {}) as JsonObject, telovix: (whole["telovix"] ?? {}) as JsonObject }];
  } catch {
    return [{ kind: "broken", event: { text: text.slice(0, 300) }, telovix: {} }];
  }
}
