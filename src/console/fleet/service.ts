import type { SensorDetail, SensorList, SensorListQuery, SensorResources } from "../../core/api/sensors.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { isUuid } from "../../core/ids.ts";
import type { AuditLog } from "../audit/contract.ts";
import type { LiveHub } from "../live/contract.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import { pageOf } from "./list.ts";
import { parseSince, stepFor, toResources } from "./resources.ts";
import { findSensor, listResources, listSensors, removeSensor, revokeSensor, updateLifecycle } from "./store.ts";
import { summarize, type SummaryContext } from "./summary.ts";

/** Who did it, for the record. */
export interface Actor {
  readonly tenantId: string;
  readonly email?: string | undefined;
  readonly clientIp?: string | undefined;
  readonly userAgent?: string | undefined;
}

export interface FleetDeps {
  readonly db: Db;
  readonly events: EventDb;
  readonly audit: AuditLog;
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly staleMs: number;
  readonly isConnected: (sensorId: string) => boolean;
  /** When a sensor was heard whose record does not say so yet, milliseconds since 1970. */
  readonly heardMs: (sensorId: string) => number | undefined;
  /** Forgets cached trust: the next request is judged by the database. */
  readonly forgetTrust: () => void;
  /** Forgets cached trust and cuts every connection of the sensor. */
  readonly cutOff: (sensorId: string) => void;
}

function unknown(): AppError {
  return new AppError("not_found", "There is no sensor of this id.");
}

/** The fleet as operators see and change it. */
export class FleetService {
  readonly #deps: FleetDeps;

  constructor(deps: FleetDeps) {
    this.#deps = deps;
  }

  #context(): SummaryContext {
    const { clock, staleMs, isConnected, heardMs } = this.#deps;
    return { nowMs: clock.nowMs(), staleMs, isConnected, heardMs };
  }

  /** Health depends on the present time and on open streams, so it is computed here over a light projection of all sensors. */
  async list(tenantId: string, query: SensorListQuery): Promise<SensorList> {
    const rows = await listSensors(this.#deps.db, tenantId);
    const context = this.#context();
    return pageOf(
      rows.map((row) => summarize(row, context)),
      query,
    );
  }

  async find(tenantId: string, sensorId: string): Promise<SensorDetail> {
    const found = isUuid(sensorId) ? await findSensor(this.#deps.db, tenantId, sensorId) : undefined;
    if (!found) throw unknown();
    const summary = summarize(found.row, this.#context());
    return {
      ...summary,
      ...found.parts,
      clock_skew_ms: found.row.clock_skew_ms,
      events_rejected: found.row.events_rejected,
      clone_suspected_at: found.row.clone_suspected_at?.toISOString() ?? null,
      clone_detail: found.row.clone_detail,
      certificates: found.certificates.map((c) => ({
        serial: c.serial,
        not_before: c.not_before.toISOString(),
        not_after: c.not_after.toISOString(),
        status: c.status,
        valid_until: c.valid_until?.toISOString() ?? null,
        issuer_id: c.issuer_id,
        created_at: c.created_at.toISOString(),
      })),
      trust_error:
        found.row.trust_error === null ? null : { message: found.row.trust_error, at: found.row.trust_error_at },
      delivery: summary.stream_connected ? "stream" : summary.lifecycle_status === "healthy" ? "heartbeat" : "none",
    };
  }

  /** Throws AppError `not_found` unless the sensor is the tenant's. */
  async check(tenantId: string, sensorId: string): Promise<void> {
    await this.find(tenantId, sensorId);
  }

  async resources(tenantId: string, sensorId: string, since: string | undefined): Promise<SensorResources> {
    const sinceSecs = parseSince(since);
    await this.check(tenantId, sensorId);
    const stepSecs = stepFor(sinceSecs);
    return toResources(await listResources(this.#deps.events, tenantId, sensorId, sinceSecs, stepSecs), stepSecs);
  }

  async disable(actor: Actor, sensorId: string): Promise<void> {
    const name = await this.#change(actor, sensorId, () =>
      updateLifecycle(this.#deps.db, actor.tenantId, sensorId, "active", "disabled"),
    );
    this.#deps.cutOff(sensorId);
    await this.#record(actor, "sensor_disabled", sensorId, name);
  }

  async enable(actor: Actor, sensorId: string): Promise<void> {
    const name = await this.#change(actor, sensorId, () =>
      updateLifecycle(this.#deps.db, actor.tenantId, sensorId, "disabled", "active"),
    );
    this.#deps.cutOff(sensorId);
    await this.#record(actor, "sensor_enabled", sensorId, name);
  }

  /** Its certificates stop counting and its connections end at once. */
  async revoke(actor: Actor, sensorId: string): Promise<void> {
    const name = await this.#change(actor, sensorId, () =>
      revokeSensor(this.#deps.db, actor.tenantId, sensorId, "revoked"),
    );
    this.#deps.cutOff(sensorId);
    this.#deps.hub.sensorChanged(actor.tenantId, sensorId, "revoked");
    await this.#record(actor, "sensor_revoked", sensorId, name);
  }

  async remove(actor: Actor, sensorId: string): Promise<void> {
    const name = await this.#change(actor, sensorId, () => removeSensor(this.#deps.db, actor.tenantId, sensorId));
    this.#deps.cutOff(sensorId);
    this.#deps.hub.sensorChanged(actor.tenantId, sensorId, "revoked");
    await this.#record(actor, "sensor_deleted", sensorId, name);
  }

  /** What a sensor does when it is uninstalled: its own identity ends. */
  async decommission(tenantId: string, sensorId: string, clientIp: string): Promise<void> {
    const name = await revokeSensor(this.#deps.db, tenantId, sensorId, "decommissioned");
    if (name === undefined) return;
    this.#deps.forgetTrust();
    this.#deps.hub.sensorChanged(tenantId, sensorId, "revoked");
    await this.#record({ tenantId, clientIp }, "sensor_decommissioned", sensorId, name);
  }

  async #change(actor: Actor, sensorId: string, change: () => Promise<string | undefined>): Promise<string> {
    const name = isUuid(sensorId) ? await change() : undefined;
    if (name !== undefined) return name;
    await this.check(actor.tenantId, sensorId);
    throw new AppError("conflict", "The sensor is not in a state in which this can be done.", {
      hint: "Reload its page: somebody may have been quicker.",
    });
  }

  #record(actor: Actor, actionType: string, sensorId: string, nodeName: string): Promise<void> {
    return this.#deps.audit.record({
      tenantId: actor.tenantId,
      actionType,
      outcome: "success",
      actorEmail: actor.email,
      sensorId,
      detail: { node_name: nodeName },
      clientIp: actor.clientIp,
      userAgent: actor.userAgent,
    });
  }
}
