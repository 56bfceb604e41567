import { Type, type Static } from "typebox";
import { Ack, RejectedEvent, Seq } from "./common.ts";
import { EventsBatchEnvelope } from "./events.ts";
import { Flow, ListeningService, TcpConnection } from "./inventory.ts";
import { INTERVALS, LIMITS } from "./limits.ts";
import { EngineState, PipelineMetrics, ResourceMetrics, SystemInfo, TrustReport } from "./state.ts";

/** POST /sensors/heartbeat, every 15 s: carrier of state, and the path for events while the stream is down. */
export const Heartbeat = Type.Object(
  {
    protocol_version: Type.Integer({ minimum: 1 }),
    sensor_version: Type.String({ maxLength: 64 }),
    sent_at_us: Seq,
    runtime_mode: Type.Union([Type.Literal("live"), Type.Literal("compatibility"), Type.Literal("simulated")]),
    /** Sensor's own start, to tell restarts from gaps. */
    started_at_us: Seq,
    engine: EngineState,
    trust: TrustReport,
    pipeline: PipelineMetrics,
    resources: ResourceMetrics,
    system: Type.Optional(SystemInfo),
    connections: Type.Optional(Type.Array(TcpConnection, { maxItems: LIMITS.inventoryConnections })),
    listening: Type.Optional(Type.Array(ListeningService, { maxItems: LIMITS.inventoryConnections })),
    flows: Type.Optional(Type.Array(Flow, { maxItems: LIMITS.inventoryConnections })),
    batch: Type.Optional(EventsBatchEnvelope),
  },
  { additionalProperties: false },
);
export type Heartbeat = Static<typeof Heartbeat>;

export const HeartbeatResponse = Type.Object({
  server_time_us: Seq,
  ack: Type.Optional(Ack),
  rejected: Type.Array(RejectedEvent),
  heartbeat_interval_ms: Type.Integer({ minimum: 100 }),
  /**
   * So long events other than alerts are gathered before they go by the stream: a large fleet is asked to send larger frames less often.
   * Without it they go at once while nothing is under way, and otherwise as was said at enrolment.
   */
  stream_tick_ms: Type.Optional(Type.Integer({ minimum: 50, maximum: 60_000 })),
  /**
   * So long lies between two inventories of a sensor that nobody asked for one: a large fleet is asked to send them less often. Without it
   * INTERVALS.inventoryMs. One asked for (`refresh`) goes at once.
   */
  inventory_interval_secs: Type.Optional(Type.Integer({ minimum: 1, maximum: INTERVALS.inventoryMaxMs / 1000 })),
  /** State of the certificate as the Console sees it. */
  trust_health: Type.Union([
    Type.Literal("healthy"),
    Type.Literal("renewal_recommended"),
    Type.Literal("renewal_due"),
    Type.Literal("degraded"),
    Type.Literal("revoked"),
  ]),
  /** True when the Console has no system information or inventory of this sensor and wants all of it. */
  want_full: Type.Boolean(),
  /** Since version 3: SHA-256 of the trust bundle as the Console has it now; a sensor with another one asks for it (GET /sensors/trust). */
  trust_bundle_hash: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
  /** True when the sensor should ask for a new certificate now, whatever is left of its own. */
  renew_now: Type.Optional(Type.Boolean()),
});
export type HeartbeatResponse = Static<typeof HeartbeatResponse>;
