import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Hex } from "../src/core/ids.ts";
import { Enricher } from "../src/sensor/enrich/enrich.ts";
import { PodNames } from "../src/sensor/enrich/pod-names.ts";
import { Pipeline } from "../src/sensor/tail/pipeline.ts";
import { START } from "../src/sensor/tail/position.ts";
import { packFrame } from "../src/sensor/uplink/codec.ts";
import { Dice } from "../test/harness/dice.ts";
import { hook, line, parent, proc, sock } from "../test/harness/sample-lines.ts";

/*
 * Trains the dictionary of the stream's frames on lines of our own making and writes src/core/wire/dictionary-data.ts.
 * Needs the zstd command. A new dictionary has a new id; an old sensor and a new Console then simply agree on none.
 */
const SIZE_BYTES = 16 * 1024;
const FRAMES = 3_000;
const ROOT = join(import.meta.dir, "..");

const PROGRAMS = [
  ["/usr/bin/bash", "-c", "id; uname -a"],
  ["/usr/bin/curl", "-fsS", "https://updates.example.org/index.json"],
  ["/usr/bin/python3", "/srv/app/worker.py", "--queue", "mail"],
  ["/usr/sbin/nginx", "-g", "daemon off;"],
  ["/usr/bin/grep", "-rn", "error", "/var/log/app"],
  ["/usr/bin/sed", "-i", "s/a/b/", "/etc/app.conf"],
  ["/usr/bin/sh", "/etc/cron.hourly/rotate"],
  ["/usr/bin/cat", "/proc/meminfo"],
  ["/usr/bin/systemctl", "is-active", "app.service"],
  ["/usr/bin/postgres", "-D", "/var/lib/db"],
] as const;
const CGROUPS = [
  "/system.slice/cron.service",
  "/user.slice/user-1000.slice/session-3.scope",
  "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b2c3d.slice/cri-containerd-0123456789abcdef.scope",
];
const FILES = ["/etc/passwd", "/etc/shadow", "/etc/hosts", "/root/.ssh/authorized_keys", "/var/log/auth.log"];

const dice = new Dice(7);
let seq = 0;

function process(): object {
  const argv = dice.pick(PROGRAMS);
  const id = Buffer.from(`node-1:${dice.below(1e9)}:${dice.below(99_999)}`).toString("base64");
  const [pid, uid] = [dice.below(65_000), dice.pick([0, 0, 33, 1000])];
  return proc({
    exec_id: id,
    pid,
    tid: pid,
    ppid: dice.below(65_000),
    uid,
    binary: argv[0],
    argv: [argv[0].split("/").at(-1), ...argv.slice(1)],
    arguments: argv.slice(1).join(" "),
    cgroup: dice.pick(CGROUPS),
    cwd: dice.pick(["/", "/root", "/srv/app"]),
  });
}

/** Lines of a real engine; every second one is left out, to measure by. */
const CAPTURE = (await Bun.file(join(ROOT, "test/fixtures/engine/sample.jsonl")).text())
  .split("\n")
  .filter((text, i) => text !== "" && i % 2 === 0 && !text.includes("engine_st"));

/** A line of the capture with other numbers in it. */
function captured(): string {
  return dice
    .pick(CAPTURE)
    .replaceAll(/\d{3,}/g, (n) => String(dice.below(10 ** Math.min(n.length, 9))).padStart(n.length, "1"));
}

function sample(): string {
  const p = process();
  switch (dice.below(10)) {
    case 6:
    case 7:
    case 8:
    case 9:
      return captured();
    case 0:
    case 1:
      return line({ process_exec: { process: p, parent } });
    case 2:
      return line({ process_exit: { process: p, parent, time: "2026-11-21T01:00:01Z", status: dice.below(2) } });
    case 3:
      return hook("telovix-network-baseline", "tcp_connect", [sock({ dport: dice.pick([443, 53, 5432]) })], {}, {}, p);
    case 4:
      return hook(
        "telovix-file-open-credentials",
        "security_file_open",
        [{ file_arg: { path: dice.pick(FILES), permission: "-rw-r--r--" } }],
        { action: "KPROBE_ACTION_POST" },
        {},
        p,
      );
    default:
      return hook("telovix-privilege-baseline", "sys_setuid", [{ int_arg: dice.below(2000) }], {}, {}, p);
  }
}

/** Frames of one to three events, as an idle sensor sends them. */
function frames(): Uint8Array[] {
  const pipeline = new Pipeline(new Enricher(new PodNames()), START);
  const out: Uint8Array[] = [];
  let batch: { seq: number; payload: Uint8Array }[] = [];
  let startUs = Date.parse("2026-11-21T01:00:00Z") * 1000;
  for (let n = 1; out.length < FRAMES; n++) {
    const value = JSON.parse(sample()) as { telovix: object; time: string };
    startUs += dice.below(2_000_000);
    value.time = new Date(startUs / 1000).toISOString();
    value.telovix = { ...value.telovix, seq: String(n), cpu: dice.below(8), run_id: "5f1c2a9b00d1e6f7" };
    for (const draft of pipeline.line(JSON.stringify(value))) {
      batch.push({ seq: ++seq, payload: pipeline.encode(draft, seq) });
      if (dice.below(2) > 0 && batch.length < 3) continue;
      const [firstSeq, lastSeq] = [batch[0]!.seq, seq];
      out.push(
        packFrame({ firstSeq, lastSeq, records: batch, missing: [] }, { epoch: "3b9f00d2c4a1e857", lane: "bulk" }),
      );
      batch = [];
    }
  }
  return out;
}

const dir = await mkdtemp(join(tmpdir(), "telovix-dictionary-"));
try {
  const samples = join(dir, "samples");
  await mkdir(samples);
  for (const [i, frame] of frames().entries()) await Bun.write(join(samples, String(i).padStart(5, "0")), frame);
  const file = join(dir, "dictionary");
  const run = spawnSync("zstd", ["--train", "-r", samples, `--maxdict=${SIZE_BYTES}`, "-o", file], {
    encoding: "utf8",
  });
  if (run.status !== 0) throw new Error(`zstd --train failed: ${run.stderr || String(run.error)}`);
  const bytes = new Uint8Array(await Bun.file(file).arrayBuffer());
  const id = sha256Hex(bytes).slice(0, 8);
  const base64 = Buffer.from(bytes).toString("base64");
  await Bun.write(
    join(ROOT, "src/core/wire/dictionary-data.ts"),
    `/** Made by scripts/train-dictionary.ts; ${bytes.length} bytes. */
export const DICTIONARY_ID = "${id}";
export const DICTIONARY_BASE64 =
  "${base64}";
`,
  );
  globalThis.process.stdout.write(`dictionary ${id}: ${bytes.length} bytes\n`);
} finally {
  await rm(dir, { recursive: true, force: true });
}
