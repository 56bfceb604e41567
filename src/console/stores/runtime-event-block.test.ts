import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { rejectionOf } from "../../../test/harness/rejection.ts";
import { testStores } from "../../../test/harness/stores.ts";
import { newUuid } from "../../core/ids.ts";
import { RUNTIME_EVENT_COLUMNS } from "./runtime-event-block.ts";
import type { RuntimeEventRow } from "./runtime-event-row.ts";

const stores = testStores();
afterAll(async () => (await stores).dispose());

const ODD = [
  "",
  "\0",
  "\n\n",
  "\n\nDROP TABLE runtime_events\n\n",
  "a\tb\\'\"",
  "\u0080",
  "€".repeat(43),
  "😀\ud800",
  "x".repeat(127),
];
const text = fc.oneof(
  fc.constantFrom(...ODD),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 300 }),
  // Lengths about those where their own encoding takes another byte.
  fc
    .tuple(fc.constantFrom("a", "ü", "€", "😀"), fc.constantFrom(31, 32, 42, 43, 63, 64, 127, 128, 5_461, 16_384))
    .map(([unit, times]) => unit.repeat(times)),
);
const word = fc.oneof(fc.constantFrom("", "cron", "/usr/bin/bash"), text);
const uint = (max: number) => fc.oneof(fc.constantFrom(0, 1, max), fc.integer({ min: 0, max }));
const [tenant, now] = [newUuid(), Date.now()];
const row: fc.Arbitrary<RuntimeEventRow> = fc.record({
  tenant_id: fc.constant(tenant),
  sensor_id: fc.uuid(),
  epoch: word,
  seq: uint(Number.MAX_SAFE_INTEGER),
  observed_at: fc.integer({ min: (now - 60 * 86_400_000) * 1000, max: now * 1000 }),
  ingested_at: fc.integer({ min: now - 1_000_000, max: now }),
  node_name: word,
  event_kind: word,
  severity: fc.constantFrom("info", "warning", "high", "critical"),
  message: text,
  process_executable: word,
  process_arguments: text,
  parent_executable: word,
  exec_id: text,
  parent_exec_id: text,
  ancestor_exec_ids: fc.array(text, { maxLength: 5 }),
  pid: uint(4_294_967_295),
  ppid: uint(4_294_967_295),
  uid: fc.option(uint(4_294_967_295)),
  auid: fc.option(uint(4_294_967_295)),
  container_id: word,
  pod_name: word,
  pod_namespace: word,
  workload_name: word,
  netns: uint(Number.MAX_SAFE_INTEGER),
  file_path: text,
  local_addr: text,
  local_port: uint(65_535),
  remote_addr: text,
  remote_port: uint(65_535),
  dns_hostname: text,
  policy_name: word,
  function_name: word,
  event: text,
  raw: text,
});

const READ = `SELECT * EXCEPT (search) REPLACE (
  toUnixTimestamp64Micro(observed_at) AS observed_at, toUnixTimestamp64Milli(ingested_at) AS ingested_at)
  FROM runtime_events WHERE tenant_id = {tenant_id:UUID}`;
/** As the store has it: halves of surrogate pairs cannot be said in UTF-8. */
const sound = (value: unknown): unknown =>
  typeof value === "string" ? value.toWellFormed() : Array.isArray(value) ? value.map(sound) : value;
const soundRow = (r: RuntimeEventRow): object => Object.fromEntries(Object.entries(r).map(([k, v]) => [k, sound(v)]));
const byKey = (a: { sensor_id: string }, b: { sensor_id: string }): number => (a.sensor_id < b.sensor_id ? -1 : 1);

test("what was sent as columns is what is read back, whatever it is", async () => {
  const { events } = await stores;
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
      const tenantId = newUuid();
      const sent = rows.map((r, i) => ({
        ...r,
        tenant_id: tenantId,
        sensor_id: r.sensor_id.slice(0, -2) + (16 + i).toString(16),
      }));
      await events.insert("runtime_events", sent);
      const found = await events.select<RuntimeEventRow>(tenantId, READ);
      expect(found.toSorted(byKey) as object[]).toEqual(sent.map(soundRow).toSorted(byKey as never));
    }),
    { numRuns: 25 },
  );
}, 60_000);

test("blocks of more than a thousand rows, and more different words than a byte or two can number", async () => {
  const { events } = await stores;
  const [sample] = fc.sample(row, 1);
  for (const [key, value] of Object.entries(sample!))
    if (typeof value === "string") Object.assign(sample!, { [key]: value.slice(0, 64) });
  const tenantId = newUuid();
  const rows = Array.from({ length: 2_500 }, (_, i) => ({
    ...sample!,
    tenant_id: tenantId,
    exec_id: "",
    seq: i + 1,
    process_executable: `/usr/bin/${i}`,
  }));
  await events.insert("runtime_events", rows);
  const sql = `SELECT count() AS n, countIf(process_executable = concat('/usr/bin/', toString(seq - 1))) AS same
    FROM runtime_events WHERE tenant_id = {tenant_id:UUID}`;
  expect(await events.select<object>(tenantId, sql)).toEqual([{ n: 2_500, same: 2_500 }]);
});

test("a number that does not fit its column is refused as invalid, not bent", async () => {
  const { events } = await stores;
  const [sample] = fc.sample(row, 1);
  const tenantId = newUuid();
  for (const bad of [
    { pid: -1 },
    { remote_port: 65_536 },
    { uid: 2 ** 32 },
    { netns: 1e300 },
    { seq: 0.5 },
    { sensor_id: "x" },
  ]) {
    const rows = [{ ...sample!, tenant_id: tenantId, ...bad }];
    expect(await rejectionOf(events.insert("runtime_events", rows))).toMatchObject({ code: "invalid_request" });
  }
  expect(await events.select<object>(tenantId, READ)).toEqual([]);
});

test("names every column of the table that is inserted, with its type", async () => {
  const { events } = await stores;
  const columns = await events.selectSystem<{ name: string; type: string }>(
    `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'runtime_events' AND default_kind = '' ORDER BY position`,
  );
  expect(RUNTIME_EVENT_COLUMNS.map(({ name, type }) => ({ name, type }))).toEqual(columns);
});
