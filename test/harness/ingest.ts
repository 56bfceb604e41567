import { Ingest, type IngestDeps } from "../../src/console/ingest/service.ts";
import type { SensorPeer } from "../../src/console/http/env.ts";
import type { Db, EventDb } from "../../src/console/stores/contract.ts";
import type { StoredEvent } from "../../src/console/stores/runtime-event-row.ts";
import { systemClock } from "../../src/core/clock.ts";
import { AppError } from "../../src/core/error.ts";
import { newUuid } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import type { TestStores } from "./stores.ts";

/** An event store with faults that can be planted; what they do not touch is the real one. */
export class FaultyEventDb implements EventDb {
  readonly #real: EventDb;
  deferred = false;
  /** Inserts fail with it. */
  fault: AppError | undefined;
  /** Inserts wait for it. */
  gate: Promise<void> = Promise.resolve();
  /** Rows of each insert into runtime_events, as they came. */
  readonly inserts: { sensor_id: string; seq: number }[][] = [];
  selects = 0;

  constructor(real: EventDb) {
    this.#real = real;
  }

  select: EventDb["select"] = (...args) => (this.selects++, this.#real.select(...args));
  selectSystem: EventDb["selectSystem"] = (...args) => (this.selects++, this.#real.selectSystem(...args));
  ping: EventDb["ping"] = () => (this.fault ? Promise.reject(this.fault) : this.#real.ping());

  insert: EventDb["insert"] = async (table, rows) => {
    await this.gate;
    if (this.fault) throw this.fault;
    await this.#real.insert(table, rows);
  };

  insertEvents: EventDb["insertEvents"] = async (parts) => {
    this.inserts.push(parts.flatMap((part) => part.rows()));
    await this.gate;
    if (this.fault) throw this.fault;
    await this.#real.insertEvents(parts);
  };
}

export const STORE_AWAY = (): AppError => new AppError("unavailable", "the event database does not answer");

/** Ingest alone, on real stores. */
export class TestIngest implements AsyncDisposable {
  readonly ingest: Ingest;
  readonly events: FaultyEventDb;
  readonly metrics = new Metrics();
  /** What was shown live, in order. */
  readonly offered: StoredEvent[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(stores: { db: Db; events: EventDb }, more: Partial<IngestDeps> = {}) {
    this.events = new FaultyEventDb(stores.events);
    this.ingest = new Ingest({
      db: stores.db,
      events: this.events,
      hub: { offer: (_tenantId, events) => void this.offered.push(...events()), sensorChanged: () => {} },
      clock: systemClock,
      log: silentLog,
      metrics: this.metrics,
      ...more,
    });
    this.#done = this.ingest.run(this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

/** Sensors of a tenant of their own, as enrolment leaves them. */
export async function testPeers(stores: TestStores, count: number): Promise<SensorPeer[]> {
  const tenantId = newUuid();
  const peers = Array.from({ length: count }, (_, i) => ({
    sensorId: newUuid(),
    tenantId,
    nodeName: `node-${i}`,
    serial: String(i),
  }));
  await stores.db.system(async (tx) => {
    await tx`INSERT INTO tenants (tenant_id, name) VALUES (${tenantId}, ${tenantId})`;
    await tx`
      INSERT INTO sensors (sensor_id, tenant_id, node_name, declared_role, flavor)
      SELECT s, ${tenantId}, 'node', 'generic_linux', 'standard' FROM unnest(${peers.map((p) => p.sensorId)}::uuid[]) AS s`;
  });
  return peers;
}

/** Numbers stored of a sensor and epoch, each as often as it is there. */
export async function storedSeqs(stores: TestStores, peer: SensorPeer, epoch: string): Promise<number[]> {
  const rows = await stores.events.select<{ seq: number }>(
    peer.tenantId,
    `SELECT seq FROM runtime_events WHERE tenant_id = {tenant_id:UUID} AND sensor_id = {id:UUID} AND epoch = {epoch:String} ORDER BY seq`,
    { id: peer.sensorId, epoch },
  );
  return rows.map((row) => Number(row.seq));
}
