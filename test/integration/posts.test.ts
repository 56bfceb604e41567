import { afterAll, beforeAll, expect, test } from "bun:test";
import { FaultyEventDb } from "../harness/ingest.ts";
import { testBatch } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { testStores, type TestStores } from "../harness/stores.ts";
import { until } from "../harness/until.ts";

let stores: TestStores;
beforeAll(async () => void (stores = await testStores()), 60_000);
afterAll(() => stores.dispose());

test("of one sensor's posts the third is refused before it is read, and the answers free the way", async () => {
  const events = new FaultyEventDb(stores.events);
  await using console = await (await TestConsole.start({ db: stores.db, events })).setUp();
  const sensor = await console.enroll("posts-1");
  const gate = Promise.withResolvers<void>();
  events.gate = gate.promise;
  const post = async (): Promise<Response> => sensor.send("/sensors/events", testBatch(1, 10));
  const first = post();
  await until(() => events.inserts.length > 0);
  // The same again: one of them waits with the first.
  const refused: Response[] = [];
  const more = Array.from({ length: 5 }, async () => {
    const response = await post();
    if (response.status === 429) refused.push(response);
    return response.status;
  });
  await until(() => refused.length === 4);
  expect(refused[0]!.headers.get("retry-after")).toMatch(/^[1-9]/);
  gate.resolve();
  expect((await first).status).toBe(200);
  expect((await Promise.all(more)).toSorted((a, b) => a - b)).toEqual([200, 429, 429, 429, 429]);
  expect((await post()).status).toBe(200);
});
