import { Type, type Static } from "typebox";
import { EVENT_KINDS, type EventKind } from "./kinds.ts";
import { Process } from "./process.ts";
import { BurstSection, DnsSection, FileSection, HookSection, LossSection, NetworkSection } from "./sections.ts";
import { SEVERITIES, type Severity } from "./severity.ts";
import { Workload } from "./workload.ts";

/** Longest raw line kept with an event, in characters; longer ones are cut and `raw_truncated` is set. */
export const RAW_LINE_MAX_CHARS = 16_384;

/**
 * One event as it leaves the sensor. `seq` is given at birth, per sensor and epoch, without gaps:
 * (sensor, epoch, seq) names the event for ever. Tenant and sensor id are added by the Console from the peer's
 * certificate and never taken from here.
 */
export const RuntimeEvent = Type.Object(
  {
    seq: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    kind: Type.Unsafe<EventKind>(Type.String({ enum: [...EVENT_KINDS] })),
    severity: Type.Unsafe<Severity>(Type.String({ enum: [...SEVERITIES] })),
    /** Microseconds since 1970, UTC, by the sensor's clock. */
    observed_at_us: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    /** One sentence a person can read: what happened. */
    message: Type.String({ maxLength: 2048 }),
    process: Type.Optional(Process),
    workload: Type.Optional(Workload),
    file: Type.Optional(FileSection),
    network: Type.Optional(NetworkSection),
    dns: Type.Optional(DnsSection),
    burst: Type.Optional(BurstSection),
    loss: Type.Optional(LossSection),
    hook: Type.Optional(HookSection),
    /** Remaining facts of the kind, flat: names as the kernel or Tetragon gives them. */
    detail: Type.Optional(
      Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 4096 }), { maxProperties: 64 }),
    ),
    tags: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: 16 })),
    /** The engine's line as it was. */
    raw: Type.Optional(Type.String({ maxLength: RAW_LINE_MAX_CHARS })),
    raw_truncated: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type RuntimeEvent = Static<typeof RuntimeEvent>;

/** Identity of a stored event, as the API and URLs write it. */
export function formatEventId(sensorId: string, epoch: string, seq: number | string): string {
  return `${sensorId}.${epoch}.${seq}`;
}

/** Inverse of formatEventId; undefined when `id` is not one. */
export function parseEventId(id: string): { sensorId: string; epoch: string; seq: number } | undefined {
  const match = /^([0-9a-f-]{36})\.([0-9a-f]{16})\.([1-9][0-9]{0,15})$/.exec(id);
  if (!match) return undefined;
  return { sensorId: match[1]!, epoch: match[2]!, seq: Number(match[3]) };
}
