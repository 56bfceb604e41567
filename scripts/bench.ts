import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { createServer, connect } from "node:net";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { LiveDown } from "../src/core/api/events.ts";
import type { SensorList } from "../src/core/api/sensors.ts";
import { figuresText, isWithin, writeFigures, type Figure } from "../src/cli/bench/figures.ts";
import { randomHex } from "../src/core/ids.ts";
import {
  ApiClient,
  BUILT_FILE,
  eventually,
  startBuiltConsole,
  type BuiltConsole,
} from "../test/harness/built-console.ts";
import { cpuMs, pidsWith, rssBytes } from "../test/harness/processes.ts";

/**
 * Everything that has a budget, each figure beside its own; JSON of each part under docs/bench. `--rows 100M` asks the queries over as
 * many events as the budgets are meant for (20 minutes, 20 GB); `--only NAME` runs one part.
 */
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

async function firstMinute(): Promise<boolean> {
  const figures = [await versionStart(), ...(await sizes()), ...(await running())];
  process.stdout.write(figuresText(figures));
  await writeFigures("docs/bench/first-minute.json", "make bench", figures);
  return figures.every(isWithin);
}

async function child(...words: string[]): Promise<boolean> {
  process.stdout.write(`${words.map((word) => word.replace(`${process.cwd()}/`, "")).join(" ")}\n`);
  return (await Bun.spawn(words, { stdio: ["ignore", "inherit", "inherit"] }).exited) === 0;
}

const script = (name: string, ...words: string[]) => child(process.execPath, join(import.meta.dir, name), ...words);
/** What the product measures of itself: operators size their installations with the same commands. */
const own = (name: string, ...words: string[]) => child(BUILT_FILE, "bench", name, ...words);

const { values: options } = parseArgs({
  options: { rows: { type: "string", default: "2M" }, only: { type: "string" } },
});
const PARTS: Readonly<Record<string, () => Promise<boolean>>> = {
  "first-minute": firstMinute,
  sensor: () => script("bench-sensor.ts"),
  "sensor-trickle": () => script("bench-sensor-trickle.ts"),
  ingest: () => script("bench-ingest.ts"),
  sockets: () => own("ingest", "--out", "docs/bench/sockets.json"),
  stream: () => own("stream", "--n", "1000", "--duration", "90s", "--out", "docs/bench/stream.json"),
  query: () => own("query", "--rows", options.rows, "--out", "docs/bench/query.json"),
};
const chosen = options.only === undefined ? Object.keys(PARTS) : options.only.split(",");
const over: string[] = [];
for (const name of chosen) {
  const part = PARTS[name];
  if (!part) throw new Error(`there is no part ${name}; there are ${Object.keys(PARTS).join(", ")}`);
  process.stdout.write(`\n== ${name}\n`);
  // One that fails does not keep the others from being measured.
  const within = await part().catch((error: unknown) => void process.stdout.write(`${String(error)}\n`));
  if (!within) over.push(name);
}
process.stdout.write(
  over.length === 0 ? "\nall within their budgets\n" : `\nover budget or failed: ${over.join(", ")}\n`,
);
process.exit(over.length === 0 ? 0 : 1);
