import { Type, type Static } from "typebox";
import { LIMITS } from "./limits.ts";

const Port = Type.Integer({ minimum: 0, maximum: 65535 });
const Address = Type.String({ maxLength: 64 });
const Count = Type.Integer({ minimum: 0 });
const Binary = Type.String({ maxLength: 4096 });

export const TcpConnection = Type.Object(
  {
    local_addr: Address,
    local_port: Port,
    remote_addr: Address,
    remote_port: Port,
    state: Type.String({ maxLength: 16 }),
    pid: Type.Optional(Count),
    binary: Type.Optional(Binary),
    uid: Type.Optional(Count),
    dns_hostname: Type.Optional(Type.String({ maxLength: 255 })),
    /** Absent for connections older than the sensor. */
    duration_secs: Type.Optional(Count),
  },
  { additionalProperties: false },
);
export type TcpConnection = Static<typeof TcpConnection>;

export const ListeningService = Type.Object(
  {
    protocol: Type.Union([Type.Literal("tcp"), Type.Literal("udp")]),
    addr: Address,
    port: Port,
    pid: Type.Optional(Count),
    binary: Type.Optional(Binary),
    uid: Type.Optional(Count),
  },
  { additionalProperties: false },
);
export type ListeningService = Static<typeof ListeningService>;

/** A flow that is open, or ended since the last report. */
export const Flow = Type.Object(
  {
    protocol: Type.Union([Type.Literal("tcp"), Type.Literal("udp")]),
    direction: Type.Union([Type.Literal("outbound"), Type.Literal("inbound")]),
    remote_addr: Address,
    remote_port: Port,
    binary: Type.Optional(Binary),
    count: Count,
    bytes_sent: Count,
    bytes_received: Count,
  },
  { additionalProperties: false },
);
export type Flow = Static<typeof Flow>;

export const ProcessEntry = Type.Object(
  {
    pid: Count,
    ppid: Count,
    name: Type.String({ maxLength: 64 }),
    binary_path: Type.Optional(Binary),
    cmdline: Type.String({ maxLength: 1024 }),
    uid: Count,
    euid: Count,
    state: Type.String({ maxLength: 1 }),
    threads: Count,
    rss_bytes: Count,
    cpu_percent: Type.Number({ minimum: 0 }),
    start_time_us: Count,
    cgroup: Type.Optional(Type.String({ maxLength: 1024 })),
    container_id: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { additionalProperties: false },
);
export type ProcessEntry = Static<typeof ProcessEntry>;

/**
 * POST /sensors/inventory. With `is_full_snapshot` false only the sections present replace what the Console has,
 * and only when their hash differs from the last one acknowledged.
 */
export const Inventory = Type.Object(
  {
    is_full_snapshot: Type.Boolean(),
    observed_at_us: Count,
    processes: Type.Optional(Type.Array(ProcessEntry, { maxItems: LIMITS.inventoryProcesses })),
    connections: Type.Optional(Type.Array(TcpConnection, { maxItems: LIMITS.inventoryConnections })),
    listening: Type.Optional(Type.Array(ListeningService, { maxItems: LIMITS.inventoryConnections })),
    flows: Type.Optional(Type.Array(Flow, { maxItems: LIMITS.inventoryConnections })),
    /** Sections that were cut to their limit, with the count left out. */
    left_out: Type.Optional(Type.Record(Type.String({ maxLength: 32 }), Count)),
  },
  { additionalProperties: false },
);
export type Inventory = Static<typeof Inventory>;

export const InventoryResponse = Type.Object({
  stored: Type.Array(Type.String()),
  unchanged: Type.Array(Type.String()),
});
export type InventoryResponse = Static<typeof InventoryResponse>;
