import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ManualClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import { createEventCounts } from "./counts.ts";
import { cutAtSlots, groupSlots, severitiesOf, SLOT_SECS, sumBuckets } from "./slots.ts";
import type { CountStore, SlotCount, SlotState } from "./store-counts.ts";

const NOW = Date.UTC(2026, 10, 21, 3);
const FROM_SECS = NOW / 1000 - 86_400;
const TENANT = "t";

interface Row {
  readonly slot: number;
  readonly severity: "info" | "high";
  readonly seq: number;
}

/** The event table and the kept counts, in memory; a row that stands twice is a re-delivered event. */
class MemoryStore implements CountStore {
  readonly rows: Row[] = [];
  readonly kept = new Map<string, SlotCount & Pick<SlotState, "rows" | "seqs">>();
  counted = 0;

  listTenants = (): Promise<string[]> => Promise.resolve([TENANT]);

  #groups(): Map<string, Row[]> {
    return Map.groupBy(this.rows, ({ slot, severity }) => `${slot} ${severity}`);
  }

  listSlots(_tenant: string, range: { fromUs: number; toUs: number }): Promise<SlotState[]> {
    const states = [...this.#groups()].map(([key, rows]): SlotState => {
      const { slot, severity } = rows[0]!;
      const seqs = String(rows.reduce((sum, row) => sum + row.seq, 0));
      const kept = this.kept.get(key);
      const counted = kept?.rows === rows.length && kept.seqs === seqs ? kept : undefined;
      return { slot, severity, rows: rows.length, seqs, counted };
    });
    const inside = ({ slot }: SlotState): boolean => slot * 1e6 >= range.fromUs && slot * 1e6 < range.toUs;
    return Promise.resolve(states.filter(inside).toSorted((a, b) => a.slot - b.slot));
  }

  count(_tenant: string, slots: readonly number[]): Promise<SlotCount[]> {
    this.counted += slots.length;
    const found = [...this.#groups().values()].filter((rows) => slots.includes(rows[0]!.slot));
    return Promise.resolve(
      found.map((rows) => ({
        slot: rows[0]!.slot,
        severity: rows[0]!.severity,
        events: new Set(rows.map((row) => row.seq)).size,
        late: 0,
      })),
    );
  }

  save(...[, counts]: Parameters<CountStore["save"]>): Promise<void> {
    for (const count of counts) this.kept.set(`${count.slot} ${count.severity}`, count);
    return Promise.resolve();
  }
}

const day = { fromUs: FROM_SECS * 1e6, toUs: NOW * 1000 };

function countsOn(store: CountStore) {
  return createEventCounts({ store, clock: new ManualClock(NOW), log: silentLog });
}

describe("counts kept from before", () => {
  test("are those of the events, each once, whatever came, came again and was merged meanwhile", async () => {
    const row = fc.record({
      slot: fc.nat(30).map((n) => FROM_SECS + n * SLOT_SECS),
      severity: fc.constantFrom("info" as const, "high" as const),
      seq: fc.integer({ min: 1, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(row, { maxLength: 12 }), { maxLength: 6 }), async (waves) => {
        const store = new MemoryStore();
        const counts = countsOn(store);
        for (const wave of waves) {
          // A number is that of one event: the same again is a re-delivery.
          for (const next of wave)
            if (
              !store.rows.some(
                (had) => had.seq === next.seq && (had.slot !== next.slot || had.severity !== next.severity),
              )
            )
              store.rows.push(next);
          const told = await counts.buckets(TENANT, undefined, day, SLOT_SECS * 1e6);
          const sum = told.reduce((all, bucket) => all + bucket.info + bucket.high, 0);
          expect(sum).toBe(new Set(store.rows.map(({ seq }) => seq)).size);
          // A merge lets go of what stands twice.
          const once = new Map(store.rows.map((had) => [had.seq, had]));
          store.rows.splice(0, store.rows.length, ...once.values());
        }
      }),
    );
  });

  test("are not counted again while nothing changes, but for slots that ended just now", async () => {
    const store = new MemoryStore();
    const counts = countsOn(store);
    const latest = NOW / 1000 - SLOT_SECS;
    for (let seq = 1; seq <= 10; seq++)
      store.rows.push({ slot: seq === 10 ? latest : FROM_SECS + seq * SLOT_SECS, severity: "info", seq });
    await counts.settle();
    expect(store.counted).toBe(10);
    await counts.buckets(TENANT, undefined, day, 3_600e6);
    expect(store.counted).toBe(11);
    store.rows.push({ slot: FROM_SECS + SLOT_SECS, severity: "high", seq: 11 });
    const told = await counts.buckets(TENANT, new Set(["high"]), day, 3_600e6);
    expect(told.reduce((all, bucket) => all + bucket.info + bucket.high, 0)).toBe(1);
    expect(store.counted).toBe(13);
  });

  test("a store that keeps nothing costs time only", async () => {
    const store = new MemoryStore();
    store.save = () => Promise.reject(new Error("the disk is full"));
    store.rows.push({ slot: FROM_SECS, severity: "info", seq: 1 });
    const told = await countsOn(store).buckets(TENANT, undefined, day, 3_600e6);
    expect(told).toEqual([{ bucket: FROM_SECS / 3600, info: 1, warning: 0, high: 0, critical: 0, late: 0 }]);
  });
});

describe("a range cut at slots", () => {
  test("is covered once, edges and whole", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e15 }), fc.integer({ min: 1, max: 3e13 }), (fromUs, span) => {
        const range = { fromUs, toUs: fromUs + span };
        const cut = cutAtSlots(range, 3600);
        if (!cut) return expect(span).toBeLessThan(2 * SLOT_SECS * 1e6);
        const parts = [cut.whole, ...cut.edges].toSorted((a, b) => a.fromUs - b.fromUs);
        expect(parts[0]!.fromUs).toBe(range.fromUs);
        expect(parts.at(-1)!.toUs).toBe(range.toUs);
        for (const [i, part] of parts.slice(1).entries()) expect(part.fromUs).toBe(parts[i]!.toUs);
      }),
    );
    expect(cutAtSlots({ fromUs: 0, toUs: 3_600e6 }, 30)).toBeUndefined();
  });

  test("groups of slots have every slot, newest group first, none longer than allowed", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(5_000)), (numbers) => {
        const slots = numbers.map((n) => n * SLOT_SECS).toSorted((a, b) => a - b);
        const groups = groupSlots(slots, 86_400);
        expect(groups.toReversed().flat()).toEqual(slots);
        for (const group of groups) expect(group.at(-1)! - group[0]!).toBeLessThan(86_400);
      }),
    );
  });

  test("only a filter of severities is answered by counts", () => {
    expect(severitiesOf([])).toBeUndefined();
    expect(severitiesOf([{ op: "in", column: "severity", values: ["high"] }])).toEqual(new Set(["high"]));
    expect(severitiesOf([{ op: "word", value: "x" }])).toBe(false);
    expect(severitiesOf([{ op: "in", column: "sensor_id", values: ["s"] }])).toBe(false);
  });

  test("what stands in one bucket is summed", () => {
    const row = { bucket: 1, info: 1, warning: 2, high: 3, critical: 4, late: 5 };
    expect(sumBuckets([[row], [{ ...row, bucket: 0 }, row]])).toEqual([
      { ...row, bucket: 0 },
      { bucket: 1, info: 2, warning: 4, high: 6, critical: 8, late: 10 },
    ]);
  });
});
