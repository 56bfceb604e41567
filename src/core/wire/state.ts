import { Type, type Static } from "typebox";

const Count = Type.Integer({ minimum: 0 });
const Text = Type.String({ maxLength: 512 });

/** How the engine saw to one of its hooks. */
export const EngineBackend = Type.Object(
  {
    sensor: Type.String({ maxLength: 64 }),
    hook: Type.String({ maxLength: 128 }),
    backend: Type.String({ maxLength: 32 }),
    status: Type.Union([Type.Literal("ok"), Type.Literal("degraded"), Type.Literal("rejected")]),
    reason: Type.Optional(Text),
  },
  { additionalProperties: false },
);
export type EngineBackend = Static<typeof EngineBackend>;

/** A policy as the engine runs it. */
export const PolicyState = Type.Object(
  {
    name: Type.String({ maxLength: 253 }),
    /** Pack it comes from. */
    pack: Type.Optional(Type.String({ maxLength: 64 })),
    mode: Type.Union([Type.Literal("monitor"), Type.Literal("enforce")]),
    /** `off`: it cost too much and was switched off. `waiting`: it is not loaded yet. `standby`: another policy sees the same, so this one is not loaded. */
    state: Type.Union([
      Type.Literal("ok"),
      Type.Literal("degraded"),
      Type.Literal("rejected"),
      Type.Literal("off"),
      Type.Literal("waiting"),
      Type.Literal("standby"),
    ]),
    reason: Type.Optional(Text),
    /** Times its filters held, calls it stopped or processes it ended, and events that found no room; of this engine's life. */
    matched: Count,
    enforced: Count,
    lost: Count,
  },
  { additionalProperties: false },
);
export type PolicyState = Static<typeof PolicyState>;

/** Policies a heartbeat names at most; `policies_left_out` counts the rest. */
export const MAX_POLICY_STATES = 512;

export const EngineState = Type.Object(
  {
    state: Type.Union([
      Type.Literal("running"),
      Type.Literal("starting"),
      Type.Literal("backoff"),
      Type.Literal("failed"),
      Type.Literal("stopped"),
    ]),
    /** One sentence when not running. */
    reason: Type.Optional(Text),
    version: Type.Optional(Type.String({ maxLength: 64 })),
    run_id: Type.Optional(Type.String({ maxLength: 32 })),
    pid: Type.Optional(Count),
    restarts: Count,
    rss_bytes: Type.Optional(Count),
    events: Count,
    lost: Count,
    backends: Type.Array(EngineBackend, { maxItems: 256 }),
    /** Since version 2. */
    policies: Type.Optional(Type.Array(PolicyState, { maxItems: MAX_POLICY_STATES })),
    policies_left_out: Type.Optional(Count),
  },
  { additionalProperties: false },
);
export type EngineState = Static<typeof EngineState>;

export const TrustReport = Type.Object(
  {
    certificate_serial: Type.String({ pattern: "^[0-9a-f]{1,64}$" }),
    certificate_expires_at: Type.String({ maxLength: 40 }),
    last_error: Type.Optional(Text),
    last_error_at: Type.Optional(Type.String({ maxLength: 40 })),
    /** Since version 3: SHA-256 of the trust bundle it has stored. */
    trust_bundle_hash: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
  },
  { additionalProperties: false },
);
export type TrustReport = Static<typeof TrustReport>;

/** Counters since the sensor started, one for each place where something can be dropped, folded or retried. */
export const PipelineMetrics = Type.Object(
  {
    lines_read: Count,
    lines_malformed: Count,
    lines_unknown: Count,
    events_normalized: Count,
    events_folded: Count,
    events_spooled: Count,
    events_sent: Count,
    events_acked: Count,
    events_rejected: Count,
    spool_depth: Count,
    spool_bytes: Count,
    spool_dropped: Count,
    spool_corrupt: Count,
    reconnects: Count,
    heartbeat_failures: Count,
    stream_connected: Type.Boolean(),
    tail_lag_bytes: Count,
    kernel_lost: Count,
    /** Since version 3: of `spool_depth`, what is in the alert lane; closed lanes that wait; sequences renamed because another sensor used their numbers. */
    alert_depth: Type.Optional(Count),
    backlogs: Type.Optional(Count),
    epochs_renewed: Type.Optional(Count),
    /** At how many events waiting the oldest go. */
    spool_max_events: Type.Optional(Count),
  },
  { additionalProperties: false },
);
export type PipelineMetrics = Static<typeof PipelineMetrics>;

export const ResourceMetrics = Type.Object(
  {
    cpu_percent: Type.Number({ minimum: 0 }),
    cpu_count: Count,
    load_1m: Type.Number({ minimum: 0 }),
    memory_total_bytes: Count,
    memory_used_bytes: Count,
    disk_total_bytes: Count,
    disk_used_bytes: Count,
    network_rx_bytes: Count,
    network_tx_bytes: Count,
    process_count: Count,
    sensor_rss_bytes: Count,
    sensor_cpu_percent: Type.Number({ minimum: 0 }),
    engine_rss_bytes: Count,
    engine_cpu_percent: Type.Number({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type ResourceMetrics = Static<typeof ResourceMetrics>;

export const SystemInfo = Type.Object(
  {
    hostname: Type.String({ maxLength: 253 }),
    os: Type.String({ maxLength: 256 }),
    kernel: Type.String({ maxLength: 256 }),
    arch: Type.String({ maxLength: 32 }),
    preempt_rt: Type.Boolean(),
    btf: Type.Boolean(),
    lsm: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 32 }),
    boot_id: Type.String({ maxLength: 64 }),
    boot_at: Type.String({ maxLength: 40 }),
    timezone: Type.Optional(Type.String({ maxLength: 64 })),
    ip_addresses: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }),
  },
  { additionalProperties: false },
);
export type SystemInfo = Static<typeof SystemInfo>;
