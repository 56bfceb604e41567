import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { SegmentReader } from "../../sensor/tail/reader.ts";
import { EXIT, type Call } from "../command.ts";
import { engineProgram, withPrivateDir } from "../engine-program.ts";
import { EngineRun } from "../engine-run.ts";
import { UsageError } from "../parse.ts";
import { readPolicyStatus, type PolicyStatus } from "../policy-status.ts";
import { act } from "./act.ts";
import { countVerdicts, resultText } from "./report.ts";
import { readSubjects, type Subject } from "./subjects.ts";
import { results, Trial } from "./trial.ts";

const POLL_MS = 50;
/** Loading a hundred policies takes an emulated machine a minute. */
const LOAD_TIMEOUT_MS = 180_000;
/** From the last action on: an event is told within some 20 ms of it. */
const EVENT_TIMEOUT_MS = 5_000;

/** All at once, telling only. */
async function writePlans(dir: string, subjects: readonly Subject[]): Promise<void> {
  await mkdir(dir);
  const modes = Object.fromEntries(subjects.map(({ name }) => [name, "monitor"]));
  await writeFile(join(dir, "control.json"), JSON.stringify({ modes, enforcement: "off" }));
  for (const { name, plan } of subjects) await writeFile(join(dir, `${name}.plan`), plan);
}

/** Waits until the engine has made up its mind about each policy. */
async function awaitLoaded(
  out: string,
  subjects: readonly Subject[],
  engine: EngineRun,
  signal: AbortSignal,
): Promise<readonly PolicyStatus[]> {
  const until = systemClock.monotonicMs() + LOAD_TIMEOUT_MS;
  while (!signal.aborted && !engine.ended && systemClock.monotonicMs() < until) {
    const status = await readPolicyStatus(out);
    const isDecided = ({ name }: Subject): boolean =>
      status?.some((s) => s.name === name && s.state !== "loading") ?? false;
    if (status && subjects.every(isDecided)) return status;
    await systemClock.sleep(POLL_MS, signal);
  }
  throw new AppError("unavailable", `The engine has not loaded the policies: ${engine.reason}`, {
    hint: "It needs root; telovix doctor says what else is in the way.",
  });
}

async function readLines(reader: SegmentReader, trial: Trial): Promise<void> {
  for (let chunk = await reader.read(); chunk; chunk = await reader.read())
    for (const line of chunk.lines) trial.line(line);
}

async function tryAll(trial: Trial, reader: SegmentReader, program: string, signal: AbortSignal): Promise<void> {
  for (const step of trial.steps) {
    if (signal.aborted) break;
    trial.acted(step, await act(program, step.step, signal));
    await readLines(reader, trial);
  }
  const until = systemClock.monotonicMs() + EVENT_TIMEOUT_MS;
  while (!trial.isProven && !signal.aborted && systemClock.monotonicMs() < until) {
    await systemClock.sleep(POLL_MS, signal);
    await readLines(reader, trial);
  }
}

/** `telovix policy test`. */
export async function run(call: Call, programOf: (dir: string) => Promise<string> = engineProgram): Promise<number> {
  if (call.args.length === 0) throw new UsageError("A pack is needed.", "Write telovix policy test linux-baseline.");
  const subjects = await readSubjects(call.args);
  return withPrivateDir("policy-test", async (dir) => {
    const out = join(dir, "out");
    await mkdir(out, { mode: 0o700 });
    await writePlans(join(dir, "plans"), subjects);
    const program = await programOf(dir);
    const words = ["run", "--out", out, "--plan", join(dir, "plans"), "--node-name", "policy-test"];
    const engine = new EngineRun(program, [...words, "--self-pid", `${process.pid}`]);
    const reader = new SegmentReader(out, 1, 0);
    try {
      const trial = new Trial(subjects);
      await awaitLoaded(out, subjects, engine, call.signal);
      await tryAll(trial, reader, program, call.signal);
      const found = results(subjects, trial, (await readPolicyStatus(out)) ?? []);
      if (call.signal.aborted) return EXIT.failed;
      if (engine.ended) throw new AppError("unavailable", `The engine ended: ${engine.reason}`);
      if (call.flags["json"]) call.out(`${JSON.stringify({ ...countVerdicts(found), policies: found }, null, 2)}\n`);
      else call.out(resultText(found));
      return found.every((r) => r.verdict === "fired" || r.verdict === "covered") ? EXIT.ok : EXIT.failed;
    } finally {
      await reader.close();
      await engine.stop();
    }
  });
}
