import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lanesOf, traitsOf } from "./fleet/fleet.ts";
import { DEFAULT_BEHAVIOUR, type Behaviour } from "./options.ts";
import { countsOf, differenceOf, readRecording, writeRecording } from "./record.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "telovix-record-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const behaviour: Behaviour = { ...DEFAULT_BEHAVIOUR, n: 6, alertShare: 0.1, burst: { probability: 0.1, size: 20 } };

/** What a fleet makes in a run that began at `atUs`. */
const played = (b: Behaviour, run: number, atUs: number) =>
  Array.from({ length: b.n }, (_, index) => ({
    index,
    lanes: lanesOf(b, index, run, atUs).map((lane) => {
      lane.generate(b.durationMs - traitsOf(b, index).offsetMs);
      return { lane: lane.name, epoch: lane.epoch, generated: lane.generated, acked: 0, missing: 0 };
    }),
  }));

describe("a recording of a fleet", () => {
  test("is played again the same, in another run at another time", async () => {
    const path = join(home, "a.json");
    await writeRecording(path, { behaviour, counts: countsOf(played(behaviour, 1, 0)) });
    const read = await readRecording(path);
    expect(read.behaviour).toEqual(behaviour);
    expect(read.counts.generated).toBeGreaterThan(1_000);
    expect(differenceOf(read.counts, countsOf(played(read.behaviour, 9, 5e15)))).toBeUndefined();
  });

  test("shouts at one event more, and at one that another sensor made", () => {
    const was = played(behaviour, 1, 0);
    const changed = (by: readonly number[]) =>
      was.map((r, i) => ({
        ...r,
        lanes: r.lanes.map((l, at) => (at === 0 ? { ...l, generated: l.generated + (by[i] ?? 0) } : l)),
      }));
    expect(differenceOf(countsOf(was), countsOf(changed([1])))).toContain("events of bulk were recorded");
    expect(differenceOf(countsOf(was), countsOf(changed([1, -1])))).toContain("not by the same sensors");
    expect(differenceOf(countsOf(was), countsOf(played({ ...behaviour, seed: 2 }, 1, 0)))).toBeDefined();
  });

  test("anything else is refused", async () => {
    const path = join(home, "b.json");
    await writeRecording(path, { behaviour, counts: countsOf([]) });
    const good = JSON.parse(await Bun.file(path).text()) as object;
    for (const bad of ["", "{", "[]", { ...good, version: 2 }, { ...good, behaviour: { ...behaviour, n: 1e9 } }]) {
      await Bun.write(path, typeof bad === "string" ? bad : JSON.stringify(bad));
      expect(readRecording(path)).rejects.toThrow(path);
    }
    expect(readRecording(join(home, "none.json"))).rejects.toThrow("cannot be read");
  });
});
