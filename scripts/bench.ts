import { spawn } from "node:child_process";
import { mkdir, stat } from "node:fs/promises";
import { createServer, connect } from "node:net";
import { cpus } from "node:os";
import { resolve } from "node:path";
import type { LiveDown } from "../src/core/api/events.ts";
import type { SensorList } from "../src/core/api/sensors.ts";
import { randomHex } from "../src/core/ids.ts";
import {
  ApiClient,
  BUILT_FILE,
  eventually,
  startBuiltConsole,
  type BuiltConsole,
} from "../test/harness/built-console.ts";
import { cpuMs, pidsWith, rssBytes } from "../test/harness/processes.ts";

/** One figure beside its budget. */
interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly budget: number;
}

const MB = 1e6;
const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;

async function versionStart(): Promise<Figure> {
  const times: number[] = [];
  for (let i = 0; i < 15; i++) {
    const start = performance.now();
    await Bun.spawn([BUILT_FILE, "version"], { stdout: "ignore" }).exited;
    times.push(performance.now() - start);
  }
  return {
    name: "start of version, median of 15",
    value: quantile(
      times.toSorted((a, b) => a - b),
      0.5,
    ),
    unit: "ms",
    budget: 50,
  };
}

async function sizes(): Promise<Figure[]> {
  const head = await stat(resolve(BUILT_FILE, "../telovix-head"));
  const file = await stat(BUILT_FILE);
  return [
    { name: "head", value: head.size / MB, unit: "MB", budget: 130 },
    { name: "whole file", value: file.size / MB, unit: "MB", budget: 320 },
  ];
}

async function idle(home: BuiltConsole, overMs: number): Promise<Figure[]> {
  const [sensor] = await pidsWith(home.dataDir, "sensor", "run");
  const [engine] = await pidsWith(home.dataDir, "telovix-engine", "run");
  if (!sensor || !engine) throw new Error("the local sensor is not running");
  const before = [await cpuMs(sensor), await cpuMs(engine)];
  await Bun.sleep(overMs);
  const after = [await cpuMs(sensor), await cpuMs(engine)];
  return [
    { name: "sensor, resident, idle", value: (await rssBytes(sensor)) / MB, unit: "MB", budget: 90 },
    { name: "engine, resident, idle", value: (await rssBytes(engine)) / MB, unit: "MB", budget: 25 },
    { name: "sensor, of one core, idle", value: ((after[0]! - before[0]!) / overMs) * 100, unit: "%", budget: 1 },
    { name: "engine, of one core, idle", value: ((after[1]! - before[1]!) / overMs) * 100, unit: "%", budget: 1 },
  ];
}

/** Opens and closes loopback connections, some four events each, until stopped. */
function background(connectionsPerSec: number): () => void {
  const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  const timer = setInterval(() => {
    const address = server.address();
    if (address && typeof address === "object")
      connect(address.port, "127.0.0.1")
        .on("error", () => {})
        .resume();
  }, 1000 / connectionsPerSec);
  return () => {
    clearInterval(timer);
    server.close();
  };
}

async function latency(home: BuiltConsole, api: ApiClient, samples: number): Promise<Figure[]> {
  const mark = `bench${randomHex(5)}`;
  const started = new Map<string, number>();
  const delays: number[] = [];
  // Bun's WebSocket takes options where the DOM's takes protocols.
  const options = {
    headers: { cookie: api.cookie, origin: home.url },
    tls: { rejectUnauthorized: false },
  } as unknown as string[];
  const socket = new WebSocket(`${home.url.replace("https", "wss")}/api/v1/live`, options);
  const opened = Promise.withResolvers<void>();
  socket.onerror = () => opened.reject(new Error("the live socket could not be opened"));
  socket.onmessage = (message) => {
    const frame = JSON.parse(String(message.data)) as LiveDown;
    if (frame.type === "ready") opened.resolve();
    if (frame.type !== "events") return;
    for (const event of frame.events) {
      const number = new RegExp(`${mark}-(\\d+)`).exec(event.process_arguments)?.[1];
      const at = number && started.get(number);
      if (number && at) {
        delays.push(performance.now() - at);
        started.delete(number);
      }
    }
  };
  socket.onopen = () => socket.send(JSON.stringify({ type: "subscribe", filter: { kind: ["process_exec"], q: mark } }));
  await opened.promise;
  const stop = background(25);
  for (let i = 1; i <= samples; i++) {
    started.set(String(i), performance.now());
    spawn("/bin/true", [`${mark}-${i}`], { stdio: "ignore" });
    // Three a second: five by one parent binary would be folded into a burst.
    await Bun.sleep(340);
  }
  await eventually(async () => (started.size === 0 ? true : undefined));
  stop();
  socket.close();
  delays.sort((a, b) => a - b);
  return [
    {
      name: `exec to browser at 100 events/s, p50 of ${samples}`,
      value: quantile(delays, 0.5),
      unit: "ms",
      budget: 600,
    },
    {
      name: `exec to browser at 100 events/s, p99 of ${samples}`,
      value: quantile(delays, 0.99),
      unit: "ms",
      budget: 2000,
    },
  ];
}

async function running(): Promise<Figure[]> {
  await using home = await startBuiltConsole(["--local-sensor"]);
  const [link] = await home.printed(/https:\/\/[^\s"]+\/setup#[A-Za-z0-9_-]+/);
  const api = new ApiClient(home.url);
  await api.setUp(link.replace(/^https:\/\/[^/]+/, home.url));
  await eventually(async () =>
    (await api.get<SensorList>("/api/v1/sensors")).sensors.find((s) => s.runtime_state === "running"),
  );
  // The runtime compiles what is hot in its first half minute; idle is what comes after.
  await Bun.sleep(30_000);
  const quiet = await idle(home, 30_000);
  return [...quiet, ...(await latency(home, api, 100))];
}

const figures = [await versionStart(), ...(await sizes()), ...(await running())];
const width = Math.max(...figures.map((f) => f.name.length)) + 2;
for (const f of figures) {
  const verdict = f.value <= f.budget ? "within" : "OVER";
  process.stdout.write(
    `${f.name.padEnd(width)}${f.value.toFixed(1).padStart(9)} ${f.unit.padEnd(3)} budget ${String(f.budget).padStart(5)} ${f.unit.padEnd(3)} ${(f.value / f.budget).toFixed(2)}  ${verdict}\n`,
  );
}
await mkdir("docs/bench", { recursive: true });
await Bun.write(
  "docs/bench/first-minute.json",
  `${JSON.stringify({ command: "make bench", machine: { cores: cpus().length, arch: process.arch }, figures }, null, 2)}\n`,
);

/** What the product measures of itself: operators size their installations with the same commands. */
const OWN = [
  ["ingest", "--out", "docs/bench/sockets.json"],
  ["stream", "--n", "1000", "--duration", "90s", "--out", "docs/bench/stream.json"],
  ["query", "--out", "docs/bench/query.json"],
];
let within = figures.every((f) => f.value <= f.budget);
for (const words of OWN) {
  process.stdout.write(`\ntelovix bench ${words.join(" ")}\n`);
  const own = Bun.spawn([BUILT_FILE, "bench", ...words], { stdio: ["ignore", "inherit", "inherit"] });
  if ((await own.exited) !== 0) within = false;
}
process.exit(within ? 0 : 1);
