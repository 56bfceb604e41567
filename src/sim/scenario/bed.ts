import { spawn, type ChildProcess } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../core/error.ts";
import { randomHex } from "../../core/ids.ts";
import { selfCommand } from "../../core/self-command.ts";
import { Meter } from "./meter.ts";
import { childrenOf, pidsWith, signalTo, type Usage } from "./processes.ts";

/** Parts of an installation, by words of their command lines. */
export const PARTS = {
  clickhouse: ["internal clickhouse", "clickhouse-main"],
  postgres: ["/postgres/bin/postgres -D", "bin/postgres -D"],
} as const;

type MeteredPart = "console" | keyof typeof PARTS;

const START_TIMEOUT_MS = 120_000;
const LAST_WORDS_MS = 2_000;
const MAX_OUTPUT_CHARS = 4_000_000;

/** A port nobody holds right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export interface BedOptions {
  /** Where its directory is made; the system's for temporary files by default. */
  readonly parent?: string;
  readonly args?: readonly string[];
  /** The program to run; this very one by default. */
  readonly command?: readonly [string, ...string[]];
  /** Where it is reached, when not on this host's loopback. */
  readonly host?: string;
}

/** A Console of its own in a directory of its own, set up, for a scenario to be unkind to. */
export class TestBed implements AsyncDisposable {
  readonly dir: string;
  readonly dataDir: string;
  readonly port: number;
  readonly host: string;
  readonly #command: readonly [string, ...string[]];
  readonly #args: readonly string[];
  readonly #password = randomHex(16);
  readonly #meter = new Meter(() => this.#meteredPids());
  #child!: ChildProcess;
  #ended!: Promise<void>;
  #closed!: Promise<void>;
  #cookie = "";
  #token: Promise<{ token: string }> | undefined;
  output = "";

  private constructor(dir: string, port: number, options: BedOptions) {
    this.dir = dir;
    this.dataDir = join(dir, "data");
    this.port = port;
    this.host = options.host ?? "127.0.0.1";
    this.#command = options.command ?? selfCommand();
    this.#args = options.args ?? [];
  }

  static async start(options: BedOptions = {}): Promise<TestBed> {
    const dir = await mkdtemp(join(options.parent ?? tmpdir(), "telovix-bed-"));
    // The databases do not run as root, and must be able to enter.
    await chmod(dir, 0o755);
    const bed = new TestBed(dir, await freePort(), options);
    try {
      await mkdir(bed.dataDir, { mode: 0o711 });
      await bed.launch();
      await bed.#setUp();
      return bed;
    } catch (error) {
      await bed[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `https://${this.host}:${this.port}`;
  }

  /** Starts the Console and waits until it serves. */
  async launch(): Promise<void> {
    const [file, ...words] = this.#command;
    const args = ["console", "serve", "--data-dir", this.dataDir, "--port", String(this.port), "--log-format", "json"];
    const child = spawn(file, [...words, ...args, ...this.#args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    });
    this.#child = child;
    const take = (chunk: Buffer): void =>
      void (this.output = (this.output + chunk.toString()).slice(-MAX_OUTPUT_CHARS));
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    this.#closed = new Promise((resolve) => child.once("close", () => resolve()));
    this.#ended = new Promise((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", () => resolve());
    });
    const untilMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < untilMs && child.exitCode === null && child.signalCode === null) {
      // The control socket opens last.
      if ((await this.isUp()) && (await this.#controlled())) return;
      await Bun.sleep(100);
    }
    throw new AppError("unavailable", `The Console did not start:\n${this.output.slice(-3_000)}`);
  }

  #controlled(): Promise<boolean> {
    return this.control("GET", "/status").then(
      () => true,
      () => false,
    );
  }

  async isUp(): Promise<boolean> {
    return fetch(`${this.url}/healthz`, {
      tls: { rejectUnauthorized: false },
      signal: AbortSignal.timeout(5_000),
    }).then(
      (r) => r.ok,
      () => false,
    );
  }

  async #setUp(): Promise<void> {
    const { setup_link } = await this.control<{ setup_link: string }>("POST", "/setup-link");
    const token = new URL(setup_link).hash.slice(1);
    const person = { email: "bench@example.net", name: "Bench", password: this.#password, organisation: "Bench" };
    await this.api("POST", "/api/v1/setup", { token, ...person });
  }

  /** Signs in again: a session does not outlive every disaster. */
  async signIn(): Promise<void> {
    await this.api("POST", "/api/v1/auth/login", { email: "bench@example.net", password: this.#password });
  }

  /** Cookie of the signed-in person, for a WebSocket. */
  get cookie(): string {
    return this.#cookie;
  }

  async control<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`http://console${path}`, {
      method,
      unix: join(this.dataDir, "control.sock"),
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    if (!response.ok) throw new AppError("unavailable", `${path}: ${(await response.text()).slice(0, 300)}`);
    return (await response.json()) as T;
  }

  /** A token that enrols as many nodes as ask. */
  async token(): Promise<string> {
    this.#token ??= this.control<{ token: string }>("POST", "/tokens", { cluster: "simulated", max_nodes: 100_000 });
    return (await this.#token).token;
  }

  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      tls: { rejectUnauthorized: false },
      signal: AbortSignal.timeout(30_000),
      headers: { cookie: this.#cookie, origin: this.url, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
    if (cookie) this.#cookie = cookie;
    if (!response.ok) throw new AppError("unavailable", `${method} ${path}: ${(await response.text()).slice(0, 300)}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** Pids of a part; none while it is down. */
  async pids(part: keyof typeof PARTS): Promise<number[]> {
    const found = await Promise.all(PARTS[part].map((words) => pidsWith(this.dataDir, words)));
    return [...new Set(found.flat())];
  }

  /** Pids of the Console's worker processes; none when it serves by itself. */
  async workers(): Promise<number[]> {
    const children = await childrenOf([this.consolePid]);
    return (await pidsWith("internal console-worker")).filter((pid) => children.includes(pid));
  }

  /** The Console's process runs, or is stopped, but has not ended. */
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** How the Console's process ended, with the last it said. */
  async ending(): Promise<string> {
    const { exitCode, signalCode } = this.#child;
    // What it said last may be on the way still.
    await Promise.race([this.#closed, Bun.sleep(LAST_WORDS_MS)]);
    return `${signalCode === null ? `exit code ${exitCode}` : `ended by ${signalCode}`}\n${this.output.slice(-3_000)}`;
  }

  get consolePid(): number {
    return this.#child.pid!;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    // What it and what goes with it have taken until now.
    await this.#meter.look().catch(() => {});
    this.#child.kill(signal);
    await this.#ended;
  }

  /** Processor time of the Console and its stores so far, by part, also of processes that were killed, and resident memory. */
  usage(): Promise<Readonly<Record<MeteredPart, Usage>>> {
    return this.#meter.look();
  }

  async #meteredPids(): Promise<Record<MeteredPart, number[]>> {
    const postgres = await this.pids("postgres");
    return {
      console: [this.consolePid, ...(await this.workers())],
      clickhouse: await this.pids("clickhouse"),
      // Its backends' command lines name no directory.
      postgres: [...postgres, ...(await childrenOf(postgres))],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#meter[Symbol.dispose]();
    if (this.#child) {
      if (this.alive) this.#child.kill("SIGTERM");
      const patience = setTimeout(() => this.#child.kill("SIGKILL"), 30_000);
      await this.#ended;
      clearTimeout(patience);
    }
    for (const pid of await pidsWith(this.dir)) signalTo(pid, "SIGKILL");
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
