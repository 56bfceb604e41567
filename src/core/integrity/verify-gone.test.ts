import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { resealed, sampleExport } from "../../../test/harness/integrity.ts";
import { generateSigningKey, openSigner } from "../sign/ed25519.ts";
import { ExportFault, type VerifyReport } from "./report.ts";
import { ExportVerifier } from "./verify.ts";

const keys = await generateSigningKey();
const LOST = { from_seq: 8, to_seq: 9, stage: "spool", cause: "spool_overflow" };
const good = await sampleExport(await openSigner(keys.privatePem), [
  [
    { first: 1, last: 4 },
    { first: 5, last: 12, missing: [LOST] },
  ],
  [{ first: 13, last: 16 }],
]);
/** Time of an event of the sample. */
const timeOf = (seq: number): string => new Date(1_780_000_000_000 + seq).toISOString();
type Line = Record<string, unknown>;
const lines = (): Line[] =>
  good
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

async function verify(all: readonly Line[]): Promise<VerifyReport> {
  const text = resealed(`${all.map((line) => JSON.stringify(line)).join("\n")}\n`);
  const verifier = new ExportVerifier(keys.publicPem);
  for (const line of text.trimEnd().split("\n")) await verifier.line(line);
  return verifier.finish();
}

const faultOf = (all: readonly Line[]): Promise<ExportFault> =>
  verify(all).then(
    () => {
      throw new Error("the export was found to be whole");
    },
    (error: unknown) => {
      if (error instanceof ExportFault) return error;
      throw error;
    },
  );

/** The export without some events, as a Console gives it that keeps what is from `keptFrom` on; blocks are marked as `mark` says. */
function without(gone: (seq: number) => boolean, keptFrom: string, mark = true): Line[] {
  const all = lines();
  all[0]!["kept_from"] = keptFrom;
  const eventsOf = ({ first_seq, last_seq }: Line): Line[] =>
    all.filter(
      ({ type, seq }) => type === "event" && Number(seq) >= Number(first_seq) && Number(seq) <= Number(last_seq),
    );
  for (const link of all.filter(({ type }) => type === "link")) {
    const own = eventsOf(link);
    const left = own.filter(({ seq }) => !gone(Number(seq)));
    if (left.length === own.length) continue;
    if (left.length === 0) Object.assign(link, { with_events: false, gone: true });
    else if (mark) link["partly_gone"] = true;
  }
  return all.filter(({ type, seq }) => type !== "event" || !gone(Number(seq)));
}

const LATER = "2026-06-01T00:00:00Z";
const EARLIER = "2026-05-01T00:00:00Z";

describe("events that are gone", () => {
  test("from a block at the edge of what is kept are counted, and what is left of it is not proven", async () => {
    // A week ends in the midst of the block 5-12.
    const report = await verify(without((seq) => seq <= 6, timeOf(8)));
    expect(report).toMatchObject({ events: 4, unproven: 4, missing: 2, keptFrom: timeOf(8) });
    expect(report.chains).toMatchObject([{ events: 4, absent: 6, unproven: 4, late: 0, lastSeq: 16, signedTo: 16 }]);
    expect(report.firstUs).toBe(1_780_000_000_000_013);
  });

  test("one by one, where rows go one by one, are counted too", async () => {
    const report = await verify(without((seq) => seq <= 4 || seq === 6 || seq === 11, LATER));
    expect(report.chains).toMatchObject([{ events: 4, absent: 6, unproven: 4 }]);
  });

  test("from among those that are kept are told of, whatever the file says of its blocks", async () => {
    for (const seqs of [[6], [10], [12], [5], [6, 7, 10], [5, 6, 7, 10, 11, 12]])
      for (const mark of [true, false]) {
        const fault = await faultOf(without((seq) => seqs.includes(seq), EARLIER, mark));
        expect(fault.where.seq).toBe(seqs[0]!);
        if (mark) expect(fault.message).toContain("only those from before 2026-05-01T00:00:00.000Z may be");
      }
  });

  test("at the end of a file are told of when a part of their block is there, or they were signed more than a day before", async () => {
    expect((await faultOf(without((seq) => seq === 16, EARLIER))).where.seq).toBe(16);
    const tail = without((seq) => seq > 12, EARLIER);
    expect((await verify(tail)).chains).toMatchObject([{ events: 10, absent: 4 }]);
    tail[0]!["exported_at"] = "2026-06-02T03:00:00Z";
    expect((await faultOf(tail)).where.seq).toBe(13);
    // Not asked for is not gone.
    Object.assign(
      tail.find((line) => line["first_seq"] === 13)!,
      { gone: undefined },
    );
    expect((await verify(tail)).chains).toMatchObject([{ events: 10, absent: 0 }]);
  });

  test("from a block do not excuse anything else in it", async () => {
    const edge = (change: (all: Line[]) => void): Promise<ExportFault> => {
      const all = without((seq) => seq <= 6, LATER);
      change(all);
      return faultOf(all);
    };
    const at = (all: Line[], seq: number): number => all.findIndex((line) => line["seq"] === seq);
    // Twice, swapped, under a number that is missing, of another block.
    expect((await edge((all) => all.splice(at(all, 11), 0, { ...all[at(all, 10)]! }))).where.seq).toBe(10);
    expect((await edge((all) => all.splice(at(all, 10), 2, all[at(all, 11)]!, all[at(all, 10)]!))).where.seq).toBe(10);
    const renamed = (seq: number) => (all: Line[]) => {
      const line = all[at(all, 10)]!;
      Object.assign(line, { seq, event: String(line["event"]).replace('"seq":10', `"seq":${seq}`) });
    };
    expect((await edge(renamed(9))).message).toContain("event 9");
    expect((await edge(renamed(40))).message).toContain("40 stands in its place");
    const jumped = without((seq) => seq <= 7, LATER);
    renamed(9)(jumped);
    expect((await faultOf(jumped)).message).toBe("event 9 stands under a number its block says is missing");
    // A block that has all of its events is proven or is not.
    const whole = lines();
    whole[0]!["kept_from"] = LATER;
    whole.find((line) => line["first_seq"] === 5)!["partly_gone"] = true;
    expect((await faultOf(whole)).message).toBe("the block 5-12 is said to have lost events, and has all");
  });

  test("when the export says no time from which they are kept, or one behind itself, it is none", async () => {
    for (const keptFrom of ["", "soon", "2026-06-02T00:00:01Z"])
      expect((await faultOf(without((seq) => seq <= 6, keptFrom))).line).toBe(1);
  });

  test("whichever they are, add up with those that are there, or there is a fault", async () => {
    const all = Array.from({ length: 16 }, (_, i) => i + 1).filter((seq) => seq !== 8 && seq !== 9);
    await fc.assert(
      fc.asyncProperty(fc.subarray(all), fc.constantFrom(EARLIER, LATER), async (gone, keptFrom) => {
        const file = without((seq) => gone.includes(seq), keptFrom);
        const outcome = await verify(file).catch((error: unknown) => error);
        const kept = all.filter((seq) => !gone.includes(seq));
        const between = gone.some((seq) => seq > (kept[0] ?? Infinity) && seq < kept.at(-1)!);
        if (outcome instanceof ExportFault) return expect(keptFrom === EARLIER && kept.length > 0).toBe(true);
        const { events, unproven, chains } = outcome as VerifyReport;
        expect(events + unproven).toBe(kept.length);
        expect(chains[0]!.absent).toBeLessThanOrEqual(gone.length);
        if (keptFrom === EARLIER) expect(between).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});
