import { appendFile, chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { figuresText, isWithin, writeFigures, type Figure } from "../src/cli/bench/figures.ts";
import type { EventHistogram } from "../src/core/api/events.ts";
import { ApiClient, eventually, startBuiltConsole } from "../test/harness/built-console.ts";
import { EngineLines } from "../test/harness/engine-lines.ts";
import { cpuMs, rssBytes } from "../test/harness/processes.ts";

/**
 * What the built sensor costs at a trickle: 500 events a second, from the engine's lines to a Console over mutual TLS, everything it
 * does beside (heartbeats, inventory, flushes of the disk) in it. The lines are written for it, so that no kernel has to be busy.
 */
const PER_SEC = Number(process.argv[2] ?? 500);
/** The runtime compiles what is hot in its first minute. */
const WARM_MS = 60_000;
const MEASURE_MS = 60_000;

await using home = await startBuiltConsole();
const [link] = await home.printed(/https:\/\/[^\s"]+\/setup#[A-Za-z0-9_-]+/);
const api = new ApiClient(home.url);
await api.setUp(link.replace(/^https:\/\/[^/]+/, home.url));
const { token, pinned_public_key } = await api.createToken();
const state = join(home.dir, "sensor");
await mkdir(state, { mode: 0o700 });
const enroll = [home.executable, "enroll", "--console", home.url, "--token", token, "--pin", pinned_public_key];
if ((await Bun.spawn([...enroll, "--state-dir", state], { stdout: "ignore", stderr: "inherit" }).exited) !== 0)
  throw new Error("the sensor could not be enrolled");
const engine = join(home.dir, "idle-engine");
await writeFile(engine, "#!/bin/sh\nexec sleep 86400\n");
await chmod(engine, 0o755);
const out = join(state, "engine", "out");
await mkdir(out, { recursive: true });
const sensor = Bun.spawn([home.executable, "sensor", "run", "--state-dir", state, "--packs", "none"], {
  // As the unit of an installed sensor has it.
  env: { PATH: process.env["PATH"] ?? "", BUN_OPTIONS: "--smol", TELOVIX_SENSOR_ENGINE_PATH: engine },
  stdout: "ignore",
  stderr: "ignore",
});

const lines = new EngineLines(out);
const startMs = performance.now();
let writing = true;
const written = (async () => {
  for (let turned = 0; writing;) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * PER_SEC);
    let text = "";
    while (lines.seq < due) text += lines.exec(`argument-${lines.seq}`, 1000 / PER_SEC);
    if (text !== "") await appendFile(lines.path, text);
    if (lines.seq - turned > 50_000) {
      lines.turn();
      turned = lines.seq;
    }
    await Bun.sleep(50);
  }
})();
await Bun.sleep(WARM_MS);
const before = { atMs: performance.now(), cpu: await cpuMs(sensor.pid), seq: lines.seq };
await Bun.sleep(MEASURE_MS);
const ms = performance.now() - before.atMs;
const usedMs = (await cpuMs(sensor.pid)) - before.cpu;
const events = lines.seq - before.seq;
const rss = await rssBytes(sensor.pid);
writing = false;
await written;
// Nothing of it may be missing: a sensor that drops is a cheap one.
await eventually(async () => {
  const { total } = await api.get<EventHistogram>("/api/v1/events/histogram?since=1h&kind=process_exec");
  return total >= lines.seq ? true : undefined;
});
sensor.kill();
await sensor.exited;
const figures: Figure[] = [
  { name: `built sensor at ${PER_SEC} events/s, of one core`, value: (usedMs / ms) * 100, unit: "%", budget: 1 },
  { name: "processor time an event, all in", value: (usedMs * 1000) / events, unit: "µs" },
  { name: "built sensor, resident", value: rss / 1e6, unit: "MB" },
];
process.stdout.write(figuresText(figures));
await writeFigures("docs/bench/sensor-trickle.json", "bun scripts/bench-sensor-trickle.ts", figures);
await home[Symbol.asyncDispose]();
process.exit(figures.every(isWithin) ? 0 : 1);
