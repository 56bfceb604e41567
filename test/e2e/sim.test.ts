import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ScenarioResult } from "../../src/sim/scenario/run.ts";
import { TestBed } from "../../src/sim/scenario/bed.ts";
import { BUILT_FILE } from "../harness/built-console.ts";
import { expectPlainRefusal, runProgram } from "../harness/program.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "telovix-sim-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const sim = (...args: string[]) => runProgram(BUILT_FILE, ["sim", ...args]);
const BEHAVIOUR = ["--n", "60", "--ramp", "1s", "--duration", "12s", "--seed", "7", "--burst", "0.02:200"];

describe("the simulator of the built file", () => {
  test("plays the same fleet it says it will, over a Console that is killed on the way, and every event adds up", async () => {
    const state = join(home, "keys");
    // Queues so small that the outage overflows them: what is dropped must be in the ledger, and nothing else.
    const call = ["console-restart", ...BEHAVIOUR, "--queue", "40", "--state", state, "--json"];
    const { out, err, code } = await sim("scenario", ...call);
    const [result] = JSON.parse(out || "[]") as ScenarioResult[];
    if (code !== 0) process.stderr.write(`${err}\n${JSON.stringify(result, null, 1)}\n`);
    expect(result).toMatchObject({ passed: true, report: { not_acknowledged: 0, check: { ok: true, doubled: 0 } } });
    expect(code).toBe(0);
    const { missing, check } = result!.report;
    expect(missing).toBeGreaterThan(0);
    // What was stored just before the kill, and dropped by its sensor for want of the acknowledgement, is not lost.
    expect(check!.ledger).toBeGreaterThan(0);
    expect(check!.ledger).toBeLessThanOrEqual(missing);
    expect(check!.ledger_by_cause).toEqual({ "spool/spool_full": check!.ledger });
    expect(check!.contents_compared).toBeGreaterThan(20);
    expect(result!.figures["green_after_ms"]).toBeLessThan(120_000);

    const expected = JSON.parse((await sim("expect", ...BEHAVIOUR, "--json")).out) as { generated: number };
    expect(result!.report.generated).toBe(expected.generated);
  }, 120_000);

  test("records a fleet, and plays the same again", async () => {
    await using console = await TestBed.start({ command: [BUILT_FILE] });
    const [recording, other] = [join(home, "fleet.json"), join(home, "other.json")];
    const place = ["--data-dir", console.dataDir, "--state", join(home, "recorded"), "--check"];
    const fleet = ["--n", "12", "--ramp", "500ms", "--duration", "3s", "--seed", "9"];
    const first = await sim("sensors", ...place, ...fleet, "--record", recording);
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining("holds for every sensor") });
    const again = await sim("sensors", ...place, "--replay", recording);
    expect(again).toMatchObject({ code: 0, err: expect.stringMatching(/replay: the same \d+ events/) });
    expectPlainRefusal(await sim("sensors", ...place, "--replay", recording, "--n", "13"));
    // One event that nobody made: a replay that is not the same has to say so.
    const changed = JSON.parse(await Bun.file(recording).text()) as { counts: { bulk: number } };
    changed.counts.bulk++;
    await Bun.write(other, JSON.stringify(changed));
    const wrong = await sim("sensors", ...place, "--replay", other);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining("events of bulk were recorded") });
  }, 120_000);

  test("says what is wrong with a call, and how to put it right", async () => {
    for (const args of [
      ["scenario", "stedy"],
      ["scenario", "kafka-down"],
      ["scenario", "steady", "--ramp", "5m", "--duration", "1m"],
      ["sensors", "--replay", join(home, "none.json")],
      ["sensors", "--state", join(home, "none")],
      ["sensors", "--ramp", "soon"],
      ["sensors", "--profile", "web,mainframe"],
      ["sensors", "--check", "--console", "https://127.0.0.1:1"],
    ])
      expectPlainRefusal(await sim(...args));
  });
});
