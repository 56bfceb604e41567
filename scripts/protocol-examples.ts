import type { TSchema } from "typebox";
import { EnrollRequest, EnrollResponse, TrustBootstrap } from "../src/core/wire/enroll.ts";
import { EventsBatchEnvelope, EventsResponse } from "../src/core/wire/events.ts";
import { Heartbeat, HeartbeatResponse } from "../src/core/wire/heartbeat.ts";
import { Inventory, InventoryResponse } from "../src/core/wire/inventory.ts";
import {
  StreamAck,
  StreamError,
  StreamEvents,
  StreamHello,
  StreamPing,
  StreamPong,
  StreamRefresh,
  StreamWelcome,
} from "../src/core/wire/stream.ts";
import { PROTOCOL_VERSION } from "../src/core/wire/version.ts";

/** A message of the protocol with an example; docs/protocol.md is made of these and a test checks each against its schema. */
export interface Example {
  readonly name: string;
  readonly words: string;
  readonly schema: TSchema;
  readonly value: unknown;
}

const epoch = "5f0c2d9a11be7740";
const at = 1_795_219_200_000_000;

const event = {
  seq: 4711,
  kind: "process_exec",
  severity: "info",
  observed_at_us: at,
  message: "bash started /usr/bin/id as root",
  process: {
    exec_id: "bm9kZS0xOjYzMTM4MDAwMDAwMDoyNjY5",
    parent_exec_id: "bm9kZS0xOjYzMDAwMDAwMDAwMDoyNjAw",
    pid: 2669,
    ppid: 2600,
    uid: 0,
    binary: "/usr/bin/id",
    argv: ["id", "-u"],
    cwd: "/root",
    parent_binary: "/usr/bin/bash",
    ancestors: [{ exec_id: "bm9kZS0xOjYzMDAwMDAwMDAwMDoyNjAw", pid: 2600, binary: "/usr/bin/bash" }],
  },
  hook: { function_name: "sched_process_exec", backend: "tp_btf", cpu: 1 },
};

const batch = {
  epoch,
  first_seq: 4710,
  last_seq: 4711,
  missing: [{ from_seq: 4710, to_seq: 4710, cause: "spool_full" }],
  events: [event],
};
const pem = (kind: string): string => `-----BEGIN ${kind}-----\n…\n-----END ${kind}-----\n`;

const heartbeat = {
  protocol_version: PROTOCOL_VERSION,
  sensor_version: "0.1.0",
  sent_at_us: at,
  runtime_mode: "live",
  started_at_us: at - 60_000_000,
  engine: {
    state: "running",
    version: "0.1.0",
    run_id: "9d1f0c2b7a6e5544",
    pid: 812,
    restarts: 0,
    rss_bytes: 14_000_000,
    events: 4711,
    lost: 0,
    backends: [{ sensor: "process", hook: "sched_process_exec", backend: "tp_btf", status: "ok" }],
    policies: [
      {
        name: "linux-shadow-read-lsm",
        pack: "linux-baseline",
        mode: "monitor",
        state: "rejected",
        reason: "file_open: no BPF LSM on this kernel, and no kprobes",
        matched: 0,
        enforced: 0,
        lost: 0,
      },
      {
        name: "linux-shadow-read",
        pack: "linux-baseline",
        mode: "monitor",
        state: "ok",
        matched: 3,
        enforced: 0,
        lost: 0,
      },
    ],
  },
  trust: { certificate_serial: "0a1b2c3d4e5f60718293a4b5c6d7e8f9", certificate_expires_at: "2026-12-21T00:00:00Z" },
  pipeline: {
    lines_read: 5000,
    lines_malformed: 0,
    lines_unknown: 0,
    events_normalized: 4720,
    events_folded: 9,
    events_spooled: 4711,
    events_sent: 4711,
    events_acked: 4700,
    events_rejected: 0,
    spool_depth: 11,
    spool_bytes: 8192,
    spool_dropped: 0,
    spool_corrupt: 0,
    reconnects: 0,
    heartbeat_failures: 0,
    stream_connected: true,
    tail_lag_bytes: 0,
    kernel_lost: 0,
  },
  resources: {
    cpu_percent: 3.1,
    cpu_count: 2,
    load_1m: 0.2,
    memory_total_bytes: 4e9,
    memory_used_bytes: 1e9,
    disk_total_bytes: 5e10,
    disk_used_bytes: 9e9,
    network_rx_bytes: 123_456,
    network_tx_bytes: 65_432,
    process_count: 104,
    sensor_rss_bytes: 7e7,
    sensor_cpu_percent: 0.4,
    engine_rss_bytes: 14_000_000,
    engine_cpu_percent: 0.1,
  },
  listening: [{ protocol: "tcp", addr: "0.0.0.0", port: 22, pid: 612, binary: "/usr/sbin/sshd" }],
};

export const EXAMPLES: readonly Example[] = [
  {
    name: "GET /api/v1/trust/bootstrap → TrustBootstrap",
    words: "Public. What an enrolling node checks its pin against.",
    schema: TrustBootstrap,
    value: { protocol_version: PROTOCOL_VERSION, control_plane_ca_certificate_pem: pem("CERTIFICATE") },
  },
  {
    name: "POST /api/v1/sensors/enroll ← EnrollRequest",
    words: "The only call of a node without a certificate. 64 KB.",
    schema: EnrollRequest,
    value: {
      protocol_version: PROTOCOL_VERSION,
      token: `tse_${"A".repeat(43)}`,
      csr_pem: pem("CERTIFICATE REQUEST"),
      node_name: "db-17",
      declared_role: "generic_linux",
      flavor: "standard",
      sensor_version: "0.1.0",
      tags: ["site:oslo"],
    },
  },
  {
    name: "→ EnrollResponse",
    words: "A wrong, used or expired token gets one plain 401 `invalid_enrollment_token`.",
    schema: EnrollResponse,
    value: {
      protocol_version: PROTOCOL_VERSION,
      sensor_id: "0192f3a0-1111-7000-8000-000000000001",
      control_plane_certificate_pem: pem("CERTIFICATE"),
      control_plane_ca_certificate_pem: pem("CERTIFICATE"),
      policy_signing_public_key_pem: pem("PUBLIC KEY"),
      certificate_expires_at: "2026-12-21T00:00:00Z",
      heartbeat_interval_ms: 15_000,
      stream_tick_ms: 500,
    },
  },
  {
    name: "POST /api/v1/sensors/heartbeat ← Heartbeat",
    words: "Every 15 s: state, and up to 100 events while the stream is down.",
    schema: Heartbeat,
    value: heartbeat,
  },
  {
    name: "→ HeartbeatResponse",
    words: "",
    schema: HeartbeatResponse,
    value: {
      server_time_us: at,
      ack: { epoch, seq: 4700 },
      rejected: [],
      heartbeat_interval_ms: 15_000,
      trust_health: "healthy",
      want_full: false,
    },
  },
  {
    name: "POST /api/v1/sensors/events ← EventsBatchEnvelope",
    words: "4 MB, zstd. Drains a backlog while the stream is down. `missing` names numbers the sensor no longer has.",
    schema: EventsBatchEnvelope,
    value: batch,
  },
  {
    name: "→ EventsResponse",
    words: "`ack` is what is durable. A rejected event is answered with a pointer; the others of its batch are kept.",
    schema: EventsResponse,
    value: {
      ack: { epoch, seq: 4711 },
      rejected: [{ seq: 4709, pointer: "/kind", reason: "must be equal to one of the allowed values" }],
    },
  },
  {
    name: "POST /api/v1/sensors/inventory ← Inventory",
    words: "2 MB. Without `is_full_snapshot` only the sections present are replaced.",
    schema: Inventory,
    value: { is_full_snapshot: false, observed_at_us: at, listening: heartbeat.listening },
  },
  {
    name: "→ InventoryResponse",
    words: "",
    schema: InventoryResponse,
    value: { stored: ["listening"], unchanged: [] },
  },
  {
    name: "stream ↑ hello",
    words: "First frame.",
    schema: StreamHello,
    value: { type: "hello", protocol_version: PROTOCOL_VERSION, sensor_version: "0.1.0", epoch, next_seq: 4712 },
  },
  {
    name: "stream ↓ welcome",
    words: "What the Console has of this epoch, and how many events may be under way.",
    schema: StreamWelcome,
    value: { type: "welcome", ack: { epoch, seq: 4700 }, credit: 2000, server_time_us: at },
  },
  { name: "stream ↑ events", words: "", schema: StreamEvents, value: { type: "events", batch } },
  {
    name: "stream ↓ ack",
    words: "Credit 0 means wait: the store is slow or down, and the data stays on the node.",
    schema: StreamAck,
    value: { type: "ack", ack: { epoch, seq: 4711 }, credit: 2000, rejected: [] },
  },
  {
    name: "stream ↓ ping",
    words: "Every 10 s, a text frame.",
    schema: StreamPing,
    value: { type: "ping", id: 7, server_time_us: at },
  },
  { name: "stream ↑ pong", words: "", schema: StreamPong, value: { type: "pong", id: 7 } },
  {
    name: "stream ↓ refresh",
    words: "The Console wants state now.",
    schema: StreamRefresh,
    value: { type: "refresh", what: "inventory" },
  },
  {
    name: "stream ↓ error",
    words: "Said before the Console closes the stream.",
    schema: StreamError,
    value: { type: "error", code: "sensor_revoked", message: "This sensor has been revoked." },
  },
];
