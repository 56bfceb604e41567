import { afterAll, beforeAll, describe, expect, test, setDefaultTimeout } from "bun:test";
import fc from "fast-check";
import { createEventCounts } from "../../src/console/events/counts.ts";
import { createEventService } from "../../src/console/events/service.ts";
import { createCountStore } from "../../src/console/events/store-counts.ts";
import { createEventStore } from "../../src/console/events/store.ts";
import { toRuntimeEventRow, type StoredEvent } from "../../src/console/stores/runtime-event-row.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import { generateEvents } from "../harness/events.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(120_000);

const TENANT = "01900000-0000-7000-8000-00000000000a";
const OTHER = "01900000-0000-7000-8000-00000000000b";
const HOUR_US = 3600e6;
/** Yesterday: the store lets go of what is older than its retention. */
const FROM = (Math.floor(Date.now() / 3_600_000) - 60) * HOUR_US;
const TO = FROM + 40 * HOUR_US;
const HOSTS = [1, 2].map((i) => ({ sensorId: `018f0000-0000-7000-8000-00000000000${i}`, nodeName: `node-${i}` }));

let stores: TestStores;
let events: StoredEvent[];
const clock = new ManualClock(TO / 1000);
const iso = (us: number): string => new Date(us / 1000).toISOString();
const insert = (rows: readonly StoredEvent[]): Promise<void> =>
  stores.events.insert("runtime_events", rows.map(toRuntimeEventRow));

/** The same histogram, made of counts and of the events themselves. */
async function both(fromUs: number, toUs: number, severity: string[] = [], tenant = TENANT) {
  const store = createEventStore({ events: stores.events });
  const counts = createEventCounts({ store: createCountStore({ events: stores.events }), clock, log: silentLog });
  const filter = { from: iso(fromUs), to: iso(toUs), ...(severity.length > 0 ? { severity } : {}) };
  const counted = await createEventService({ store, counts, clock }).histogram(tenant, filter);
  return { counted, read: await createEventService({ store, clock }).histogram(tenant, filter) };
}

beforeAll(async () => {
  stores = await testStores();
  const made = (tenantId: string, count: number) =>
    generateEvents({ seed: 3, tenantId, hosts: HOSTS, count, fromUs: FROM, toUs: TO });
  events = [...made(TENANT, 800)];
  await insert(events);
  await insert([...made(OTHER, 50)]);
});
afterAll(() => stores?.dispose());

describe("a histogram made of counts", () => {
  test("is that of the events, for any range and severities", async () => {
    const range = fc.tuple(fc.integer({ min: 0, max: 39 * HOUR_US }), fc.integer({ min: HOUR_US, max: 40 * HOUR_US }));
    await fc.assert(
      fc.asyncProperty(range, fc.subarray(["info", "high", "critical"]), async ([start, span], severity) => {
        // Whole milliseconds, as the API's times are here.
        const fromUs = FROM + Math.floor(start / 1000) * 1000;
        const { counted, read } = await both(fromUs, Math.min(TO, fromUs + Math.floor(span / 1000) * 1000), severity);
        expect(counted).toEqual(read);
      }),
      { numRuns: 25 },
    );
  });

  test("stays right when events come again, come late, are merged and taken out", async () => {
    const check = async (total: number): Promise<void> => {
      const { counted, read } = await both(FROM, TO);
      expect(counted).toEqual(read);
      expect(counted.total).toBe(total);
    };
    await check(800);
    const kept = async (): Promise<number> =>
      Number((await stores.events.selectSystem<{ n: number }>("SELECT count() AS n FROM event_counts FINAL"))[0]!.n);
    expect(await kept()).toBeGreaterThan(200);
    // A re-delivery stands twice until the store merges it.
    await insert(events.slice(100, 300));
    await check(800);
    const late = events.slice(0, 20).map((stored) => ({
      ...stored,
      epoch: "00000000000000ff",
      ingestedAtMs: stored.ingestedAtMs + 3_600_000,
    }));
    await insert(late);
    await check(820);
    await stores.events.command("OPTIMIZE TABLE runtime_events FINAL");
    await check(820);
    await stores.events.command(
      "ALTER TABLE runtime_events DELETE WHERE epoch = '00000000000000ff' SETTINGS mutations_sync = 2",
    );
    await check(800);
  });

  test("tells no tenant of another's", async () => {
    const { counted } = await both(FROM, TO, [], OTHER);
    expect(counted.total).toBe(50);
  });

  test("needs no events read once it is settled", async () => {
    const counts = createCountStore({ events: stores.events });
    await createEventCounts({ store: counts, clock, log: silentLog }).settle();
    const slots = await counts.listSlots(OTHER, { fromUs: FROM, toUs: TO - 2 * HOUR_US });
    expect(slots.length).toBeGreaterThan(10);
    expect(slots.filter((slot) => slot.counted === undefined)).toEqual([]);
  });
});
