import { Type, type Static } from "typebox";

/** Lower-case UUID. */
export const Uuid = Type.String({ pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" });

/** One life of a spool: 16 hex digits, new when the spool is made anew. */
export const Epoch = Type.String({ pattern: "^[0-9a-f]{16}$" });

export const Seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** Highest sequence number the Console has made durable; the sensor may let go of everything up to it. */
export const Ack = Type.Object({ epoch: Epoch, seq: Seq }, { additionalProperties: false });
export type Ack = Static<typeof Ack>;

/** An event the Console could not take: where in it, and why. The rest of its batch is kept. */
export const RejectedEvent = Type.Object(
  { seq: Seq, pointer: Type.String({ maxLength: 256 }), reason: Type.String({ maxLength: 256 }) },
  { additionalProperties: false },
);
export type RejectedEvent = Static<typeof RejectedEvent>;

/**
 * A sensor has several sequences of its own, each in an epoch of its own and without gaps: `alert` for what must not wait, `bulk` for
 * the rest, `backlog` for a bulk sequence that was closed because an outage left much in it, so that what happens now does not wait
 * behind it.
 */
export const LaneName = Type.Union([Type.Literal("alert"), Type.Literal("bulk"), Type.Literal("backlog")]);
export type LaneName = Static<typeof LaneName>;

export const NodeName = Type.String({ pattern: "^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$" });
export const Pem = Type.String({ maxLength: 32_768, pattern: "^-----BEGIN " });
