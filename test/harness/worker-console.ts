import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConsoleStatus } from "../../src/console/planes.ts";
import { freePort } from "./built-console.ts";
import { killAllWith, pidsWith } from "./processes.ts";
import { Program } from "./program.ts";
import { until } from "./until.ts";
import { REPOSITORY } from "./servers.ts";

/** The program as a checkout runs it. */
export const MAIN = join(REPOSITORY, "src/main.ts");
export const WORKERS = 2;

/** A Console of several processes, started as an operator starts it. */
export class WorkerConsole implements AsyncDisposable {
  readonly dir: string;
  readonly port: number;
  program!: Program;
  caPem = "";

  private constructor(dir: string, port: number) {
    this.dir = dir;
    this.port = port;
  }

  /** Starts one on a free port, in a directory of its own. */
  static async make(): Promise<WorkerConsole> {
    const dir = await mkdtemp(join(tmpdir(), "telovix-workers-"));
    // The databases do not run as root, and must be able to enter.
    await chmod(dir, 0o755);
    const home = new WorkerConsole(dir, await freePort());
    await home.start();
    home.caPem = await readFile(join(dir, "data", "trust", "ca.cert.pem"), "utf8");
    return home;
  }

  get origin(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Resolves once it serves. */
  async start(): Promise<void> {
    const at = ["--port", String(this.port), "--listen", "127.0.0.1"];
    this.program = this.run("serve", ...at, "--workers", String(WORKERS));
    let over: string | undefined;
    void this.program.ended.then(({ err }) => (over = err));
    await until(() => /Ctrl-C stops it/.test(this.program.output) || over !== undefined);
    if (over !== undefined) throw new Error(`the Console ended: ${over.slice(-2_000)}`);
  }

  /** A command of the operator's, on this installation. */
  run(...words: string[]): Program {
    return new Program(process.execPath, [MAIN, "console", ...words, "--data-dir", join(this.dir, "data")]);
  }

  /** What a command says as JSON. */
  async json<T>(...words: string[]): Promise<T> {
    const { out, err } = await this.run(...words, "--json").ended;
    if (out === "") throw new Error(err);
    return JSON.parse(out) as T;
  }

  status(): Promise<ConsoleStatus> {
    return this.json<ConsoleStatus>("status");
  }

  get setupLink(): string {
    return /https:\S+\/setup#\S+/.exec(this.program.output)![0];
  }

  workerPids(): Promise<number[]> {
    return pidsWith("console-worker", this.dir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.stop();
    await killAllWith(this.dir);
    await rm(this.dir, { recursive: true, force: true });
  }
}
