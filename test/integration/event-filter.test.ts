import { afterAll, beforeAll, describe, expect, test, setDefaultTimeout } from "bun:test";
import fc from "fast-check";
import { filterSql } from "../../src/console/events/filter-sql.ts";
import { matchable, matches } from "../../src/console/events/filter-match.ts";
import { parseFilter } from "../../src/console/events/filter.ts";
import { createEventStore } from "../../src/console/events/store.ts";
import { toRuntimeEventRow, type StoredEvent } from "../../src/console/stores/runtime-event-row.ts";
import type { EventFilter } from "../../src/core/api/events.ts";
import { EVENT_KINDS } from "../../src/core/event/kinds.ts";
import { SEVERITIES } from "../../src/core/event/severity.ts";
import { Dice } from "../harness/dice.ts";
import { generateEvents } from "../harness/events.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(60_000);

const TENANT = "01900000-0000-7000-8000-00000000000a";
/** Yesterday: the store lets go of what is older than its retention. */
const FROM = (Math.floor(Date.now() / 3_600_000) - 24) * 3600e6;
const HOSTS = [1, 2].map((i) => ({ sensorId: `018f0000-0000-7000-8000-00000000000${i}`, nodeName: `Node-${i}` }));
/** Texts that have broken searches: quotes, wildcards, escapes, case outside A-Z, control characters, long runs. */
const HARD = [
  "it's",
  'say "x"',
  "100%_\\",
  "\\'",
  "\t\n",
  "ÄÖ İı ẞ",
  "{tenant_id:UUID}",
  "😀",
  "null",
  "\u0001",
  "a".repeat(300),
  "\\N",
  "`",
];

let stores: TestStores;
let events: StoredEvent[];

beforeAll(async () => {
  stores = await testStores();
  const dice = new Dice(5);
  events = [
    ...generateEvents({ seed: 3, tenantId: TENANT, hosts: HOSTS, count: 600, fromUs: FROM, toUs: FROM + 3600e6 }),
  ].map((stored) => ({
    ...stored,
    event: { ...stored.event, message: `${stored.event.message} ${dice.pick(HARD)}${dice.pick(HARD)}` },
  }));
  await stores.events.insert("runtime_events", events.map(toRuntimeEventRow));
});
afterAll(() => stores?.dispose());

/** A piece of some event's own text, so that searches do find things. */
const piece = fc.tuple(fc.nat(599), fc.nat(80), fc.integer({ min: 1, max: 12 })).map(([index, at, length]) => {
  const { message, process } = events[index]!.event;
  const text = `${message} ${process?.argv.join(" ") ?? ""}`;
  return text.slice(at, at + length).toWellFormed();
});
const words = fc
  .array(fc.oneof(piece, fc.constantFrom(...HARD), fc.string({ maxLength: 4 })), { maxLength: 3 })
  .map((w) => w.join(" "));
const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.subarray([...values], { maxLength: Math.min(4, values.length) });
const fields: { readonly [Name in keyof EventFilter]: fc.Arbitrary<unknown> } = {
  kind: some(EVENT_KINDS.filter((kind) => /^(process|file_o|network_c|dns_q)/.test(kind))),
  severity: some(SEVERITIES),
  sensor_id: some(HOSTS.map((h) => h.sensorId)),
  node_name: some(["Node-1", "node-1", "Node-2", "it's"]),
  q: words,
  process_executable: fc.constantFrom("bash", "/usr/bin/bash", "sh", "cron", "n/bash", "%", "_ash", "postgres"),
  exec_id: fc.nat(599).map((i) => events[i]!.event.process!.exec_id),
  container_id: fc.nat(599).map((i) => events[i]!.event.workload?.container_id?.slice(0, 12) ?? "abc"),
};
/** Two fields at most: with more of them hardly anything is found. */
const filters: fc.Arbitrary<EventFilter> = fc
  .tuple(fc.record(fields), fc.subarray(Object.keys(fields), { minLength: 1, maxLength: 2 }))
  .map(
    ([all, names]) => Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name))) as EventFilter,
  );

describe("a filter", () => {
  test("means the same in memory as in ClickHouse", async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(filters, fc.nat(3600), fc.nat(3600), async (filter, a, b) => {
        const conditions = parseFilter({
          ...filter,
          ...(filter.q ? { q: filter.q.slice(0, 512).toWellFormed() } : {}),
        });
        const range = { fromUs: FROM + Math.min(a, b) * 1e6, toUs: FROM + (Math.max(a, b) + 1) * 1e6 };
        const where = filterSql(conditions, range);
        const rows = await stores.events.select<{ sensor_id: string; seq: number }>(
          TENANT,
          `SELECT sensor_id, seq FROM runtime_events WHERE ${where.sql}`,
          where.params,
        );
        const inMemory = events.filter((stored) => matches(conditions, matchable(stored), range));
        found += inMemory.length;
        const name = (sensor: string, seq: number): string => `${sensor} ${seq}`;
        expect(rows.map((r) => name(r.sensor_id, r.seq)).sort()).toEqual(
          inMemory.map((e) => name(e.sensorId, e.event.seq)).sort(),
        );
      }),
      { numRuns: 250 },
    );
    // Searches that find nothing would prove nothing.
    expect(found).toBeGreaterThan(500);
  });

  test("never sees another tenant's events", async () => {
    const store = createEventStore({ events: stores.events });
    const page = await store.page("01900000-0000-7000-8000-00000000000b", {
      conditions: [],
      range: { fromUs: 0, toUs: FROM * 2 },
      below: undefined,
      limit: 10,
      timeoutMs: 5000,
    });
    expect(page).toEqual([]);
  });
});

describe("the search column", () => {
  test("is what the matcher builds, for every event", async () => {
    const rows = await stores.events.select<{ sensor_id: string; seq: number; search: string }>(
      TENANT,
      "SELECT sensor_id, seq, search FROM runtime_events WHERE tenant_id = {tenant_id:UUID}",
    );
    const byId = new Map(rows.map((row) => [`${row.sensor_id} ${row.seq}`, row.search]));
    for (const stored of events)
      expect(byId.get(`${stored.sensorId} ${stored.event.seq}`)).toBe(matchable(stored).search);
  });

  test("its index is used for words", async () => {
    const where = filterSql(parseFilter({ q: "wholly-absent-word" }), { fromUs: FROM, toUs: FROM + 3600e6 });
    const plan = await stores.events.select<{ explain: string }>(
      TENANT,
      `EXPLAIN indexes = 1 SELECT count() FROM runtime_events WHERE ${where.sql}`,
      where.params,
    );
    expect(plan.map((line) => line.explain).join("\n")).toContain("search_idx");
  });
});

describe("bounds of a query", () => {
  const store = () => createEventStore({ events: stores.events });

  test("a query that meets one says what happened and what to do", async () => {
    const slow = {
      ...stores.events,
      select: (<Row>(tenantId: string, sql: string, params?: Record<string, unknown>) =>
        stores.events.select<Row>(
          tenantId,
          sql.replace(/max_rows_to_read = \d+/, "max_rows_to_read = 1"),
          params,
        )) as never,
    };
    const asked = createEventStore({ events: slow }).buckets(TENANT, [], { fromUs: 0, toUs: FROM * 2 }, 60e6);
    expect(await asked.catch((error: unknown) => error)).toMatchObject({
      code: "unavailable",
      message: "The query would read more events than it may and was ended.",
      hint: "Choose a shorter time range, or name a sensor or an event kind.",
    });
  });

  test("it ends when its client goes away", async () => {
    const gone = new AbortController();
    const asked = store().page(
      TENANT,
      { conditions: [], range: { fromUs: 0, toUs: FROM * 2 }, below: undefined, limit: 10, timeoutMs: 5000 },
      gone.signal,
    );
    gone.abort();
    expect(await asked.catch((error: Error) => error.message)).toBe(
      "The client went away before the answer was ready.",
    );
  });
});
