import { appendFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { figuresText, isWithin, writeFigures, type Figure } from "../src/cli/bench/figures.ts";
import { systemClock } from "../src/core/clock.ts";
import { silentLog } from "../src/core/log.ts";
import { createAuthority, issueServerCertificate } from "../src/core/pki/issue.ts";
import { LaneSet } from "../src/core/spool/lane-set.ts";
import { DEFAULT_SPOOL_LIMITS } from "../src/core/spool/limits.ts";
import { Enricher } from "../src/sensor/enrich/enrich.ts";
import { PodNames } from "../src/sensor/enrich/pod-names.ts";
import { LineProgram } from "../src/sensor/normalize/line-program.ts";
import { Pipeline } from "../src/sensor/tail/pipeline.ts";
import { START, startOf } from "../src/sensor/tail/position.ts";
import { SegmentReader } from "../src/sensor/tail/reader.ts";
import { Tail } from "../src/sensor/tail/tail.ts";
import { Outbox } from "../src/sensor/uplink/outbox.ts";
import { Stream } from "../src/sensor/uplink/stream.ts";
import { uplinkTls } from "../src/sensor/uplink/tls.ts";
import type { Trust } from "../src/sensor/uplink/trust.ts";
import { EngineLines } from "../test/harness/engine-lines.ts";

/**
 * Events a second, and per second of processor, from the engine's segments through the spool and over TLS to a far end in another
 * process that acknowledges at once. With a capture as argument its lines are used over and over; else executions of the usual size.
 */
const COUNT = 200_000;
/** Before this many the compiler is still at work. */
const WARM = 40_000;
const home = await mkdtemp(join(tmpdir(), "telovix-bench-"));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function writeLines(count: number, lines: EngineLines): Promise<number> {
  const capture =
    process.argv[2] === undefined ? [] : (await Bun.file(process.argv[2]).text()).split("\n").filter(Boolean);
  let bytes = 0;
  for (let n = 0; n < count;) {
    let text = "";
    for (let i = 0; i < 5_000 && n < count; i++, n++) {
      const sample = capture[n % (capture.length || 1)];
      text +=
        sample === undefined
          ? lines.exec(`argument-${n}`)
          : `${sample.replace(/"seq":"\d+"/, `"seq":"${++lines.seq}"`)}\n`;
    }
    bytes += Buffer.byteLength(text);
    await appendFile(lines.path, text);
    lines.turn();
  }
  return bytes;
}

/** The far end, and how the sensor reaches it. */
async function startSink(): Promise<{ url: URL; caPem: string; stop: () => void }> {
  const now = Date.now();
  const authority = await createAuthority("Bench", now);
  const leaf = await issueServerCertificate(authority, { dns: ["telovix-console"], ips: [] }, now);
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "bench-sensor-sink.ts")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  await child.stdin.write(JSON.stringify({ cert: leaf.pem, key: leaf.keyPem }));
  await child.stdin.end();
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value as Uint8Array).trim());
  return {
    url: new URL(`https://127.0.0.1:${port}`),
    caPem: authority.certificate.toString("pem"),
    stop: () => child.kill(),
  };
}

const sink = await startSink();
let within = false;
try {
  const [out, spool] = [join(home, "out"), join(home, "spool")];
  for (const dir of [out, spool]) await mkdir(dir);
  const lines = new EngineLines(out);
  const bytes = await writeLines(COUNT, lines);
  const lanes = await LaneSet.open(
    spool,
    { ...DEFAULT_SPOOL_LIMITS, maxEvents: 2 * COUNT, maxBytes: 2 ** 30 },
    systemClock,
    silentLog,
  );
  const start = startOf(undefined, undefined);
  const pipeline = new Pipeline(new Enricher(new PodNames()), START, {}, new Map(), new LineProgram());
  const reader = new SegmentReader(out, 0, 0);
  const outbox = new Outbox(lanes, silentLog);
  const tail = new Tail({
    reader,
    pipeline,
    lanes,
    start,
    clock: systemClock,
    log: silentLog,
    onSpooled: () => outbox.wake(),
  });
  const stream = new Stream({
    url: sink.url,
    tls: uplinkTls({ caPem: sink.caPem }),
    outbox,
    clock: systemClock,
    log: silentLog,
    trust: { trusted: true, changed: new AbortController().signal } as Trust,
    sensorVersion: "bench",
    instance: { start_id: "0".repeat(16) },
    tickMs: 500,
    onRefresh: () => {},
    onState: () => {},
  });
  const stop = new AbortController();
  const running = stream.run(stop.signal);
  let warm: { atMs: number; cpu: NodeJS.CpuUsage; acked: number } | undefined;
  const step = async (): Promise<void> => {
    await tail.step(stop.signal);
    if (!warm && outbox.acked >= WARM) warm = { atMs: performance.now(), cpu: process.cpuUsage(), acked: outbox.acked };
    // The uplink has the same core: it gets its turn between two chunks, and the spool does not run far ahead of it.
    do await new Promise((resolve) => setImmediate(resolve));
    while (outbox.acked < tail.spooled - 20_000);
  };
  while (tail.spooled < COUNT) await step();
  while (outbox.acked < COUNT) await new Promise((resolve) => setTimeout(resolve, 1));
  const { atMs, cpu, acked } = warm!;
  const used = process.cpuUsage(cpu);
  const tookMs = performance.now() - atMs;
  const count = outbox.acked - acked;
  say(
    `lines: ${COUNT}, ${Math.round(bytes / COUNT)} bytes each; ${tail.spooled} events, ${pipeline.counters.events_folded} folded`,
  );
  const cpuMs = (used.user + used.system) / 1000;
  const figures: Figure[] = [
    // One thread does it all: what it does in a second of its processor is what one core sustains.
    {
      name: "segments, normalise, enrich, spool, send, on one core",
      value: (count / cpuMs) * 1000,
      unit: "events/s",
      budget: 20_000,
      atLeast: true,
    },
    { name: "the same by the clock, beside what else ran", value: (count / tookMs) * 1000, unit: "events/s" },
    { name: "processor time an event", value: (cpuMs * 1000) / count, unit: "µs" },
    { name: "resident, with all of it in the spool", value: process.memoryUsage().rss / 1e6, unit: "MB" },
  ];
  say(figuresText(figures).trimEnd());
  await writeFigures("docs/bench/sensor.json", "bun scripts/bench-sensor.ts", figures);
  within = figures.every(isWithin);
  stop.abort();
  await running;
  await reader.close();
  await lanes[Symbol.asyncDispose]();
} finally {
  sink.stop();
  await rm(home, { recursive: true, force: true });
}
process.exit(within ? 0 : 1);
