import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, chown, cp, mkdtemp, readdir, rename, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreHealth } from "../../src/console/http/readiness.ts";
import { closeAtEnd } from "../harness/close-at-end.ts";
import { testBatch } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";
import { until } from "../harness/until.ts";
import { closeServers } from "../harness/servers.ts";

closeAtEnd.push(closeServers);

let root: string;
let console: TestConsole;
let sensor: TestSensor;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "telovix-refused-"));
  await chmod(root, 0o755);
  console = await (await TestConsole.embedded(join(root, "data"))).setUp();
  sensor = await console.enroll("db-1");
}, 60_000);

afterAll(async () => {
  await console?.stop();
  await rm(root, { recursive: true, force: true });
}, 30_000);

/** A part of the engine, and the directory of its table. */
async function findPart(): Promise<{ table: string; part: string }> {
  const store = join(console.dir, "clickhouse/data/store");
  for (const group of await readdir(store))
    for (const id of await readdir(join(store, group))) {
      const table = join(store, group, id);
      const part = (await readdir(table)).find((name) => /^\d+_\d+_\d+_\d+$/.test(name));
      if (part !== undefined) return { table, part };
    }
  throw new Error("the engine has no part yet");
}

/** What a disk leaves that refused every write of a part. */
async function leaveEmptyPart(number: number): Promise<void> {
  const { table, part } = await findPart();
  const made = join(table, `tmp_planted_${number}`);
  await cp(join(table, part), made, { recursive: true });
  const { uid, gid } = await stat(table);
  for (const file of await readdir(made, { recursive: true })) {
    if ((await stat(join(made, file))).isFile()) await truncate(join(made, file), 0);
    await chown(join(made, file), uid, gid);
  }
  await chown(made, uid, gid);
  await rename(made, join(table, `${part.split("_")[0]}_${number}_${number}_0`));
}

const intake = async (): Promise<StoreHealth> => {
  const { stores } = (await (await console.api("GET", "/readyz")).json()) as { stores: StoreHealth[] };
  return stores.find(({ name }) => name === "event intake")!;
};
const send = (from: number, to: number): Promise<Response> => sensor.send("/sensors/events", testBatch(from, to));

test("a part that the disk did not take is acknowledged to nobody, said on /readyz, and put aside by itself", async () => {
  expect((await send(1, 20)).status).toBe(200);
  let last = 20;
  const next = (): Promise<Response> => send(last + 1, last + 10);
  // A look of the engine's own may come first: then it is on its way to another start, which says less.
  let seen: StoreHealth | undefined;
  for (let number = 900; !seen?.problem?.includes("The disk refused writes"); number++) {
    await leaveEmptyPart(number);
    expect((await next()).status).toBe(503);
    seen = await intake();
    // Its rows may have been written beside the part that was not: the engine's next start finds them.
    await until(async () => (await next().catch(() => undefined))?.ok);
    last += 10;
  }
  expect(seen).toMatchObject({ ok: false, action: expect.stringContaining("Free space") });
  await until(async () => (await next().catch(() => undefined))?.ok);
  await until(async () => (await intake()).ok);
  const { events } = await console.json<{ events: { message: string }[] }>("GET", "/api/v1/events?limit=200");
  expect(events).toHaveLength(last + 10);
}, 60_000);
