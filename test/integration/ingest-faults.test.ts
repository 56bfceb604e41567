import { afterAll, beforeAll, expect, test } from "bun:test";
import { connectClickHouse } from "../../src/console/stores/clickhouse.ts";
import { AppError } from "../../src/core/error.ts";
import { storedSeqs, TestIngest, testPeers } from "../harness/ingest.ts";
import { rejectionOf } from "../harness/rejection.ts";
import { EPOCH, testBatch } from "../harness/sensor-messages.ts";
import { until } from "../harness/until.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

let stores: TestStores;
beforeAll(async () => {
  stores = await testStores();
}, 60_000);
afterAll(() => stores.dispose());

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function command(query: string): Promise<void> {
  const client = connectClickHouse(stores.clickhouse);
  try {
    await client.command({ query });
  } finally {
    await client.close();
  }
}

test("a table that is gone is named with what to do; nothing of it is acknowledged, and it goes on when the table is back", async () => {
  await using home = new TestIngest(stores, { commit: { probeMs: 5 } });
  const [peer] = await testPeers(stores, 1);
  await home.ingest.accept(peer!, testBatch(1, 10));
  await command("RENAME TABLE runtime_events TO elsewhere");
  const refused = await rejectionOf(home.ingest.accept(peer!, testBatch(11, 20)));
  expect(refused).toMatchObject({ code: "unavailable" });
  expect(home.ingest.storeFault).toBeInstanceOf(AppError);
  expect(home.ingest.storeFault!.message).toContain("has lost the table (runtime_events)");
  expect(home.ingest.storeFault!.hint).toContain("backup");
  expect(await home.ingest.cursor(peer!, EPOCH)).toBe(10);
  await command("RENAME TABLE elsewhere TO runtime_events");
  const answer = await until(() => home.ingest.accept(peer!, testBatch(11, 20)).catch(() => undefined));
  expect(answer.ack.seq).toBe(20);
  expect(home.ingest.storeFault).toBeUndefined();
  expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 20));
});

test("a table whose columns somebody changed costs no event: the store is at fault, not the rows", async () => {
  await using home = new TestIngest(stores, { commit: { probeMs: 5 } });
  const [peer] = await testPeers(stores, 1);
  await command("CREATE TABLE kept AS runtime_events");
  await command("EXCHANGE TABLES kept AND runtime_events");
  await command("ALTER TABLE runtime_events ADD CONSTRAINT never CHECK seq = 0");
  await command("ALTER TABLE runtime_events MODIFY COLUMN pid Enum8('x' = 1)");
  expect(await rejectionOf(home.ingest.accept(peer!, testBatch(1, 100)))).toMatchObject({ code: "unavailable" });
  expect(await home.ingest.cursor(peer!, EPOCH)).toBe(0);
  await command("EXCHANGE TABLES kept AND runtime_events");
  const answer = await until(() => home.ingest.accept(peer!, testBatch(1, 100)).catch(() => undefined));
  expect(answer).toEqual({ ack: { epoch: EPOCH, seq: 100 }, rejected: [] });
  expect(await storedSeqs(stores, peer!, EPOCH)).toEqual(range(1, 100));
});
