import { describe, expect, test } from "bun:test";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scratchDirs } from "../../../test/harness/scratch-dirs.ts";
import { ManualClock } from "../../core/clock.ts";
import { sha256Hex } from "../../core/ids.ts";
import { silentLog } from "../../core/log.ts";
import { LaneSet } from "../../core/spool/lane-set.ts";
import { DEFAULT_SPOOL_LIMITS } from "../../core/spool/limits.ts";
import { settleConsole, type Belonging } from "./settle-console.ts";

const newDir = scratchDirs("settle-console");
const [ONE, OTHER] = ["01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"];
const ENROLLED = "2026-03-01T00:00:00.000Z";
const pem = (body: string): string => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
const authority = (body: string): string => `${sha256Hex(body).slice(0, 32)}\n`;
const belonging = (id: string, ca = "AAAA"): Belonging => ({ sensor_id: id, enrolled_at: ENROLLED, caPem: pem(ca) });
const open = (dir: string): Promise<LaneSet> =>
  LaneSet.open(dir, { ...DEFAULT_SPOOL_LIMITS, ackDelayMs: 0 }, new ManualClock(), silentLog);

/** A spool whose first of two events of each kind is acknowledged. */
async function used(): Promise<string> {
  const dir = await newDir();
  await using lanes = await open(dir);
  for (const kind of ["alert", "bulk"] as const) {
    await lanes.append(kind, (first) => [first, first + 1].map((n) => Uint8Array.of(n)), new Uint8Array());
    lanes.live(kind).ack(1);
  }
  return dir;
}

interface Seen {
  readonly epochs: string[];
  /** Of the bulk lane: acknowledged, of which under another name, next. */
  readonly numbers: number[];
}

/** What a start finds; `settle` is what it does first. */
async function start(dir: string, settle: (lanes: LaneSet) => Promise<void> = async () => {}): Promise<Seen> {
  await using lanes = await open(dir);
  await settle(lanes);
  const { ackedSeq, baseSeq, nextSeq } = lanes.live("bulk");
  return { epochs: lanes.lanes.map((lane) => lane.spool.epoch), numbers: [ackedSeq, baseSeq, nextSeq] };
}
const as =
  (dir: string, sensor: Belonging) =>
  (lanes: LaneSet): Promise<void> =>
    settleConsole(dir, sensor, lanes, silentLog);

describe("a spool", () => {
  test("goes on under its names while the sensor's id stays, whatever becomes of the authority", async () => {
    const dir = await used();
    const first = await start(dir, as(dir, belonging(ONE)));
    for (const ca of ["AAAA", "BBBB", "CCCC"]) expect(await start(dir, as(dir, belonging(ONE, ca)))).toEqual(first);
    expect(first.numbers).toEqual([1, 0, 3]);
  });

  test("goes on under new names with another id, also of the same Console, and once only", async () => {
    const dir = await used();
    const first = await start(dir, as(dir, belonging(ONE)));
    const moved = await start(dir, as(dir, belonging(OTHER)));
    expect(moved.epochs.filter((epoch) => first.epochs.includes(epoch))).toEqual([]);
    expect(moved.numbers).toEqual([1, 1, 3]);
    expect(await start(dir, as(dir, belonging(OTHER, "BBBB")))).toEqual(moved);
  });

  test("of a sensor killed between its lanes and the note is renamed again, and loses nothing", async () => {
    const dir = await used();
    await start(dir, as(dir, belonging(ONE)));
    const killed = await start(dir, (lanes) => lanes.leaveConsole());
    expect(await readFile(join(dir, "console"), "utf8")).toBe(`${ONE}\n`);
    const moved = await start(dir, as(dir, belonging(OTHER)));
    expect(moved.epochs.filter((epoch) => killed.epochs.includes(epoch))).toEqual([]);
    expect(moved.numbers).toEqual([1, 1, 3]);
    expect(await start(dir, as(dir, belonging(OTHER)))).toEqual(moved);
  });

  test.each([
    ["nothing was noted of", undefined, "2026-02-01", false],
    ["whose note is damaged", "\0\0\0\n", "2026-02-01", false],
    ["with authorities noted before the enrolment, of which none is left", authority("BBBB"), "2026-02-01", true],
    ["with authorities noted before the enrolment, of which one is left", authority("AAAA"), "2026-02-01", false],
    ["with authorities noted behind the enrolment, which changed since", authority("BBBB"), "2026-03-02", false],
  ])("%s is renamed only where it may be another Console's", async (_, note, at, renamed) => {
    const dir = await used();
    const before = await start(dir);
    if (note !== undefined) {
      await writeFile(join(dir, "console"), note);
      await utimes(join(dir, "console"), new Date(at), new Date(at));
    }
    const after = await start(dir, as(dir, belonging(ONE)));
    expect(after.epochs.some((epoch) => before.epochs.includes(epoch))).toBe(!renamed);
    expect(await readFile(join(dir, "console"), "utf8")).toBe(`${ONE}\n`);
    expect(await start(dir, as(dir, belonging(ONE)))).toEqual(after);
  });
});
