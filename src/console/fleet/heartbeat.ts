import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Metrics } from "../../core/metrics.ts";
import { Heartbeat, type HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import type { EventsResponse } from "../../core/wire/events.ts";
import type { PipelineMetrics } from "../../core/wire/state.ts";
import type { SensorPeer } from "../http/env.ts";
import { readEnvelope } from "../ingest/check-batch.ts";
import type { Ingest } from "../ingest/service.ts";
import type { InventoryService } from "../inventory/service.ts";
import type { LiveHub } from "../live/contract.ts";
import type { Db } from "../stores/contract.ts";
import { storableJson } from "../stores/storable-json.ts";
import { checkProtocol } from "../trust/service.ts";
import { HeartbeatBatch } from "./heartbeat-batch.ts";
import type { Before, HeartbeatUpdate } from "./store-heartbeat.ts";
import type { ResourceRow, Samples } from "./samples.ts";
import { bySkew, trustHealth } from "./trust-health.ts";

const checker = compile(Heartbeat);
const MAX_FLOAT32 = 3e38;
const MAX_UINT32 = 4_294_967_295;

export interface HeartbeatDeps {
  readonly db: Db;
  readonly ingest: Ingest;
  readonly inventory: InventoryService;
  readonly samples: Samples;
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly heartbeatIntervalMs: number;
  /** How long sensors should gather events before they send them; undefined: as they like. */
  readonly streamTickMs?: () => number | undefined;
  /** How long lies between a sensor's inventories; undefined: as sensors do by themselves. */
  readonly inventoryIntervalSecs?: () => number | undefined;
  /** What the answer says about the trust bundle and a renewal that is due. */
  readonly notice?: (peer: SensorPeer) => Pick<HeartbeatResponse, "trust_bundle_hash" | "renew_now">;
}

/** Counters that stand for events that are gone. */
const LOST = ["kernel_lost", "spool_dropped", "spool_corrupt", "lines_malformed"] as const;

/** Growth of the sensor's counters since its last heartbeat; after a restart they began at zero. */
function growth(now: PipelineMetrics, before: PipelineMetrics | undefined, key: keyof PipelineMetrics): number {
  const was = Number(before?.[key] ?? 0);
  return Number(now[key]) >= was ? Number(now[key]) - was : Number(now[key]);
}

const percent = (part: number, whole: number): number => (whole > 0 ? Math.min(100, (100 * part) / whole) : 0);
/** Counters have no upper bound on the wire; columns do. */
const whole = (value: number): number => Math.min(value, Number.MAX_SAFE_INTEGER);
const float = (value: number): number => Math.min(value, MAX_FLOAT32);

/** Takes heartbeats: a sensor's state, and the way of its events while the stream is down. */
export class HeartbeatService {
  readonly #deps: HeartbeatDeps;
  readonly #records: HeartbeatBatch;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
    this.#records = new HeartbeatBatch(deps);
  }

  /** When a sensor was heard that this is not on the record of yet, milliseconds since 1970. */
  heardMs(sensorId: string): number | undefined {
    return this.#records.heardMs(sensorId);
  }

  /** Throws AppError `invalid_request` with the pointer, `protocol_version`, or `unavailable`. */
  async take(peer: SensorPeer, body: unknown): Promise<HeartbeatResponse> {
    const { ingest, inventory, samples, hub, clock, heartbeatIntervalMs } = this.#deps;
    const heartbeat = this.#read(peer, body);
    const batch = heartbeat.batch && readEnvelope(heartbeat.batch, "/batch");
    const nowMs = clock.nowMs();
    const { connections, listening, flows } = heartbeat;
    const sections = inventory.prepare({
      ...(connections && { connections }),
      ...(listening && { listening }),
      ...(flows && { flows }),
    });
    const before = await this.#records.record({
      tenantId: peer.tenantId,
      sensorId: peer.sensorId,
      atMs: nowMs,
      hasSystem: heartbeat.system !== undefined,
      update: updater(heartbeat, nowMs),
      sections,
      observedAt: inventory.observedAt(heartbeat.sent_at_us / 1000),
    });
    if (!before) throw new AppError("invalid_sensor_trust", "This sensor is not known here.");
    const unchanged = sections.filter(({ section, hash }) => before.hashes.get(section) === hash).length;
    if (!before.owed) inventory.counted(sections.length - unchanged, unchanged);
    samples.add(resourceRow(peer, heartbeat, nowMs));
    const delivered = batch && (await this.#deliver(ingest, peer, batch));
    hub.sensorChanged(peer.tenantId, peer.sensorId, "heartbeat");
    const streamTickMs = this.#deps.streamTickMs?.();
    const inventorySecs = this.#deps.inventoryIntervalSecs?.();
    return {
      server_time_us: clock.nowMs() * 1000,
      ...(delivered ? { ack: delivered.ack } : {}),
      rejected: delivered?.rejected ?? [],
      heartbeat_interval_ms: heartbeatIntervalMs,
      ...(streamTickMs === undefined ? {} : { stream_tick_ms: streamTickMs }),
      ...(inventorySecs === undefined ? {} : { inventory_interval_secs: inventorySecs }),
      trust_health: trustHealth(
        {
          revoked: false,
          notAfterMs: before.not_after?.getTime(),
          lastErrorMs: bySkew(timeOf(heartbeat.trust.last_error_at), heartbeat.sent_at_us / 1000 - nowMs),
        },
        nowMs,
      ),
      ...this.#deps.notice?.(peer),
      want_full: (!before.has_system && !heartbeat.system) || !before.hashes.has("processes"),
    };
  }

  #read(peer: SensorPeer, body: unknown): Heartbeat {
    try {
      const version = (body as { protocol_version?: unknown } | null)?.protocol_version;
      if (Number.isSafeInteger(version)) checkProtocol(version as number);
      return checker.parse(body);
    } catch (error) {
      this.#deps.ingest.countMalformed(peer);
      throw error;
    }
  }

  /** A store that is down must not make the sensor look dead: its state is taken, its events stay with it. */
  async #deliver(
    ingest: Ingest,
    peer: SensorPeer,
    batch: Parameters<Ingest["accept"]>[1],
  ): Promise<EventsResponse | undefined> {
    try {
      return await ingest.accept(peer, batch);
    } catch (error) {
      // Nor does one that has more under way than its share.
      if (error instanceof AppError && (error.code === "unavailable" || error.code === "rate_limited"))
        return undefined;
      throw error;
    }
  }
}

/** A heartbeat without its lists and events. */
type HeartbeatState = Omit<Heartbeat, "connections" | "listening" | "flows" | "batch">;

/**
 * What a heartbeat changes on the sensor's record, as a function of what was there before. It may be kept for an outage, and keeps the state
 * alone: lists and events would fill the memory. A function made where the body is at hand would hold all of it, whatever it uses.
 */
function updater(heartbeat: Heartbeat, nowMs: number): (before: Before) => HeartbeatUpdate {
  const { connections: _c, listening: _l, flows: _f, batch: _b, ...state } = heartbeat;
  return keeping(state, nowMs);
}

const keeping =
  (state: HeartbeatState, nowMs: number) =>
  (before: Before): HeartbeatUpdate =>
    updateOf(state, nowMs, before);

function updateOf(heartbeat: HeartbeatState, nowMs: number, before: Before): HeartbeatUpdate {
  const since = sinceBefore(heartbeat, before);
  const secs = before.last_seen_at && since ? Math.max(1, (nowMs - before.last_seen_at.getTime()) / 1000) : undefined;
  const spooled = growth(heartbeat.pipeline, since, "events_spooled");
  const hooks = { ok: 0, degraded: 0, rejected: 0 };
  for (const backend of heartbeat.engine.backends) hooks[backend.status]++;
  return {
    sensorVersion: heartbeat.sensor_version.replaceAll("\0", ""),
    runtimeMode: heartbeat.runtime_mode,
    startedAt: new Date(Math.min(heartbeat.started_at_us / 1000, 8.64e15)),
    engine: storableJson(heartbeat.engine),
    trust: storableJson(heartbeat.trust),
    pipeline: storableJson(heartbeat.pipeline),
    resources: storableJson(heartbeat.resources),
    system: heartbeat.system && storableJson(heartbeat.system),
    hooks,
    clockSkewMs: Math.round(heartbeat.sent_at_us / 1000 - nowMs),
    at: new Date(nowMs),
    eventsPerSec: secs === undefined ? 0 : spooled / secs,
    lost: LOST.some((key) => growth(heartbeat.pipeline, since, key) > 0),
  };
}

/** The counters of the heartbeat before, unless the sensor has started anew since. */
function sinceBefore(heartbeat: HeartbeatState, before: Before): PipelineMetrics | undefined {
  const same = before.started_at?.getTime() === Math.floor(Math.min(heartbeat.started_at_us / 1000, 8.64e15));
  return same ? (before.pipeline ?? undefined) : undefined;
}

function timeOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function resourceRow(peer: SensorPeer, heartbeat: Heartbeat, nowMs: number): ResourceRow {
  const { resources: r, pipeline } = heartbeat;
  return {
    tenant_id: peer.tenantId,
    sensor_id: peer.sensorId,
    at: nowMs,
    cpu_percent: float(r.cpu_percent),
    memory_percent: percent(r.memory_used_bytes, r.memory_total_bytes),
    disk_percent: percent(r.disk_used_bytes, r.disk_total_bytes),
    load_1m: float(r.load_1m),
    network_rx_bytes: whole(r.network_rx_bytes),
    network_tx_bytes: whole(r.network_tx_bytes),
    sensor_rss_bytes: whole(r.sensor_rss_bytes),
    engine_rss_bytes: whole(r.engine_rss_bytes),
    sensor_cpu_percent: float(r.sensor_cpu_percent),
    engine_cpu_percent: float(r.engine_cpu_percent),
    events_total: whole(pipeline.events_spooled),
    events_lost: whole(LOST.reduce((sum, key) => sum + pipeline[key], 0)),
    spool_depth: Math.min(pipeline.spool_depth, MAX_UINT32),
  };
}
