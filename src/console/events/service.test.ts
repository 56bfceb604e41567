import { describe, expect, test, setDefaultTimeout } from "bun:test";
import fc from "fast-check";
import { ManualClock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { EventKey } from "./cursor.ts";
import type { ListRow } from "./row.ts";
import { createEventService } from "./service.ts";
import type { EventStore, PageQuery } from "./store.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(60_000);

const NOW = Date.UTC(2026, 10, 21, 3);
const DAY = 86_400e6;

function row(atUs: number, seq: number): ListRow {
  return {
    sensor_id: "018f0000-0000-7000-8000-000000000001",
    epoch: "00000000000000aa",
    seq,
    node_name: "n",
    event_kind: "process_exec",
    severity: "info",
    observed_us: atUs,
    ingested_ms: NOW,
    message: "",
    process_executable: "",
    arguments: "",
    pid: 1,
    uid: 0,
    exec_id: "",
    container_id: "",
  };
}

const isBelow = (r: ListRow, key: EventKey): boolean =>
  Number(r.observed_us) < key.atUs || (Number(r.observed_us) === key.atUs && Number(r.seq) < key.seq);

/** The store's contract in memory; `fails` may end a query as ClickHouse does at a bound. */
function storeOf(
  rows: readonly ListRow[],
  asked: PageQuery[] = [],
  fails: (query: PageQuery) => boolean = () => false,
): EventStore {
  const ordered = rows.toSorted(
    (a, b) => Number(b.observed_us) - Number(a.observed_us) || Number(b.seq) - Number(a.seq),
  );
  return {
    page(_tenantId, query) {
      asked.push(query);
      if (fails(query)) {
        const cause = Object.assign(new Error("Timeout exceeded"), { type: "TIMEOUT_EXCEEDED" });
        return Promise.reject(new AppError("unavailable", "the event database does not answer", { cause }));
      }
      const { range, below, limit } = query;
      const inside = (r: ListRow): boolean =>
        Number(r.observed_us) >= range.fromUs && Number(r.observed_us) < range.toUs;
      return Promise.resolve(ordered.filter((r) => inside(r) && (!below || isBelow(r, below))).slice(0, limit));
    },
    buckets: () => Promise.resolve([]),
    losses: () => Promise.resolve([]),
    find: () => Promise.resolve(undefined),
  };
}

async function walk(store: EventStore, limit: number): Promise<{ ids: string[]; pages: number }> {
  const service = createEventService({ store, clock: new ManualClock(NOW) });
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let pages = 1; ; pages++) {
    const result = await service.search("t", { since: "90d", limit, ...(cursor === undefined ? {} : { cursor }) });
    expect(result.events.length).toBeLessThanOrEqual(limit);
    ids.push(...result.events.map((event) => event.event_id));
    if (result.next_cursor === null) return { ids, pages };
    cursor = result.next_cursor;
  }
}

describe("a search walked to its end", () => {
  const someRows = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 89 * 96 }), fc.integer({ min: 1, max: 3 })), { maxLength: 60 })
    .map((events) =>
      // Quarters of an hour back from now, some of them delivered more than once, many at the same time.
      events.flatMap(([quarter, deliveries], i) =>
        Array.from({ length: deliveries }, () => row(NOW * 1000 - quarter * 900e6, (i % 20) + 1)),
      ),
    );
  const identity = (r: ListRow): string => `${r.observed_us} ${r.seq}`;

  test("gives every event once, however often it was delivered and however small the pages", async () => {
    await fc.assert(
      fc.asyncProperty(someRows, fc.integer({ min: 1, max: 9 }), async (rows, limit) => {
        const { ids } = await walk(storeOf(rows), limit);
        expect(ids.length).toBe(new Set(rows.map(identity)).size);
      }),
    );
  });

  test("also when the store gives up on long stretches: what was found is given, and the cursor goes on", async () => {
    await fc.assert(
      fc.asyncProperty(someRows, fc.integer({ min: 1, max: 9 }), async (rows, limit) => {
        const { ids } = await walk(
          storeOf(rows, [], ({ range }) => range.toUs - range.fromUs > DAY),
          limit,
        );
        expect(ids.length).toBe(new Set(rows.map(identity)).size);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a search", () => {
  test("looks at the newest quarter of an hour first and stops there when it has enough", async () => {
    const asked: PageQuery[] = [];
    const rows = Array.from({ length: 50 }, (_, i) => row(NOW * 1000 - i - 1, i + 1));
    const service = createEventService({ store: storeOf(rows, asked), clock: new ManualClock(NOW) });
    const result = await service.search("t", { since: "90d", limit: 10 });
    expect(asked.map((query) => query.range)).toEqual([{ fromUs: NOW * 1000 - 900e6, toUs: NOW * 1000 }]);
    expect(result.events).toHaveLength(10);
    expect(result.from).toBe(result.events.at(-1)!.observed_at);
  });

  test("says how far back it came when it had to stop early", async () => {
    const service = createEventService({
      store: storeOf([], [], ({ range }) => range.toUs - range.fromUs > DAY),
      clock: new ManualClock(NOW),
    });
    const result = await service.search("t", { since: "90d" });
    expect([result.events.length, result.next_cursor === null, result.from > "2026-11-19"]).toEqual([0, false, true]);
  });

  test("that cannot even begin fails with the store's own error", async () => {
    const service = createEventService({ store: storeOf([], [], () => true), clock: new ManualClock(NOW) });
    expect(await service.search("t", { since: "90d" }).catch((error: AppError) => error.code)).toBe("unavailable");
  });
});
