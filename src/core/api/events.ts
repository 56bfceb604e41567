import { Type, type Static } from "typebox";
import type { RuntimeEvent } from "../event/event.ts";
import type { EventKind } from "../event/kinds.ts";
import type { Severity } from "../event/severity.ts";
import { TIME_RANGE, words } from "./filter.ts";

/** Filter shared by search, histogram and live tail. Lists are ORed inside, fields ANDed. In a URL lists are comma-separated. */
export const EventFilter = Type.Object(
  {
    kind: words(64),
    severity: words(4),
    sensor_id: words(64),
    node_name: words(64),
    /** Words that must all stand in message, binary, arguments, path, address or name; case-insensitive. */
    q: Type.Optional(Type.String({ maxLength: 512 })),
    process_executable: Type.Optional(Type.String({ maxLength: 4096 })),
    exec_id: Type.Optional(Type.String({ maxLength: 400 })),
    container_id: Type.Optional(Type.String({ maxLength: 64 })),
    /** Without any: the last hour. */
    ...TIME_RANGE,
  },
  { additionalProperties: false },
);
export type EventFilter = Static<typeof EventFilter>;

/** GET /api/v1/events: newest first; `cursor` continues. */
export const EventSearchQuery = Type.Object(
  {
    ...EventFilter.properties,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    cursor: Type.Optional(Type.String({ maxLength: 256 })),
  },
  { additionalProperties: false },
);
export type EventSearchQuery = Static<typeof EventSearchQuery>;

/** An event of the list: enough for a row. */
export interface EventRow {
  readonly event_id: string;
  readonly sensor_id: string;
  readonly node_name: string;
  readonly kind: EventKind;
  readonly severity: Severity;
  /** RFC 3339 with microseconds, UTC. */
  readonly observed_at: string;
  readonly ingested_at: string;
  readonly message: string;
  readonly process_executable: string;
  readonly process_arguments: string;
  readonly pid: number;
  readonly uid: number | null;
  readonly exec_id: string;
  readonly container_id: string;
}

export interface EventSearchResult {
  readonly events: readonly EventRow[];
  readonly next_cursor: string | null;
  /** Time range the search really covered. */
  readonly from: string;
  readonly to: string;
  readonly took_ms: number;
}

/** GET /api/v1/events/histogram: counts by time and severity, and where the view is blind. */
export interface EventHistogram {
  readonly from: string;
  readonly to: string;
  readonly step_secs: number;
  readonly buckets: readonly {
    readonly at: string;
    readonly info: number;
    readonly warning: number;
    readonly high: number;
    readonly critical: number;
    /** Of all these, how many came to the Console long after they happened: an outage was filled in from the sensors' queues. */
    readonly late: number;
  }[];
  readonly blind: readonly {
    readonly from: string;
    readonly to: string;
    readonly sensor_id: string;
    readonly node_name: string;
    readonly stage: string;
    readonly cause: string;
    readonly count: number;
    /** True when more was lost than `count` says, and nobody knows how much. */
    readonly unknown: boolean;
  }[];
  readonly total: number;
}

/** GET /api/v1/events/:id: the event as the sensor sent it, with what the Console knows. */
export interface EventDetail extends EventRow {
  readonly event: Omit<RuntimeEvent, "raw">;
  readonly raw: string | null;
  readonly epoch: string;
  readonly seq: number;
}

/** One process of a lineage; ended ones too. */
export interface LineageNode {
  readonly exec_id: string;
  readonly parent_exec_id: string | null;
  readonly pid: number;
  readonly uid: number | null;
  readonly binary: string;
  readonly arguments: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly exit_code: number | null;
  readonly exit_signal: string | null;
  readonly container_id: string;
  /** Known only from another event's ancestry: it started before the sensor watched. */
  readonly inferred: boolean;
  readonly counts: {
    readonly files: number;
    readonly connections: number;
    readonly dns: number;
    readonly warnings: number;
  };
  readonly severity: Severity;
  readonly children_total: number;
}

/** GET /api/v1/events/:id/lineage and GET /api/v1/processes/:exec_id/lineage?sensor_id= : ancestors to the root, siblings and descendants near the process. */
export interface Lineage {
  readonly sensor_id: string;
  readonly node_name: string;
  readonly focus_exec_id: string;
  readonly nodes: readonly LineageNode[];
  /** Nodes that were left out to keep the answer bounded. */
  readonly left_out: number;
  readonly took_ms: number;
}

/** GET /api/v1/processes/:exec_id/activity?sensor_id= : what one process did, for the node's badges when opened. */
export interface ProcessActivity {
  readonly files: readonly EventRow[];
  readonly connections: readonly EventRow[];
  readonly other: readonly EventRow[];
}

/**
 * Frames of GET /api/v1/live (WebSocket, session cookie). Browser → Console: `subscribe` (replaces the filter), `pause`, `resume`.
 * Console → browser: `events`, at most `rate` a second; what was passed over is counted in `sampled_out`, never hidden.
 */
export const LiveUp = Type.Union([
  Type.Object(
    {
      type: Type.Literal("subscribe"),
      filter: EventFilter,
      rate: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    },
    { additionalProperties: false },
  ),
  Type.Object({ type: Type.Literal("pause") }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal("resume") }, { additionalProperties: false }),
]);
export type LiveUp = Static<typeof LiveUp>;
export type LiveDown =
  | { readonly type: "ready" }
  | { readonly type: "events"; readonly events: readonly EventRow[]; readonly sampled_out: number }
  | {
      readonly type: "sensor";
      readonly sensor_id: string;
      readonly change: "connected" | "disconnected" | "heartbeat" | "enrolled" | "revoked";
    }
  | { readonly type: "error"; readonly code: string; readonly message: string };
