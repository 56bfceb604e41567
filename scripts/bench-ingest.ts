import { chmod, mkdtemp, open, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { writeMeasured } from "../src/cli/bench/figures.ts";
import { connectClickHouse } from "../src/console/stores/clickhouse.ts";
import { RUNTIME_EVENT_COLUMNS } from "../src/console/stores/runtime-event-block.ts";
import { toRuntimeEventRow } from "../src/console/stores/runtime-event-row.ts";
import { cpuMs, pidsWith } from "../test/harness/processes.ts";
import { TestConsole } from "../test/harness/sensor-plane.ts";
import type { TestSensor } from "../test/harness/test-sensor.ts";
import { makeBenchEvents } from "./bench-events.ts";
import { FRAME_EVENTS, type ClientOrder } from "./bench-ingest-client.ts";

/**
 * Rows a second from sensors' sockets into ClickHouse (mutual TLS, zstd, validation, acknowledgement when durable), beside what the
 * same engine alone inserts of the same rows from a file in JSONEachRow into a table of the same kind. Both in turn, in one run.
 */
const SENSORS = 8;
const EVENTS = Number(process.argv[2] ?? 160_000);
const ROUNDS = Number(process.argv[3] ?? 5);
/** Beside it the aim is 1.0. */
const FLOOR = 0.6;

interface Measured {
  readonly rowsPerSec: number;
  /** Milliseconds of processor time: Console, engine, sensors. */
  readonly cpuMs: Readonly<Record<string, number>>;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** The same rows as a file, in the order in which frames arrive: one of each sensor in turn. */
async function writeRows(
  path: string,
  sensors: readonly TestSensor[],
  tenantId: string,
  nowUs: number,
): Promise<number> {
  const file = await open(path, "w");
  const each = Math.floor(EVENTS / SENSORS);
  let [eventBytes, count] = [0, 0];
  for (let first = 1; first <= each; first += FRAME_EVENTS)
    for (const [i, { sensorId }] of sensors.entries()) {
      const events = makeBenchEvents(i + 1, first, Math.min(FRAME_EVENTS, each - first + 1), nowUs + first);
      const origin = { tenantId, sensorId, nodeName: `bench-${i}`, epoch: "0000000000000bbb" };
      let text = "";
      for (const event of events) {
        const row = toRuntimeEventRow({ ...origin, event, ingestedAtMs: Math.floor(nowUs / 1000) });
        eventBytes += row.event.length;
        text += `${JSON.stringify(row)}\n`;
      }
      count += events.length;
      await file.write(text);
    }
  await file.close();
  await chmod(path, 0o644);
  return eventBytes / count;
}

class Client {
  readonly #process = Bun.spawn([process.execPath, join(import.meta.dir, "bench-ingest-client.ts")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  readonly #lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  #text = "";

  tell(order: ClientOrder): void {
    void this.#process.stdin.write(`${JSON.stringify(order)}\n`);
    void this.#process.stdin.flush();
  }

  async answer<T>(): Promise<T> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("the sensors' process has ended");
      this.#text += value;
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return JSON.parse(line) as T;
  }

  async stop(): Promise<void> {
    await this.#process.stdin.end();
    await this.#process.exited;
  }
}

/** What else runs: the one thread of the Console suffers more from it than the many of the engine. */
const othersAtStart = Number(loadavg()[0]!.toFixed(1));
const dir = await mkdtemp(join(tmpdir(), "telovix-bench-"));
await chmod(dir, 0o755);
const home = join(dir, "console");
const console = await (await TestConsole.embedded(home)).setUp();
const [enginePid = 0] = await pidsWith(home, "--addon");
const client = connectClickHouse({ socketPath: join(home, "clickhouse", "run", "http"), database: "telovix" });
const sensors: TestSensor[] = [];
for (let i = 0; i < SENSORS; i++) sensors.push(await console.enroll(`bench-${i}`));
const remote = new Client();
remote.tell({
  order: "sensors",
  url: console.origin.replace("https", "wss"),
  tls: sensors.map((sensor) => sensor.tls),
});
const nowUs = Date.now() * 1000;
const path = join(dir, "rows.jsonl");
const bytesPerEvent = await writeRows(path, sensors, console.me.tenant_id, nowUs);
await client.command({ query: "CREATE TABLE alone AS runtime_events" });
const names = RUNTIME_EVENT_COLUMNS.map((column) => column.name).join(", ");
const types = RUNTIME_EVENT_COLUMNS.map(({ name, type }) => `${name} ${type.replaceAll("'", "\\'")}`).join(", ");

async function alone(): Promise<Measured> {
  await client.command({ query: "TRUNCATE TABLE alone" });
  const [before, startMs] = [await cpuMs(enginePid), performance.now()];
  const from = `file('${path}', 'JSONEachRow', '${types}')`;
  await client.command({ query: `INSERT INTO alone (${names}) SELECT ${names} FROM ${from}` });
  const ms = performance.now() - startMs;
  return { rowsPerSec: (EVENTS / ms) * 1000, cpuMs: { engine: (await cpuMs(enginePid)) - before } };
}

let epochs = 0;
async function throughSockets(): Promise<Measured> {
  await client.command({ query: "TRUNCATE TABLE runtime_events" });
  const epoch = (++epochs).toString(16).padStart(16, "0");
  remote.tell({ order: "prepare", epoch, events: EVENTS, nowUs });
  await remote.answer();
  const [engine, own] = [await cpuMs(enginePid), process.cpuUsage()];
  remote.tell({ order: "go" });
  const { ms, cpuMs: sensorsMs } = await remote.answer<{ ms: number; cpuMs: number }>();
  const { user, system } = process.cpuUsage(own);
  const engineMs = (await cpuMs(enginePid)) - engine;
  const query = "SELECT count() AS n, uniqExact(sensor_id, seq) AS different FROM runtime_events";
  const [row] = await (await client.query({ query, format: "JSONEachRow" })).json<{ n: number; different: number }>();
  if (Number(row!.n) !== EVENTS || Number(row!.different) !== EVENTS)
    throw new Error(`${EVENTS} events were acknowledged, ${row!.n} rows and ${row!.different} events are stored`);
  return {
    rowsPerSec: (EVENTS / ms) * 1000,
    cpuMs: { console: (user + system) / 1000, engine: engineMs, sensors: sensorsMs },
  };
}

const rounds: { alone: Measured; sockets: Measured }[] = [];
const cost = ({ cpuMs: all }: Measured): string =>
  Object.entries(all)
    .map(([name, ms]) => `${name} ${((ms * 1000) / EVENTS).toFixed(1)}`)
    .join(", ");
for (let round = 0; round <= ROUNDS; round++) {
  const one = { alone: await alone(), sockets: await throughSockets() };
  say(
    `${round === 0 ? "warm-up" : `round ${round}`}: engine alone ${one.alone.rowsPerSec.toFixed(0)} rows/s (µs of CPU a row: ${cost(one.alone)}), ` +
      `through sockets ${one.sockets.rowsPerSec.toFixed(0)} (${cost(one.sockets)})`,
  );
  if (round > 0) rounds.push(one);
}
const figures = {
  alone: median(rounds.map((r) => r.alone.rowsPerSec)),
  sockets: median(rounds.map((r) => r.sockets.rowsPerSec)),
  ratio: median(rounds.map((r) => r.sockets.rowsPerSec / r.alone.rowsPerSec)),
};
say(
  `events of ${bytesPerEvent.toFixed(0)} bytes: ${figures.sockets.toFixed(0)} rows/s through sockets, ${figures.alone.toFixed(0)} by the engine alone, ratio ${figures.ratio.toFixed(2)} (floor ${FLOOR}, aim 1.0); others' load at the start ${othersAtStart}`,
);
const setting = {
  sensors: SENSORS,
  events: EVENTS,
  bytesPerEvent: Math.round(bytesPerEvent),
  frameEvents: FRAME_EVENTS,
};
const measured = { othersAtStart, setting, floor: FLOOR, figures, rounds };
await writeMeasured("docs/bench/ingest.json", "bun scripts/bench-ingest.ts", measured);
for (const line of console.metrics.render().split("\n")) if (/commit_(rows|ms)/.test(line)) say(line);
await remote.stop();
await client.close();
await console[Symbol.asyncDispose]();
await rm(dir, { recursive: true, force: true });
process.exit(figures.ratio >= FLOOR ? 0 : 1);
