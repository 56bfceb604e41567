import { appendFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/core/clock.ts";
import { silentLog } from "../src/core/log.ts";
import { DEFAULT_SPOOL_LIMITS, Spool } from "../src/core/spool/spool.ts";
import { Enricher } from "../src/sensor/enrich/enrich.ts";
import { PodNames } from "../src/sensor/enrich/pod-names.ts";
import { Pipeline } from "../src/sensor/tail/pipeline.ts";
import { START } from "../src/sensor/tail/position.ts";
import { SegmentReader } from "../src/sensor/tail/reader.ts";
import { Tail } from "../src/sensor/tail/tail.ts";
import { packBatch, compress } from "../src/sensor/uplink/codec.ts";
import { EngineLines } from "../test/harness/engine-lines.ts";

/**
 * Events a second from the engine's segments into the spool, on one core, and out of it into compressed batches.
 * With a capture as argument its lines are used over and over; else executions of the usual size.
 */
const COUNT = 50_000;
const home = await mkdtemp(join(tmpdir(), "telovix-bench-"));
const say = (text: string): void => void process.stdout.write(`${text}\n`);
try {
  const out = join(home, "out");
  await mkdir(out);
  const lines = new EngineLines(out);
  const capture =
    process.argv[2] === undefined ? [] : (await Bun.file(process.argv[2]).text()).split("\n").filter(Boolean);
  let bytes = 0;
  for (let n = 0; n < COUNT;) {
    let text = "";
    for (let i = 0; i < 5_000 && n < COUNT; i++, n++) {
      const sample = capture[n % (capture.length || 1)];
      text +=
        sample === undefined ? lines.exec(`argument-${n}`) : `${sample.replace(/"seq":"\d+"/, `"seq":"${n + 1}"`)}\n`;
    }
    bytes += Buffer.byteLength(text);
    await appendFile(lines.path, text);
    lines.turn();
  }
  await using spool = await Spool.open(
    join(home, "spool"),
    { ...DEFAULT_SPOOL_LIMITS, maxBytes: 2 ** 30 },
    systemClock,
    silentLog,
  );
  const pipeline = new Pipeline(new Enricher(new PodNames()), START);
  const reader = new SegmentReader(out, 0, 0);
  const tail = new Tail({
    reader,
    pipeline,
    spool,
    position: START,
    clock: systemClock,
    log: silentLog,
    onSpooled: () => {},
  });
  const idle = new AbortController().signal;
  const before = process.cpuUsage();
  const from = performance.now();
  while (await tail.step(idle));
  const tookMs = performance.now() - from;
  const cpu = process.cpuUsage(before);
  const cpuMs = (cpu.user + cpu.system) / 1000;
  await reader.close();
  const perSec = (n: number, ms: number): string => `${Math.round(n / (ms / 1000)).toLocaleString("en")}/s`;
  say(`lines: ${COUNT}, ${Math.round(bytes / COUNT)} bytes each`);
  say(
    `segments -> spool: ${perSec(COUNT, tookMs)}, ${perSec(COUNT, cpuMs)} by CPU time; ${tail.spooled} events, ${pipeline.counters.events_folded} folded`,
  );
  const sendFrom = performance.now();
  let sent = 0;
  let wire = 0;
  for (let next = 1; next < spool.nextSeq;) {
    const batch = await spool.read(next, 2_000, 512 * 1024);
    wire += compress(packBatch(batch, spool.epoch)).length;
    sent += batch.records.length;
    next = batch.lastSeq + 1;
  }
  say(
    `spool -> frames: ${perSec(sent, performance.now() - sendFrom)}, ${Math.round(wire / Math.max(1, sent))} bytes an event on the wire`,
  );
  say(`memory: ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
} finally {
  await rm(home, { recursive: true, force: true });
}
