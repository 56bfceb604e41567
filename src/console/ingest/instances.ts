import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { SensorInstance } from "../../core/wire/stream.ts";
import type { AuditLog } from "../audit/contract.ts";
import type { SensorPeer } from "../http/env.ts";
import type { Db } from "../stores/contract.ts";
import { judgeHello, type Start, type Verdict } from "./clones.ts";
import { Loader } from "./loader.ts";
import { findStarts, updateInstances, type Hello, type Judged, type SensorKey } from "./store-instances.ts";

/** Audited once in this time, however often the two meet. */
const AUDIT_AGAIN_MS = 3_600_000;

/** A start that goes on is noted anew after this time, so that it is not forgotten. */
const REFRESH_MS = 3_600_000;
/** A fleet that comes back together is looked at together. */
const STARTS_AT_ONCE = { maxKeys: 500, maxActive: 2, maxWaiting: 100_000 };
const UPDATES_AT_ONCE = { maxKeys: 500, maxActive: 1, maxWaiting: 100_000 };

type InstanceVerdict = Verdict & { readonly instance: SensorInstance };

export interface InstancesDeps {
  readonly db: Db;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What became of a hello: somebody else uses the identity too, and the one who said it has to be told. */
export interface Judgement {
  readonly clone: boolean;
  readonly tell: boolean;
}

const ALONE: Judgement = { clone: false, tell: false };

/** Who speaks with each sensor's identity. */
export class Instances {
  readonly #deps: InstancesDeps;
  readonly #suspected: () => void;
  readonly #starts: Loader<SensorKey, readonly Start[] | undefined>;
  readonly #updates: Loader<Hello<InstanceVerdict>, Judged<InstanceVerdict> | undefined>;

  constructor(deps: InstancesDeps) {
    this.#deps = deps;
    const { db, metrics } = deps;
    this.#starts = new Loader((keys) => findStarts(db, keys), STARTS_AT_ONCE);
    this.#updates = new Loader((hellos) => updateInstances(db, hellos), UPDATES_AT_ONCE);
    this.#suspected = metrics.counter(
      "telovix_console_clones_suspected_total",
      "Hellos of sensors whose identity another node seems to use.",
    );
  }

  /**
   * Looks at a hello beside the other streams of the sensor that answer now. Each start is told once to go on under new epochs. With
   * PostgreSQL away nobody is suspected.
   */
  async judge(peer: SensorPeer, instance: SensorInstance, alive: readonly SensorInstance[]): Promise<Judgement> {
    const { clock, log } = this.#deps;
    const { tenantId, sensorId } = peer;
    const nowMs = clock.nowMs();
    try {
      const last = (await this.#starts.get({ tenantId, sensorId }))?.at(-1);
      // The same as ever: when a whole fleet comes back, nothing is written for it.
      const same = last?.start_id === instance.start_id && nowMs - last.at < REFRESH_MS;
      if (same && alive.length === 0) return ALONE;
      const found = await this.#updates.get({
        tenantId,
        sensorId,
        at: new Date(nowMs),
        judge: (starts) => ({ ...judgeHello(starts, instance, alive, nowMs), instance }),
      });
      if (!found) return ALONE;
      const { verdict, suspectedBefore } = found;
      if (verdict.clone === undefined) return ALONE;
      this.#suspected();
      if (!suspectedBefore || nowMs - suspectedBefore.getTime() > AUDIT_AGAIN_MS)
        await this.#record(peer, verdict.clone);
      return { clone: true, tell: verdict.tell };
    } catch (error) {
      log.warn("a sensor's hello could not be compared with those before", { sensor_id: peer.sensorId, error });
      return ALONE;
    }
  }

  #record({ tenantId, sensorId, nodeName }: SensorPeer, reason: string): Promise<void> {
    const detail = { node_name: nodeName, reason };
    const actionType = "sensor_clone_suspected";
    return this.#deps.audit.record({ tenantId, sensorId, actionType, outcome: "success", detail });
  }
}
