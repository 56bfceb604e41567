import { Type, type Static } from "typebox";
import type { ListeningService, Flow, ProcessEntry, TcpConnection } from "../wire/inventory.ts";
import type { EngineState, PipelineMetrics, ResourceMetrics, SystemInfo } from "../wire/state.ts";

export const LIFECYCLE_STATUSES = ["healthy", "stale", "disabled", "revoked"] as const;
export const HEALTH_STATES = ["healthy", "watch", "degraded", "critical", "offline"] as const;
export const TRUST_STATES = ["trusted", "rotated", "bootstrap_pending", "trust_revoked"] as const;
export const TRUST_HEALTHS = ["healthy", "renewal_recommended", "renewal_due", "degraded", "revoked"] as const;
export const RUNTIME_MODES = ["live", "compatibility", "simulated"] as const;
export const ENFORCEMENT_STATES = ["observe", "enforce_ready", "enforced"] as const;
export type LifecycleStatus = (typeof LIFECYCLE_STATUSES)[number];
export type HealthState = (typeof HEALTH_STATES)[number];
export type TrustState = (typeof TRUST_STATES)[number];
export type TrustHealth = (typeof TRUST_HEALTHS)[number];
export type EnforcementState = (typeof ENFORCEMENT_STATES)[number];

const choice = <T extends string>(values: readonly T[]) =>
  Type.Optional(Type.Unsafe<T>(Type.String({ enum: [...values] })));

/** Query of GET /api/v1/sensors. Revoked sensors are left out unless `lifecycle_status=revoked`. */
export const SensorListQuery = Type.Object(
  {
    q: Type.Optional(Type.String({ maxLength: 128 })),
    declared_role: Type.Optional(Type.String({ maxLength: 32 })),
    cluster: Type.Optional(Type.String({ maxLength: 128 })),
    lifecycle_status: choice(LIFECYCLE_STATUSES),
    health_state: choice(HEALTH_STATES),
    trust_state: choice(TRUST_STATES),
    trust_health: choice(TRUST_HEALTHS),
    runtime_mode: choice(RUNTIME_MODES),
    runtime_state: choice(["running", "starting", "backoff", "failed", "stopped"] as const),
    enforcement_state: choice(ENFORCEMENT_STATES),
    assigned_pack_id: Type.Optional(Type.String({ maxLength: 128 })),
    assigned_pack_presence: choice(["assigned", "unassigned"] as const),
    has_active_trust_alert: Type.Optional(Type.Boolean()),
    needs_attention: Type.Optional(Type.Boolean()),
    flavor: choice(["standard", "telecom"] as const),
    sort: choice(["node_name", "health_state", "last_seen_at", "enrolled_at", "sensor_version"] as const),
    order: choice(["asc", "desc"] as const),
    page: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  },
  { additionalProperties: false },
);
export type SensorListQuery = Static<typeof SensorListQuery>;

/** Why a sensor's health is what it is: a sentence, and what to do. */
export interface HealthReason {
  readonly code: string;
  readonly state: HealthState;
  readonly message: string;
  readonly action: string;
  /** Where in the UI more of it is shown. */
  readonly href?: string;
}

/** One row of the Sensors page. Times are RFC 3339, UTC. */
export interface SensorSummary {
  readonly sensor_id: string;
  readonly node_name: string;
  readonly declared_role: string;
  readonly flavor: "standard" | "telecom";
  readonly cluster: string | null;
  readonly tags: readonly string[];
  readonly lifecycle_status: LifecycleStatus;
  readonly health_state: HealthState;
  readonly health_reasons: readonly HealthReason[];
  readonly trust_state: TrustState;
  readonly trust_health: TrustHealth;
  readonly runtime_mode: string;
  readonly runtime_state: string;
  readonly enforcement_state: EnforcementState;
  readonly assigned_pack_id: string | null;
  readonly sensor_version: string | null;
  readonly kernel: string | null;
  readonly os: string | null;
  readonly stream_connected: boolean;
  readonly enrolled_at: string;
  readonly last_seen_at: string | null;
  readonly certificate_expires_at: string | null;
  readonly events_per_sec: number;
  readonly events_lost: number;
}

export interface SensorList {
  readonly sensors: readonly SensorSummary[];
  readonly total: number;
  readonly page: number;
  readonly page_size: number;
  /** SensorStateCounts over the whole fleet of the tenant, unfiltered. */
  readonly counts: Readonly<Record<LifecycleStatus, number>>;
  /** FleetHealthSummary, likewise. */
  readonly health: Readonly<Record<HealthState, number>>;
}

/** GET /api/v1/sensors/:id */
export interface SensorDetail extends SensorSummary {
  readonly engine: EngineState | null;
  readonly pipeline: PipelineMetrics | null;
  readonly resources: ResourceMetrics | null;
  readonly system: SystemInfo | null;
  readonly clock_skew_ms: number | null;
  readonly events_rejected: number;
  /** When a second node with this sensor's identity was seen last, and how the two differ; absent from older Consoles. */
  readonly clone_suspected_at?: string | null;
  readonly clone_detail?: string | null;
  readonly certificates: readonly {
    serial: string;
    not_before: string;
    not_after: string;
    /** `pending`: issued, not used yet. `previous`: renewed, and taken until `valid_until`. */
    status: "pending" | "active" | "previous" | "revoked";
    valid_until: string | null;
    created_at: string;
    /** Id of the authority that signed it; null in what older Consoles issued. */
    issuer_id: string | null;
  }[];
  /** What the sensor last said about trouble with its trust. */
  readonly trust_error: { readonly message: string; readonly at: string | null } | null;
  /** Delivery latency the sensor's present path gives, 95th percentile as stated by the product. */
  readonly delivery: "stream" | "heartbeat" | "none";
}

/**
 * GET /api/v1/sensors/:id/inventory: the last snapshot; `observed_at` null when none has come yet. It also asks the sensor for one as of
 * now, every 15 s at most: news of the sensor tell when that is there.
 */
export interface SensorInventory {
  /** Of what came last. */
  readonly observed_at: string | null;
  /** Of the processes, which come less often than the rest. */
  readonly processes_observed_at: string | null;
  readonly processes: readonly ProcessEntry[];
  readonly connections: readonly TcpConnection[];
  readonly listening: readonly ListeningService[];
  readonly flows: readonly Flow[];
}

/** GET /api/v1/sensors/:id/resources?since=1h : one point a heartbeat (or an average of several); gaps stay gaps. */
export interface SensorResources {
  readonly step_secs: number;
  readonly points: readonly {
    readonly at: string;
    readonly cpu_percent: number;
    readonly memory_percent: number;
    readonly disk_percent: number;
    readonly load_1m: number;
    readonly network_rx_bytes_per_sec: number;
    readonly network_tx_bytes_per_sec: number;
    readonly sensor_rss_bytes: number;
    readonly engine_rss_bytes: number;
    readonly sensor_cpu_percent: number;
    readonly engine_cpu_percent: number;
    readonly events_per_sec: number;
    readonly spool_depth: number;
  }[];
}
// Actions: POST /api/v1/sensors/:id/{disable,enable,revoke} and DELETE /api/v1/sensors/:id (admin) → 204.
