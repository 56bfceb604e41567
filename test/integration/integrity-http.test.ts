import { afterAll, beforeAll, expect, test } from "bun:test";
import type { IntegrityRoots } from "../../src/core/api/integrity.ts";
import { newUuid } from "../../src/core/ids.ts";
import { testBatch } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";

let console: TestConsole;

beforeAll(async () => void (console = await TestConsole.fresh()), 60_000);
afterAll(() => console[Symbol.asyncDispose]());

test("roots and exports are asked for over HTTP", async () => {
  const sensor = await console.enroll("export-1");
  await sensor.send("/sensors/events", testBatch(1, 3));
  const { key, roots, next_before } = await console.json<IntegrityRoots>("GET", "/api/v1/integrity/roots");
  expect(key.public_key).toStartWith("-----BEGIN PUBLIC KEY-----");
  expect([roots, next_before]).toEqual([[], null]);
  const range = `from=${new Date(Date.now() - 3_600_000).toISOString()}&to=${new Date(Date.now() + 60_000).toISOString()}`;
  const response = await console.api("GET", `/api/v1/integrity/export?sensor=${sensor.sensorId}&${range}`);
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  const lines = (await response.text()).trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(["header", "end"]);
  // By default events are kept for 90 days; six hours are to spare.
  const { kept_from, exported_at } = JSON.parse(lines[0]!) as { kept_from: string; exported_at: string };
  expect(Date.parse(exported_at) - Date.parse(kept_from)).toBe((90 * 24 - 6) * 3_600_000);
  const none = await console.api("GET", `/api/v1/integrity/export?sensor=${newUuid()}&${range}`);
  expect(none.status).toBe(404);
});
