/** What changes while the engine runs: plans that come, change and go, and what the sensor says of enforcement. */
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { ACT, DIR, type Truth } from "./case.ts";
import { CASES } from "./cases.ts";
import { Engine, type PolicyState } from "./engine.ts";
import { pidOf, type Line } from "./match.ts";
import type { Result } from "./outcome.ts";
import { directoryOf } from "./prepare.ts";

const CHANGE_MS = 60_000;
const TOLD_MS = 30_000;
const plans = `${DIR}/plans/scenarios`;

const EQUAL = "syscall-whence-int-equal";
const OFFSET = "syscall-offset-sint64-equal";
const KILL = "syscall-sigkill";
const SLOW = "return-under-way";
const BESIDE = "return-beside";

/** The tokens of a case's first run, which is a hit. */
function actOf(name: string): readonly string[] {
  const [run] = CASES.find((c) => c.name === name)?.runs ?? [];
  if (run === undefined) throw new Error(`there is no case ${name}`);
  return run.act;
}

class Play {
  constructor(
    readonly engine: Engine,
    readonly prepared: string,
  ) {}

  /** As the sensor does it: written elsewhere, then renamed. */
  put(name: string, file = name): void {
    const group = CASES.find((c) => c.name === name)?.group ?? "";
    copyFileSync(`${this.prepared}/plans/${directoryOf(group)}/${name}.plan`, `${DIR}/coming`);
    renameSync(`${DIR}/coming`, `${plans}/${file}.plan`);
  }

  take(file: string): void {
    rmSync(`${plans}/${file}.plan`);
  }

  control(what: object | undefined): void {
    if (what === undefined) return rmSync(`${plans}/control.json`, { force: true });
    writeFileSync(`${DIR}/coming`, JSON.stringify(what));
    renameSync(`${DIR}/coming`, `${plans}/control.json`);
  }

  renewLease(): void {
    writeFileSync(`${plans}/lease`, "");
    utimesSync(`${plans}/lease`, new Date(), new Date());
  }

  async until(what: string, holds: (states: ReadonlyMap<string, PolicyState>) => boolean): Promise<void> {
    if (!(await this.engine.comes(CHANGE_MS, (states) => holds(new Map(states.map((s) => [s.name, s]))))))
      throw new Error(`the engine does not say: ${what}; it says ${JSON.stringify(this.engine.states() ?? null)}`);
  }

  act(name: string): Truth {
    const done = spawnSync(ACT, actOf(name), { encoding: "utf8" });
    return JSON.parse(done.stdout) as Truth;
  }

  /** Does it, and gives the policy's events of it. */
  async events(name: string): Promise<{ truth: Truth; lines: readonly Line[] }> {
    const truth = this.act(name);
    if (!(await this.engine.told(truth.pid, TOLD_MS)))
      throw new Error(`the engine does not tell of the run: ${this.engine.complaint}`);
    return {
      truth,
      lines: this.engine.lines().filter((line) => line.event["policy_name"] === name && pidOf(line) === truth.pid),
    };
  }

  async expect(name: string, count: number): Promise<void> {
    const { lines } = await this.events(name);
    if (lines.length !== count) throw new Error(`${lines.length} events of ${name}, not ${count}`);
  }

  /** Tries again and again, since what changes takes a while to take effect. */
  async killed(wanted: boolean): Promise<void> {
    const end = performance.now() + CHANGE_MS;
    for (;;) {
      const { signal } = this.act(KILL);
      if ((signal === 9) === wanted) return;
      if (performance.now() > end) throw new Error(`it was ${signal === 9 ? "" : "not "}killed`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const inForce =
  (name: string) =>
  (states: ReadonlyMap<string, PolicyState>): boolean =>
    ["ok", "degraded"].includes(states.get(name)?.state ?? "");

const SCENES: readonly (readonly [string, (play: Play) => Promise<void>])[] = [
  [
    "a plan that appears is put into force",
    async (play) => {
      await play.expect(EQUAL, 0);
      play.put(EQUAL);
      await play.until("in force", inForce(EQUAL));
      await play.expect(EQUAL, 1);
    },
  ],
  [
    "another beside it leaves it alone",
    async (play) => {
      play.put("selectors-ored");
      await play.until("in force", inForce("selectors-ored"));
      await play.expect("selectors-ored", 1);
      await play.expect(EQUAL, 1);
    },
  ],
  [
    "a file with another policy takes the old one's place",
    async (play) => {
      play.put(OFFSET, EQUAL);
      await play.until("exchanged", (states) => inForce(OFFSET)(states) && !states.has(EQUAL));
      await play.expect(EQUAL, 0);
      await play.expect(OFFSET, 1);
    },
  ],
  [
    "a plan that vanishes is out of force",
    async (play) => {
      play.take(EQUAL);
      await play.until("gone", (states) => !states.has(OFFSET));
      await play.expect(OFFSET, 0);
      await play.expect("selectors-ored", 1);
    },
  ],
  [
    "a call under way is told though another policy comes to its place",
    async (play) => {
      play.put(SLOW);
      await play.until("in force", inForce(SLOW));
      const slow = spawn(ACT, ["user-slow", "3000"], { stdio: ["ignore", "pipe", "ignore"] });
      const said = once(slow.stdout, "data").then(String);
      if (!(await play.engine.says(TOLD_MS, new RegExp(`"process_exec".*"pid":\\d+,.*user-slow`))))
        throw new Error("its start is not told");
      play.put(BESIDE);
      await play.until("in force", inForce(BESIDE));
      const truth = JSON.parse(await said) as Truth;
      await play.engine.told(truth.pid, TOLD_MS);
      const told = play.engine.lines().filter((line) => line.event["policy_name"] === SLOW && pidOf(line) === truth.pid);
      if (told.length !== 1) throw new Error(`told ${told.length} times`);
      play.take(BESIDE);
      play.take(SLOW);
    },
  ],
  [
    "files that are no plans are refused with a reason, and harm nobody",
    async (play) => {
      const good = readFileSync(`${plans}/selectors-ored.plan`);
      writeFileSync(`${plans}/noise.plan`, "this is no plan");
      writeFileSync(`${plans}/short.plan`, good.subarray(0, good.length - 8));
      writeFileSync(`${plans}/empty.plan`, "");
      const refused = (states: ReadonlyMap<string, PolicyState>): number =>
        [...states.values()].filter((s) => s.state === "rejected" && (s.reason ?? "") !== "").length;
      await play.until("three refused", (states) => refused(states) === 3);
      await play.expect("selectors-ored", 1);
      for (const file of ["noise", "short", "empty"]) play.take(file);
      await play.until("forgotten", (states) => refused(states) === 0);
    },
  ],
  [
    "a policy that kills",
    async (play) => {
      play.put(KILL);
      await play.until("in force", inForce(KILL));
      await play.killed(true);
    },
  ],
  [
    "monitor mode by the sensor's word",
    async (play) => {
      play.control({ modes: { [KILL]: "monitor" } });
      await play.killed(false);
      const { truth, lines } = await play.events(KILL);
      if (truth.signal !== 0 || lines.length !== 1 || lines[0]?.telovix["monitored"] !== true)
        throw new Error(`told: ${JSON.stringify(lines.map((l) => l.telovix))}`);
      play.control({ modes: { [KILL]: "enforce" } });
      await play.killed(true);
    },
  ],
  [
    "the kill switch",
    async (play) => {
      play.control({ enforcement: "off" });
      await play.killed(false);
      play.control(undefined);
      await play.killed(true);
    },
  ],
  [
    "enforcement ends when the sensor stays silent",
    async (play) => {
      play.renewLease();
      play.control({ leaseSeconds: 3 });
      await play.killed(false);
      play.control({ leaseSeconds: 600 });
      play.renewLease();
      await play.killed(true);
    },
  ],
];

/** Each scene builds on those before it; the first that fails ends the play. */
export async function playScenarios(binary: string, out: string, prepared: string): Promise<Result[]> {
  mkdirSync(plans, { recursive: true });
  const engine = new Engine(binary, out, plans);
  const play = new Play(engine, prepared);
  const results: Result[] = [];
  let fault: string | undefined;
  for (const [name, scene] of SCENES) {
    const base = { name: `scenario: ${name}`, hook: "syscall", shows: { other: name } };
    if (fault === undefined) {
      try {
        if (results.length === 0 && (await engine.policies(0, CHANGE_MS)) === undefined)
          throw new Error(`the engine did not start: ${engine.complaint}`);
        await scene(play);
        results.push({ ...base, outcome: "works" });
        continue;
      } catch (cause) {
        fault = cause instanceof Error ? cause.message : String(cause);
      }
    }
    results.push({ ...base, outcome: "FAILED", reason: fault });
    fault = "an earlier scene failed";
  }
  await engine.stop(CHANGE_MS);
  return results;
}
