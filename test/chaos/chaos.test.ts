import { describe, expect, test } from "bun:test";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomHex } from "../../src/core/ids.ts";
import { verdictText } from "../../src/sim/report.ts";
import { BUILT_FILE } from "../harness/built-console.ts";
import { numberedExecs } from "../harness/numbered-execs.ts";
import { Books } from "./books.ts";
import { drawRound, drawShort, type Draw } from "./draw.ts";
import { faultsOf } from "./faults.ts";
import { StandingFleet } from "./fleet.ts";
import { partsOf, stand, type Standing } from "./ground.ts";
import { Judge, type RealEvents } from "./judge.ts";
import { KINDS, type Kind } from "./kinds.ts";

/** Unless told how many rounds: the short form, in which each fault comes at least once. */
const SHORT_ROUNDS = 12;
const IS_SHORT = process.env["ROUNDS"] === undefined;
const ROUNDS = Number(process.env["ROUNDS"] ?? SHORT_ROUNDS);
const SEED = Number(process.env["CHAOS_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Part of the name of the kinds that are tried. */
const ONLY = process.env["CHAOS_KIND"] ?? "";
/** Names of the faults that are done, comma-separated; all of them when it is empty. */
const FAULTS = (process.env["CHAOS_FAULTS"] ?? "").split(",").filter((name) => name !== "");
const SENSORS = Number(process.env["SENSORS"] ?? 40);
/** After so many rounds all that was made must be accounted for; between them faults strike what has not recovered. */
const ROUNDS_A_VERDICT = 5;
const ROUND_MS = 45_000;
const AROUND_MS = 600_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const kinds = KINDS.filter(({ name }) => name.includes(ONLY));
if (kinds.length === 0) throw new Error(`CHAOS_KIND is part of one of: ${KINDS.map(({ name }) => name).join(", ")}`);

/** What is done to an installation of a kind, round by round. */
function drawsOf(kind: Kind, rounds: number): Draw[] {
  const all = faultsOf(partsOf(kind));
  const faults = all.filter(({ name }) => FAULTS.length === 0 || FAULTS.includes(name));
  if (faults.length === 0) throw new Error(`CHAOS_FAULTS are some of: ${all.map(({ name }) => name).join(",")}`);
  if (!IS_SHORT || FAULTS.length > 0) return Array.from({ length: rounds }, (_, i) => drawRound(SEED, i + 1, faults));
  // Over all kinds that can be tried here, also when one only is: its rounds are the same.
  const able = KINDS.filter(({ lacks }) => lacks === undefined);
  const plan = able.map((k) => ({ kind: k.name, faults: faultsOf(partsOf(k)) }));
  return drawShort(SEED, rounds, plan).get(kind.name) ?? [];
}

async function play(kind: Kind, draws: readonly Draw[], { ground, home }: Standing): Promise<void> {
  const { bed, sensor } = ground;
  const rounds = draws.length;
  const untilMs = performance.now() + rounds * ROUND_MS;
  await using fleet = await StandingFleet.start(bed, home, SENSORS, SEED, say);
  const mark = `chaos${randomHex(6)}`;
  const real: RealEvents | undefined = sensor
    ? { sensorId: sensor.id, mark, execs: await numberedExecs(home, mark) }
    : undefined;
  const judge = new Judge({ books: new Books(bed.dataDir), fleet, real, say });
  const settle = async (what: string): Promise<void> => {
    const { problems, tookMs, text } = await judge.settle();
    say(`  ${what}: ${problems.length > 0 ? "WRONG" : "holds"} after ${(tookMs / 1000).toFixed(1)} s: ${text}`);
    if (problems.length === 0) return;
    const kept = join(tmpdir(), `telovix-chaos-${SEED}.log`);
    await writeFile(kept, `${bed.output}\n${sensor?.tail() ?? ""}`);
    say(`  what Console and sensor said is in ${kept}`);
    expect(problems).toEqual([]);
  };
  try {
    await settle("before any fault");
    for (const [i, { faults, pauseMs }] of draws.entries()) {
      const round = i + 1;
      say(`${kind.name}, round ${round}: ${faults.map(({ fault }) => fault.name).join(" and ")}`);
      await Promise.all(faults.map(({ fault, draw }) => fault.act(ground, draw)));
      await Bun.sleep(pauseMs);
      if (!bed.alive) throw new Error(`the Console ended by itself: ${await bed.ending()}`);
      if (performance.now() > untilMs) throw new Error(`${round} rounds took longer than ${rounds} may`);
      if (round % ROUNDS_A_VERDICT === 0) await settle(`verdict after round ${round}`);
    }
  } finally {
    await fleet.endEvents();
    await real?.execs.stop();
  }
  await settle("verdict at the end");
  // Once more over everything: what was in order must have stayed so.
  judge.forget();
  await settle("verdict over all");
  const verdict = await fleet.check(bed.dataDir);
  const { reasons } = await fleet.tally();
  say(`${verdictText(verdict)}\nstreams ended: ${JSON.stringify(reasons)}`);
  if (real) say(`${real.execs.count()} real executions, ${judge.blind} of them in blind times`);
  expect(verdict.mismatches).toEqual([]);
}

describe("random faults", () => {
  for (const kind of kinds) {
    const tried = IS_SHORT ? KINDS.filter(({ lacks }) => lacks === undefined) : kinds;
    const rounds = Math.ceil(ROUNDS / Math.max(1, tried.length));
    test.skipIf(kind.lacks !== undefined)(
      `leave every event found once or in the ledger: ${kind.name}, ${rounds} rounds, CHAOS_SEED=${SEED}`,
      async () => {
        say(`chaos: CHAOS_SEED=${SEED} ROUNDS=${ROUNDS} SENSORS=${SENSORS} CHAOS_KIND="${kind.name}"`);
        // A copy: what is built meanwhile is not what is tried.
        const dir = await mkdtemp(join(tmpdir(), `telovix-chaos-${process.pid}-file-`));
        try {
          const file = join(dir, "telovix");
          await copyFile(BUILT_FILE, file);
          const startMs = performance.now();
          await using standing = await stand(file, kind, say);
          say(`stands after ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
          await play(kind, drawsOf(kind, rounds), standing);
          say(`${((performance.now() - startMs) / 1000).toFixed(1)} s in all`);
        } finally {
          await rm(dir, { recursive: true, force: true });
        }
      },
      rounds * ROUND_MS + AROUND_MS,
    );
  }
});
