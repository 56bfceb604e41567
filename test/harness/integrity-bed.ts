import { exportRange } from "../../src/console/integrity/export.ts";
import { IntegrityRecorder } from "../../src/console/integrity/recorder.ts";
import { RootsJob } from "../../src/console/integrity/roots.ts";
import { findLinks } from "../../src/console/integrity/store.ts";
import type { DurableCommit } from "../../src/console/ingest/group-commit.ts";
import type { LossRow } from "../../src/console/ingest/store.ts";
import type { EventDb } from "../../src/console/stores/contract.ts";
import { toRuntimeEventRow } from "../../src/console/stores/runtime-event-row.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { newUuid } from "../../src/core/ids.ts";
import { ExportFault, type VerifyReport } from "../../src/core/integrity/report.ts";
import { ExportVerifier } from "../../src/core/integrity/verify.ts";
import { silentLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { generateSigningKey, openSigner } from "../../src/core/sign/ed25519.ts";
import { testEvent } from "./sensor-messages.ts";
import type { TestStores } from "./stores.ts";
import { PlainRows } from "../../src/console/rows/plain-rows.ts";

export const HOUR_MS = 3_600_000;
export const CHAIN_EPOCH = "00000000000000c1";
/** Beginning of the hour so many hours ago. */
export const hoursAgo = (hours: number): number => (Math.floor(Date.now() / HOUR_MS) - hours) * HOUR_MS;
const EPOCH = CHAIN_EPOCH;
const { privatePem, publicPem } = await generateSigningKey();
const signer = await openSigner(privatePem);

/** A sensor whose batches become durable, and Consoles that come and go around it. */
export class Bed {
  readonly tenantId = newUuid();
  readonly sensorId = newUuid();
  readonly epoch = EPOCH;
  readonly clock: ManualClock;
  readonly metrics = new Metrics();

  readonly stores: TestStores;

  private constructor(stores: TestStores, clock: ManualClock) {
    this.stores = stores;
    this.clock = clock;
  }

  /** By its clock it is ten minutes into an hour, six hours ago. */
  static async make(stores: TestStores, clock = new ManualClock(hoursAgo(6) + 600_000)): Promise<Bed> {
    const bed = new Bed(stores, clock);
    await stores.db.system(async (tx) => {
      await tx`INSERT INTO tenants (tenant_id, name) VALUES (${bed.tenantId}, 'bed')`;
      await tx`
        INSERT INTO sensors (sensor_id, tenant_id, node_name, declared_role, flavor)
        VALUES (${bed.sensorId}, ${bed.tenantId}, 'db-17', 'generic_linux', 'standard')`;
    });
    return bed;
  }

  get chain() {
    return { tenantId: this.tenantId, sensorId: this.sensorId, epoch: this.epoch };
  }

  recorder(events: EventDb = this.stores.events): IntegrityRecorder {
    return new IntegrityRecorder({ events, clock: this.clock, log: silentLog, metrics: this.metrics });
  }

  roots(recorder: IntegrityRecorder, events: EventDb = this.stores.events): RootsJob {
    const { clock, metrics } = this;
    return new RootsJob({
      db: this.stores.db,
      events,
      recorder,
      signer: async () => signer,
      clock,
      log: silentLog,
      metrics,
    });
  }

  /** A batch as ingest hands it on; `lost` numbers in it are in the loss ledger. */
  commit(from: number, to: number, lost: readonly number[] = []): DurableCommit {
    const { tenantId, sensorId, epoch } = this;
    const nowMs = this.clock.nowMs();
    const rows = Array.from({ length: to - from + 1 }, (_, i) => from + i)
      .filter((seq) => !lost.includes(seq))
      .map((seq) =>
        toRuntimeEventRow({
          tenantId,
          sensorId,
          epoch,
          nodeName: "db-17",
          ingestedAtMs: nowMs,
          event: testEvent(seq, { observed_at_us: nowMs * 1000 + seq, raw: `{"line":${seq}}` }),
        }),
      );
    const losses = lost.map((seq): LossRow => ({
      tenant_id: tenantId,
      sensor_id: sensorId,
      node_name: "db-17",
      epoch,
      source: "range",
      stage: "spool",
      cause: "spool_full",
      count: 1,
      unknown: 0,
      from_seq: seq,
      to_seq: seq,
      from_at: nowMs * 1000,
      to_at: nowMs * 1000,
      recorded_at: nowMs,
    }));
    const lane = { tenantId, sensorId, epoch } as DurableCommit["lane"];
    return { lane, laneName: "bulk", events: new PlainRows(rows), losses, firstSeq: from, lastSeq: to, refused: [] };
  }

  async store({ events, losses }: DurableCommit): Promise<void> {
    await this.stores.events.insertEvents([events]);
    await this.stores.events.insert("event_losses", losses);
  }

  /** Makes a batch durable and tells the recorder. */
  async take(recorder: IntegrityRecorder, from: number, to: number, lost: readonly number[] = []): Promise<void> {
    const commit = this.commit(from, to, lost);
    await this.store(commit);
    recorder.add(commit);
  }

  async links(): Promise<[number, number, number][]> {
    const links = await findLinks(this.stores.events, this.chain, 0, 1_000_000);
    return links.map((link) => [link.first_seq, link.last_seq, link.events]);
  }

  /** Of the last so many hours. */
  async export(hours = 48): Promise<string> {
    const nowMs = this.clock.nowMs();
    const request = {
      ...this.chain,
      nodeName: "db-17",
      fromUs: (nowMs - hours * HOUR_MS) * 1000,
      toUs: nowMs * 1000,
      nowMs,
    };
    let text = "";
    for await (const piece of exportRange(this.stores, request)) text += piece;
    return text;
  }

  async verify(hours?: number): Promise<VerifyReport> {
    return verifyText(await this.export(hours));
  }

  /** Lets everything that is due in the next hours happen. */
  async pass(recorder: IntegrityRecorder, hours: number): Promise<void> {
    await this.clock.advance(95_000);
    await recorder.seal();
    await this.clock.advance(hours * HOUR_MS);
    await this.roots(recorder).turn();
  }
}

async function verifyText(text: string): Promise<VerifyReport> {
  const verifier = new ExportVerifier(publicPem);
  for (const line of text.trimEnd().split("\n")) await verifier.line(line);
  return verifier.finish();
}

export async function faultOf(bed: Bed, hours?: number): Promise<ExportFault> {
  try {
    await bed.verify(hours);
  } catch (error) {
    if (error instanceof ExportFault) return error;
    throw error;
  }
  throw new Error("the export was found to be whole");
}
