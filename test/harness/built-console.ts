import { spawn, type ChildProcess } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { killAllWith } from "./processes.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";

export const BUILT_FILE = resolve(import.meta.dir, "../../dist/telovix");

export const ADMIN = {
  email: "ada@example.net",
  name: "Ada Admin",
  password: "correct horse battery 7",
  organisation: "Example",
};

/** A port nobody holds right now. */
export function freePort(): Promise<number> {
  return new Promise((resolvePort) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolvePort(port));
    });
  });
}

export interface BuiltConsole {
  readonly dir: string;
  readonly dataDir: string;
  readonly executable: string;
  readonly port: number;
  readonly url: string;
  /** Everything the process printed so far. */
  output(): string;
  readonly process: ChildProcess;
  /** Resolves with the first match of the pattern in what is printed. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts the same Console again on the same data. */
  restart(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Copies the built file alone into an empty directory and runs a Console from there, as an operator would. */
export async function startBuiltConsole(args: readonly string[] = []): Promise<BuiltConsole> {
  const dir = await mkdtemp(join(tmpdir(), "telovix-e2e-"));
  // The databases do not run as root, and must be able to enter.
  await chmod(dir, 0o755);
  const executable = join(dir, "telovix");
  await copyFile(BUILT_FILE, executable);
  const dataDir = join(dir, "data");
  await mkdir(dataDir);
  const port = await freePort();
  let text = "";
  let child!: ChildProcess;
  let exited!: Promise<void>;
  const listeners = new Set<() => void>();
  const start = (): void => {
    text = "";
    child = spawn(
      executable,
      ["console", "serve", "--data-dir", dataDir, "--port", String(port), "--log-format", "json", ...args],
      { cwd: dir, stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env["PATH"] ?? "" } },
    );
    const take = (chunk: Buffer): void => {
      text += chunk.toString();
      for (const wake of listeners) wake();
    };
    child.stdout!.on("data", take);
    child.stderr!.on("data", take);
    exited = new Promise((done) =>
      child.once("exit", () => {
        done();
        for (const wake of listeners) wake();
      }),
    );
  };
  start();
  const printed = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(text);
      if (match) return match;
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the Console ended before it printed ${pattern}:\n${text}`);
      await new Promise<void>((wake) => {
        const once = (): void => {
          listeners.delete(once);
          wake();
        };
        listeners.add(once);
      });
    }
  };
  return {
    dir,
    dataDir,
    executable,
    port,
    url: `https://localhost:${port}`,
    output: () => text,
    get process() {
      return child;
    },
    printed,
    kill: async (signal) => {
      child.kill(signal);
      await exited;
    },
    restart: async () => start(),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await exited;
      // After a test that failed half-way parts may be left that nobody keeps any more.
      await killAllWith(dir);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A signed-in client of the Console's API. */
export class ApiClient {
  readonly #base: string;
  #cookie = "";
  #csrf = "";

  constructor(base: string) {
    this.#base = base;
  }

  get cookie(): string {
    return this.#cookie;
  }

  async #send(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(this.#base + path, {
      method,
      tls: { rejectUnauthorized: false },
      headers: {
        cookie: this.#cookie,
        "x-csrf-token": this.#csrf,
        origin: this.#base,
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
    if (cookie) this.#cookie = cookie;
    return response;
  }

  async get<T>(path: string): Promise<T> {
    const response = await this.#send("GET", path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    const response = await this.#send("POST", path, body);
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** Uses up a set-up link and signs in as the first administrator. */
  async setUp(setupLink: string): Promise<void> {
    const me = await this.post<{ csrf_token: string }>("/api/v1/setup", {
      token: new URL(setupLink).hash.slice(1),
      ...ADMIN,
    });
    this.#csrf = me.csrf_token;
  }

  async signIn(): Promise<void> {
    const me = await this.post<{ csrf_token: string }>("/api/v1/auth/login", {
      email: ADMIN.email,
      password: ADMIN.password,
    });
    this.#csrf = me.csrf_token;
  }

  createToken(request: Record<string, string> = {}): Promise<CreatedToken> {
    return this.post("/api/v1/enrollment/tokens", request);
  }
}

const PATIENCE_MS = 90_000;

/** Asks again until the answer satisfies, giving a busy machine its time; then throws with the last error and what `tell` says. */
export async function eventually<T>(ask: () => Promise<T | undefined>, tell: () => string = () => ""): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS;
  let last: unknown;
  while (performance.now() < endMs) {
    const answer = await ask().catch((error: unknown) => void (last = error));
    if (answer !== undefined) return answer;
    await Bun.sleep(100);
  }
  throw new Error(`it did not come about in ${PATIENCE_MS / 1000} s; last: ${String(last)}\n${tell()}`);
}
