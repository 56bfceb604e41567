import { Type, type Static } from "typebox";
import { Ack, Epoch, RejectedEvent, Seq } from "./common.ts";
import { EventsBatchEnvelope } from "./events.ts";

/**
 * Frames of the sensor's WebSocket (GET /sensors/stream, mTLS). Binary frames: MessagePack, zstd-compressed.
 * The Console's ping is a text frame of JSON, so that it can be read off the wire.
 */
export const StreamHello = Type.Object(
  {
    type: Type.Literal("hello"),
    protocol_version: Type.Integer({ minimum: 1 }),
    sensor_version: Type.String({ maxLength: 64 }),
    epoch: Epoch,
    next_seq: Seq,
  },
  { additionalProperties: false },
);
export const StreamEvents = Type.Object(
  { type: Type.Literal("events"), batch: EventsBatchEnvelope },
  { additionalProperties: false },
);
export const StreamPong = Type.Object({ type: Type.Literal("pong"), id: Seq }, { additionalProperties: false });

/** Sensor → Console. */
export const StreamUp = Type.Union([StreamHello, StreamEvents, StreamPong]);
export type StreamUp = Static<typeof StreamUp>;

/** First answer: what the Console has, and how many events may be under way. */
export const StreamWelcome = Type.Object({ type: Type.Literal("welcome"), ack: Ack, credit: Seq, server_time_us: Seq });
/** After a batch was made durable. `credit` is the number of events that may be under way from now on; 0 means wait. */
export const StreamAck = Type.Object({
  type: Type.Literal("ack"),
  ack: Ack,
  credit: Seq,
  rejected: Type.Array(RejectedEvent),
});
export const StreamPing = Type.Object({ type: Type.Literal("ping"), id: Seq, server_time_us: Seq });
/** Ask for a heartbeat or inventory now. */
export const StreamRefresh = Type.Object({
  type: Type.Literal("refresh"),
  what: Type.Union([Type.Literal("heartbeat"), Type.Literal("inventory")]),
});
export const StreamError = Type.Object({ type: Type.Literal("error"), code: Type.String(), message: Type.String() });

/** Console → sensor. */
export const StreamDown = Type.Union([StreamWelcome, StreamAck, StreamPing, StreamRefresh, StreamError]);
export type StreamDown = Static<typeof StreamDown>;
