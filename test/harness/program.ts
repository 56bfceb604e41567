import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { expect } from "bun:test";

export interface Outcome {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

type Options = Pick<SpawnOptions, "cwd" | "env" | "uid" | "gid"> & { readonly input?: string };

/** A program that runs beside the test; it is killed, if need be, when the test is through with it. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly ended: Promise<Outcome>;
  #out = "";
  #err = "";

  constructor(file: string, args: readonly string[], { input, ...options }: Options = {}) {
    const env = { PATH: process.env["PATH"] ?? "", ...options.env };
    this.#child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], ...options, env });
    this.#child.stdout!.on("data", (chunk: Buffer) => (this.#out += chunk.toString()));
    this.#child.stderr!.on("data", (chunk: Buffer) => (this.#err += chunk.toString()));
    this.#child.stdin!.on("error", () => {});
    this.#child.stdin!.end(input ?? "");
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code) => resolve({ code: code ?? undefined, out: this.#out, err: this.#err }));
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get output(): string {
    return this.#out + this.#err;
  }

  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Outcome> {
    this.#child.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.ended;
  }
}

/** Runs a program to its end. */
export async function runProgram(file: string, args: readonly string[], options: Options = {}): Promise<Outcome> {
  await using program = new Program(file, args, options);
  return await program.ended;
}

/**
 * What every failure of the executable must look like: an exit code, one sentence that begins with the program's name, a line that
 * says what to do, and never where in the code it happened. Log lines (JSON) are left out of the look. Answers sentence and hint.
 */
export function expectPlainRefusal({ code, err }: Outcome): { sentence: string; hint: string } {
  const lines = err.split("\n").filter((l) => l !== "" && !l.startsWith("{"));
  const said = lines.join("\n");
  expect({ said, code }).toEqual({ said, code: expect.any(Number) });
  expect(code).not.toBe(0);
  expect(err).not.toMatch(/^\s+at .*:\d+/m);
  expect(err).not.toMatch(/\$bunfs|\.ts:\d+|node:internal|\\n\s+at /);
  expect(said).toMatch(/^telovix: [^\n]+\n[^\n]+$/);
  expect(said).not.toContain("something unexpected");
  return { sentence: lines[0]!.slice("telovix: ".length), hint: lines[1]! };
}
