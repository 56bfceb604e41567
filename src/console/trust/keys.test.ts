import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testStores, type TestStores } from "../../../test/harness/stores.ts";
import { ManualClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import { openPolicySigner } from "./key-store.ts";
import { Keys } from "./keys.ts";

const DAY_MS = 86_400_000;
let stores: TestStores;
let root: string;

beforeAll(async () => {
  stores = await testStores();
  root = await mkdtemp(join(tmpdir(), "telovix-live-keys-"));
}, 60_000);

afterAll(async () => {
  await stores.dispose();
  await rm(root, { recursive: true, force: true });
});

test("a Console that runs for a year renews its own certificate before it ends, and keeps its pin", async () => {
  const dir = join(root, "trust");
  const clock = new ManualClock(Date.now());
  const keys = await Keys.open({
    dir,
    names: { dns: ["telovix-console"], ips: [] },
    db: stores.db,
    clock,
    log: silentLog,
    policySigner: await openPolicySigner(dir, silentLog),
  });
  const { pin, serverCertPem, serverNotAfter, trustBundleHash } = keys;
  let changes = 0;
  keys.onChange(() => changes++);
  await clock.advance(300 * DAY_MS);
  await keys.refresh();
  expect([changes, keys.serverCertPem]).toEqual([0, serverCertPem]);
  await clock.advance(80 * DAY_MS);
  await keys.refresh();
  expect(changes).toBe(1);
  expect(keys.serverNotAfter.getTime()).toBeGreaterThan(serverNotAfter.getTime() + 300 * DAY_MS);
  expect([keys.pin, keys.trustBundleHash]).toEqual([pin, trustBundleHash]);
});
