import { expect, test } from "bun:test";
import { testStores } from "../../../test/harness/stores.ts";
import { newUuid } from "../../core/ids.ts";
import { silentLog } from "../../core/log.ts";
import type { Db } from "../stores/contract.ts";
import { openPostgres } from "../stores/postgres.ts";
import { recordHeartbeats, type HeartbeatUpdate, type Recorded } from "./store-heartbeat.ts";

const tenantId = newUuid();
const now = new Date();
const update: HeartbeatUpdate = {
  sensorVersion: "1",
  runtimeMode: "full",
  startedAt: now,
  engine: "{}",
  trust: "{}",
  pipeline: "{}",
  resources: "{}",
  system: undefined,
  hooks: { ok: 1, degraded: 0, rejected: 0 },
  clockSkewMs: 0,
  at: now,
  eventsPerSec: 1,
  lost: false,
};

async function enrol(db: Db, n: number): Promise<string[]> {
  const rows = await db.system(
    (tx) => tx<{ sensor_id: string }[]>`
      INSERT INTO sensors (sensor_id, tenant_id, node_name, declared_role, flavor)
      SELECT gen_random_uuid(), ${tenantId}, 'n' || i, 'generic_linux', 'standard' FROM generate_series(1, ${n}::int) i
      RETURNING sensor_id`,
  );
  return rows.map((row) => row.sensor_id);
}

const beat = (db: Db, ids: readonly string[]): Promise<void> =>
  recordHeartbeats(db, ids, () =>
    ids.map((sensorId): Recorded => ({
      tenantId,
      sensorId,
      update,
      sections: [{ section: "flows", hash: newUuid(), content: "[]", sizeChars: 2 }],
      observedAt: now,
    })),
  );

/** Rows of the fleet's tables that were read by going through all of them. */
async function readWhole(db: Db): Promise<number> {
  await db.system((tx) => tx`SELECT pg_stat_force_next_flush()`);
  const [row] = await db.system(
    (tx) => tx<{ rows: number }[]>`
      SELECT sum(seq_tup_read)::float8 AS rows FROM pg_stat_user_tables
      WHERE relname IN ('sensors', 'sensor_inventories', 'sensor_certificates')`,
  );
  return row?.rows ?? Number.NaN;
}

test("heartbeats of a fleet that has grown to thousands since the first do not read all of it", async () => {
  await using stores = await testStores();
  // One connection: what it prepared for the first few is used for all.
  await using db = await openPostgres(stores.postgres, silentLog, stores.metrics, { maxConnections: 1 });
  await db.system((tx) => tx`INSERT INTO tenants (tenant_id, name) VALUES (${tenantId}, 'x')`);
  const first = await enrol(db, 40);
  // A plan is kept from the sixth time on.
  for (let i = 0; i < 12; i++) await beat(db, first.slice(i, i + 20));
  const fleet = await enrol(db, 5_000);
  const before = await readWhole(db);
  for (let i = 0; i < 20; i++) await beat(db, fleet.slice(40 * i, 40 * i + 40));
  expect((await readWhole(db)) - before).toBeLessThan(fleet.length);
}, 60_000);
