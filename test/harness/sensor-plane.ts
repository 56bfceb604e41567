import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Packr, Unpackr } from "msgpackr";
import { startConsole, type ConsoleOverrides, type RunningConsole } from "../../src/console/app.ts";
import { loadConsoleConfig, type ConsoleConfig } from "../../src/console/config.ts";
import type { Db, EventDb } from "../../src/console/stores/contract.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import type { Me } from "../../src/core/api/auth.ts";
import { createLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { createSensorRequest } from "../../src/core/pki/csr.ts";
import type { EnrollResponse } from "../../src/core/wire/enroll.ts";
import type { StreamDown, StreamUp } from "../../src/core/wire/stream.ts";
import { readSqlFiles } from "../../scripts/sql-files.ts";
import { EPOCH } from "./sensor-messages.ts";
import { REPOSITORY } from "./servers.ts";

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });
/** A message as sensors send it: MessagePack, zstd. */
export function frame(message: unknown): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Bun.zstdCompressSync(packr.pack(message)));
}

export const ADMIN = {
  email: "ada@example.net",
  name: "Ada",
  password: "correct horse battery 7",
  organisation: "Example",
};

/** Resolves once `condition` holds, looking again whenever the event loop has turned (asking a Console: a few times a second). */
export async function until<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const answer = condition();
    const value = await answer;
    if (value) return value;
    if (answer instanceof Promise) await Bun.sleep(50);
    else await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A Console with its real listener on given stores, set up, with its administrator signed in. */
export class TestConsole implements AsyncDisposable {
  readonly running: RunningConsole;
  readonly metrics: Metrics;
  readonly logged: string[];
  readonly #dir: string;
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
    const { token } = await this.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", {});
    const { keyPem, csrPem } = await createSensorRequest(nodeName);
    const response = await this.postEnroll(token, nodeName, csrPem);
    if (!response.ok) throw new Error(await response.text());
    const answer = (await response.json()) as EnrollResponse;
    return new TestSensor(this, answer.sensor_id, keyPem, answer.control_plane_certificate_pem, answer);
  }

  /** Enrols a sensor again, with a token made for it. */
  async enrollAgain(sensor: TestSensor, nodeName: string): Promise<TestSensor> {
    const made = await this.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", { sensor_id: sensor.sensorId });
    const { keyPem, csrPem } = await createSensorRequest(nodeName);
    const response = await this.postEnroll(made.token, nodeName, csrPem);
    if (!response.ok) throw new Error(await response.text());
    const answer = (await response.json()) as EnrollResponse;
    return new TestSensor(this, answer.sensor_id, keyPem, answer.control_plane_certificate_pem, answer);
  }

  /** Uses a token with a fresh key; `more` overrides the request. */
  async enrollWith(token: string, nodeName: string, more: object): Promise<Response> {
    return this.postEnroll(token, nodeName, (await createSensorRequest(nodeName)).csrPem, more);
  }

  postEnroll(token: string, nodeName: string, csrPem: string, more: object = {}): Promise<Response> {
    return fetch(`${this.origin}/api/v1/sensors/enroll`, {
      method: "POST",
      tls: { ca: this.caPem },
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        protocol_version: 1,
        token,
        csr_pem: csrPem,
        node_name: nodeName,
        declared_role: "generic_linux",
        flavor: "standard",
        sensor_version: "0.0.0-test",
        tags: ["cluster:oslo", "rack:7"],
        ...more,
      }),
    });
  }

  /** Stops it and keeps its directory, for a second life. */
  async stop(): Promise<void> {
    await this.running[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** The sensor's end of the wire, by hand. */
export class TestSensor {
  readonly #console: TestConsole;
  readonly sensorId: string;
  readonly tls: { ca: string; key: string; cert: string };
  readonly enrolled: EnrollResponse;

  constructor(console: TestConsole, sensorId: string, key: string, cert: string, enrolled: EnrollResponse) {
    this.#console = console;
    this.sensorId = sensorId;
    this.tls = { ca: console.caPem, key, cert };
    this.enrolled = enrolled;
  }

  /** The same sensor towards another life of the Console. */
  at(console: TestConsole): TestSensor {
    return new TestSensor(console, this.sensorId, this.tls.key, this.tls.cert, this.enrolled);
  }

  post(path: string, body: BodyInit, headers: Record<string, string>): Promise<Response> {
    return fetch(this.#console.origin + path, { method: "POST", tls: this.tls, headers, body });
  }

  /** Sends a message as sensors do: MessagePack, zstd. */
  send(path: string, message: unknown): Promise<Response> {
    return this.post(path, frame(message), { "content-type": "application/msgpack", "content-encoding": "zstd" });
  }

  async stream(): Promise<TestStream> {
    const stream = new TestStream(this.#console.origin.replace("https", "wss"), this.tls);
    await stream.opened;
    return stream;
  }
}

/** A sensor's WebSocket; every frame that comes is kept. */
export class TestStream {
  readonly socket: WebSocket;
  readonly opened: Promise<void>;
  readonly frames: StreamDown[] = [];
  /** Frames that came as text. */
  readonly texts: string[] = [];
  closed: number | undefined;

  constructor(origin: string, tls: object) {
    this.socket = new WebSocket(`${origin}/api/v1/sensors/stream`, { tls } as never);
    this.socket.binaryType = "arraybuffer";
    this.opened = new Promise((resolve, reject) => {
      this.socket.onopen = () => resolve();
      this.socket.onclose = (event) => {
        this.closed = event.code;
        reject(new Error(`closed with ${event.code} ${event.reason}`));
      };
    });
    this.opened.catch(() => {});
    this.socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.texts.push(data);
      else this.frames.push(unpackr.unpack(Bun.zstdDecompressSync(new Uint8Array(data as ArrayBuffer))) as StreamDown);
    };
  }

  send(message: StreamUp | object): void {
    this.socket.send(frame(message));
  }

  async hello(epoch = EPOCH, nextSeq = 1): Promise<Extract<StreamDown, { type: "welcome" }>> {
    this.send({ type: "hello", protocol_version: 1, sensor_version: "0.0.0-test", epoch, next_seq: nextSeq });
    return (await this.next("welcome")) as Extract<StreamDown, { type: "welcome" }>;
  }

  /** The next frame of a type that has not been taken yet. */
  async next(type: StreamDown["type"]): Promise<StreamDown> {
    const index = await until(() => {
      const found = this.frames.findIndex((frame) => frame.type === type);
      if (found < 0 && this.closed !== undefined) throw new Error(`closed with ${this.closed} before ${type}`);
      return found + 1;
    });
    return this.frames.splice(index - 1, 1)[0]!;
  }
}
