import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startConsole, type ConsoleOverrides, type RunningConsole } from "../../src/console/app.ts";
import { loadConsoleConfig, type ConsoleConfig } from "../../src/console/config.ts";
import type { Db, EventDb } from "../../src/console/stores/contract.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import type { Me } from "../../src/core/api/auth.ts";
import { createLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { createSensorRequest } from "../../src/core/pki/csr.ts";
import { readSqlFiles } from "../../scripts/sql-files.ts";
import { REPOSITORY } from "./servers.ts";
import { testStores, type TestStores } from "./stores.ts";
import { enrollNode, postEnroll, type TestSensor } from "./test-sensor.ts";

export const ADMIN = {
  email: "ada@example.net",
  name: "Ada",
  password: "correct horse battery 7",
  organisation: "Example",
};

/** A Console with its real listener on given stores, set up, with its administrator signed in. */
export class TestConsole implements AsyncDisposable {
  readonly running: RunningConsole;
  readonly metrics: Metrics;
  readonly logged: string[];
  readonly #dir: string;
  #stores: TestStores | undefined;
  caPem = "";
  #cookie = "";
  #csrf = "";
  me!: Me;

  private constructor(running: RunningConsole, metrics: Metrics, logged: string[], dir: string) {
    this.running = running;
    this.metrics = metrics;
    this.logged = logged;
    this.#dir = dir;
  }

  /** A set-up Console on fresh stores of its own, which go with it. */
  static async fresh(overrides: ConsoleOverrides = {}, settings: Partial<ConsoleConfig> = {}): Promise<TestConsole> {
    const stores = await testStores();
    const console = await TestConsole.start(stores, overrides, undefined, settings);
    console.#stores = stores;
    return console.setUp();
  }

  static async start(
    stores: { db: Db; events: EventDb },
    overrides: ConsoleOverrides = {},
    dir?: string,
    settings: Partial<ConsoleConfig> = {},
  ): Promise<TestConsole> {
    const metrics = new Metrics();
    const logged: string[] = [];
    const log = createLog({ write: (line) => void logged.push(line), level: "debug" });
    const dataDir = dir ?? (await mkdtemp(join(tmpdir(), "telovix-plane-")));
    const config = await loadConsoleConfig({ flags: { "data-dir": dataDir, port: "0", listen: "127.0.0.1" }, env: {} });
    const manifest = { postgresMigrations: {}, clickhouseMigrations: {}, uiAssets: [], packs: [], engine: undefined };
    const running = await startConsole({ ...config, ...settings }, manifest, { stores, log, metrics, ...overrides });
    const console = new TestConsole(running, metrics, logged, dataDir);
    await console.readTrust();
    return console;
  }

  /** Reads anew what sensors trust the Console by. */
  async readTrust(): Promise<void> {
    const trust = join(this.#dir, "trust");
    const names = (await readdir(trust)).filter((name) => /^ca(-[0-9a-f]+)?\.cert\.pem$/.test(name)).toSorted();
    this.caPem = (await Promise.all(names.map((name) => Bun.file(join(trust, name)).text()))).join("");
  }

  /** A Console on embedded servers of its own, below `dir`. */
  static async embedded(
    dir: string,
    flags: Record<string, string> = {},
    overrides: ConsoleOverrides = {},
  ): Promise<TestConsole> {
    const metrics = new Metrics();
    const logged: string[] = [];
    const log = createLog({ write: (line) => void logged.push(line), level: "debug" });
    const config = await loadConsoleConfig({
      flags: { "data-dir": dir, port: "0", listen: "127.0.0.1", ...flags },
      env: {},
    });
    const manifest = {
      postgresMigrations: await readSqlFiles(REPOSITORY, "postgres"),
      clickhouseMigrations: await readSqlFiles(REPOSITORY, "clickhouse"),
      uiAssets: [],
      packs: [],
      engine: undefined,
    };
    const running = await startConsole(config, manifest, { log, metrics, ...overrides });
    const console = new TestConsole(running, metrics, logged, dir);
    console.caPem = await Bun.file(join(dir, "trust", "ca.cert.pem")).text();
    return console;
  }

  /** Signs its administrator in, on a Console that was set up before. */
  async signIn(): Promise<this> {
    const { email, password } = ADMIN;
    this.me = await this.json<Me>("POST", "/api/v1/auth/login", { email, password });
    this.#csrf = this.me.csrf_token;
    return this;
  }

  /** Those of a fresh one. */
  get stores(): TestStores {
    return this.#stores!;
  }

  get dir(): string {
    return this.#dir;
  }

  get origin(): string {
    return `https://127.0.0.1:${this.running.port}`;
  }

  /** Uses the set-up link and signs its administrator in. */
  async setUp(): Promise<this> {
    const token = new URL(this.running.setupLink!).hash.slice(1);
    const response = await this.api("POST", "/api/v1/setup", { token, ...ADMIN });
    if (!response.ok) throw new Error(await response.text());
    this.me = (await response.json()) as Me;
    this.#csrf = this.me.csrf_token;
    return this;
  }

  async api(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(this.origin + path, {
      method,
      tls: { ca: this.caPem },
      headers: {
        "content-type": "application/json",
        origin: this.origin,
        cookie: this.#cookie,
        "x-csrf-token": this.#csrf,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
    if (cookie) this.#cookie = cookie;
    return response;
  }

  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.api(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Enrols a node over the wire, as a sensor does. */
  async enroll(nodeName = "node-1"): Promise<TestSensor> {
    return this.#enrol(nodeName, {});
  }

  /** Enrols a sensor again, with a token made for it. */
  async enrollAgain(sensor: TestSensor, nodeName: string): Promise<TestSensor> {
    return this.#enrol(nodeName, { sensor_id: sensor.sensorId });
  }

  async #enrol(nodeName: string, wanted: object): Promise<TestSensor> {
    const { token } = await this.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", wanted);
    return enrollNode(this, token, nodeName);
  }

  /** Uses a token with a fresh key; `more` overrides the request. */
  async enrollWith(token: string, nodeName: string, more: object): Promise<Response> {
    return this.postEnroll(token, nodeName, (await createSensorRequest(nodeName)).csrPem, more);
  }

  postEnroll(token: string, nodeName: string, csrPem: string, more: object = {}): Promise<Response> {
    return postEnroll(this, token, nodeName, csrPem, more);
  }

  /** Stops it and keeps its directory, for a second life. */
  async stop(): Promise<void> {
    await this.running[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#dir, { recursive: true, force: true });
    await this.#stores?.dispose();
  }
}
