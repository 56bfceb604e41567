import type { TSchema } from "typebox";
import { EnrollRequest, EnrollResponse, TrustBootstrap } from "../src/core/wire/enroll.ts";
import { EventsBatchEnvelope, EventsResponse } from "../src/core/wire/events.ts";
import { Heartbeat, HeartbeatResponse } from "../src/core/wire/heartbeat.ts";
import { Inventory, InventoryResponse } from "../src/core/wire/inventory.ts";
import { RenewRequest, RenewResponse, TrustBundle } from "../src/core/wire/renew.ts";
import {
  StreamAck,
  StreamError,
  StreamHeard,
  StreamHeartbeat,
  StreamEvents,
  StreamHello,
  StreamInventory,
  StreamNoted,
  StreamPing,
  StreamPong,
  StreamRefresh,
  StreamWelcome,
} from "../src/core/wire/stream.ts";
import { PROTOCOL_VERSION } from "../src/core/wire/version.ts";
import { heartbeat } from "./protocol-heartbeat.ts";

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
    words:
      "A wrong, used or expired token gets one plain 401 `invalid_enrollment_token`. A node that got no answer asks again with the same key: for ten minutes from the token's use that key gets the same answer.",
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
      inventory_interval_secs: 50,
      trust_health: "healthy",
      want_full: false,
      trust_bundle_hash: "0".repeat(64),
    },
  },
  {
    name: "POST /api/v1/sensors/renew ← RenewRequest",
    words: "By the present certificate: 72 h before its end, and again 24 h before it.",
    schema: RenewRequest,
    value: { protocol_version: PROTOCOL_VERSION, csr_pem: pem("CERTIFICATE REQUEST") },
  },
  {
    name: "→ RenewResponse",
    words: "The previous certificate is taken for a day longer, so that an answer that got lost costs nothing.",
    schema: RenewResponse,
    value: {
      protocol_version: PROTOCOL_VERSION,
      control_plane_certificate_pem: pem("CERTIFICATE"),
      control_plane_ca_certificate_pem: pem("CERTIFICATE"),
      certificate_expires_at: "2026-12-21T00:00:00Z",
      previous_valid_until: "2026-11-22T00:00:00Z",
    },
  },
  {
    name: "GET /api/v1/sensors/trust → TrustBundle",
    words: "When `trust_bundle_hash` is not that of the bundle the sensor has.",
    schema: TrustBundle,
    value: {
      protocol_version: PROTOCOL_VERSION,
      control_plane_ca_certificate_pem: pem("CERTIFICATE"),
      policy_signing_public_key_pem: pem("PUBLIC KEY"),
    },
  },
  {
    name: "POST /api/v1/sensors/events ← EventsBatchEnvelope",
    words:
      "4 MB, zstd. Drains a backlog while the stream is down. `missing` names numbers the sensor no longer has; `base_seq` is as in the hello, for a sequence that has one.",
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
    words:
      "2 MB. Without `is_full_snapshot` only the sections present are replaced. Processes come every `inventory_interval_secs` of the heartbeat's answer (15 s without it; a fleet of n sensors sends every n / `inventoriesPerSec` seconds), everything at the start and at once after a `refresh`. What is known by its hash is not written again: the hash leaves out memory, processor time, the state of processes and the age of connections. A full snapshot is written all the same, and so is a section stored more than 10 minutes ago.",
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
    words:
      "First frame: every sequence the sensor has, the last ones that ended, and who speaks. `acked_seq`: up to where it has let go. `base_seq`: up to where that was on the word of another Console, or under another epoch.",
    schema: StreamHello,
    value: {
      type: "hello",
      protocol_version: PROTOCOL_VERSION,
      sensor_version: "0.1.0",
      epoch,
      next_seq: 4712,
      lanes: [
        { lane: "alert", epoch: "91c0de0000000001", next_seq: 12, acked_seq: 11 },
        { lane: "bulk", epoch, next_seq: 4712, acked_seq: 4700 },
        { lane: "backlog", epoch: "44c0de0000000007", next_seq: 9001, acked_seq: 700, base_seq: 600 },
      ],
      ended: [{ epoch: "0d0d0d0d00000001", last_seq: 100_000, acked_seq: 100_000 }],
      instance: { machine_hash: "0".repeat(64), boot_id: "5a0e…", start_id: "0123456789abcdef" },
      dictionaries: ["0011aabb"],
    },
  },
  {
    name: "stream ↓ welcome",
    words:
      "What the Console has of each sequence, and how many events of it may be under way. More than the sensor ever numbered: it goes on under a new epoch.",
    schema: StreamWelcome,
    value: {
      type: "welcome",
      ack: { epoch, seq: 4700 },
      credit: 2000,
      server_time_us: at,
      lanes: [
        { epoch: "91c0de0000000001", acked_seq: 11, credit: 1000 },
        { epoch, acked_seq: 4700, credit: 2000 },
        { epoch: "44c0de0000000007", acked_seq: 700, credit: 2000 },
      ],
      dictionary: "0011aabb",
      heartbeats: true,
      inventories: true,
    },
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
    name: "stream ↑ heartbeat",
    words:
      "When the welcome says `heartbeats`: the body of POST /sensors/heartbeat. One may be under way; one over 1 MB is posted.",
    schema: StreamHeartbeat,
    value: { type: "heartbeat", id: 7, heartbeat: {} },
  },
  {
    name: "stream ↓ heard",
    words: "The response, or why the heartbeat was not taken. The stream goes on either way.",
    schema: StreamHeard,
    value: { type: "heard", id: 7, error: { code: "invalid_request", message: "/engine: is missing" } },
  },
  {
    name: "stream ↑ inventory",
    words:
      "When the welcome says `inventories`: the body of POST /sensors/inventory. One may be under way; more than five at once, and one each 5 s, are refused; one over 1 MB is posted.",
    schema: StreamInventory,
    value: { type: "inventory", id: 3, inventory: {} },
  },
  {
    name: "stream ↓ noted",
    words: "The response, once it is stored, or why the inventory was not taken. The stream goes on either way.",
    schema: StreamNoted,
    value: {
      type: "noted",
      id: 3,
      error: { code: "unavailable", message: "Too many come at once.", retry_after_secs: 2 },
    },
  },
  {
    name: "stream ↓ error",
    words: "Said before the Console closes the stream. `clone_suspected`: come again under new epochs.",
    schema: StreamError,
    value: { type: "error", code: "sensor_revoked", message: "This sensor has been revoked." },
  },
];
