import { Type, type Static } from "typebox";
import { Ack, Epoch, LaneName, RejectedEvent, Seq } from "./common.ts";
import { EventsBatchEnvelope } from "./events.ts";
import { HeartbeatResponse } from "./heartbeat.ts";
import { InventoryResponse } from "./inventory.ts";

/**
 * Frames of the sensor's WebSocket (GET /sensors/stream, mTLS). Binary frames: MessagePack, zstd-compressed.
 * The Console's ping is a text frame of JSON, so that it can be read off the wire.
 */
/** Lanes a sensor has at most: one for alerts, one for the rest, and what outages left. */
export const MAX_LANES = 8;

/** A sequence the sensor still holds events of, or gives numbers in. */
export const LaneState = Type.Object(
  {
    lane: LaneName,
    epoch: Epoch,
    next_seq: Seq,
    acked_seq: Seq,
    /** Numbers up to this one were acknowledged under another epoch or by another Console; 0 when it does not say. */
    base_seq: Type.Optional(Seq),
  },
  { additionalProperties: false },
);
export type LaneState = Static<typeof LaneState>;

/** Which node, and which life of it, speaks: two at once with one identity are clones. */
export const SensorInstance = Type.Object(
  {
    /** /etc/machine-id hashed with the product's name. */
    machine_hash: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
    boot_id: Type.Optional(Type.String({ maxLength: 64 })),
    /** New at each start of the sensor. */
    start_id: Type.String({ pattern: "^[0-9a-f]{16}$" }),
  },
  { additionalProperties: false },
);
export type SensorInstance = Static<typeof SensorInstance>;

export const StreamHello = Type.Object(
  {
    type: Type.Literal("hello"),
    protocol_version: Type.Integer({ minimum: 1 }),
    sensor_version: Type.String({ maxLength: 64 }),
    /** Of the bulk lane. */
    epoch: Epoch,
    next_seq: Seq,
    /** Since version 3: every lane, the bulk one too. Without it there is that one only. */
    lanes: Type.Optional(Type.Array(LaneState, { minItems: 1, maxItems: MAX_LANES })),
    /**
     * Sequences that are over, with the last number given in each and the last one acknowledged (0 when it does not say): those between were lost on the
     * sensor unless the Console has them.
     * An epoch the Console knows and neither list names was lost whole.
     */
    ended: Type.Optional(
      Type.Array(
        Type.Object(
          { epoch: Epoch, last_seq: Seq, acked_seq: Type.Optional(Seq), base_seq: Type.Optional(Seq) },
          { additionalProperties: false },
        ),
        { maxItems: 64 },
      ),
    ),
    instance: Type.Optional(SensorInstance),
    /** Ids of the compression dictionaries the sensor has. */
    dictionaries: Type.Optional(Type.Array(Type.String({ pattern: "^[0-9a-f]{8}$" }), { maxItems: 8 })),
  },
  { additionalProperties: false },
);
export type StreamHello = Static<typeof StreamHello>;
export const StreamEvents = Type.Object(
  { type: Type.Literal("events"), batch: EventsBatchEnvelope },
  { additionalProperties: false },
);
export const StreamPong = Type.Object({ type: Type.Literal("pong"), id: Seq }, { additionalProperties: false });

/**
 * A heartbeat, when the welcome says that it may come this way: a request of its own costs a TLS handshake. It is checked as the body
 * of POST /sensors/heartbeat is. One may be under way.
 */
export const StreamHeartbeat = Type.Object(
  { type: Type.Literal("heartbeat"), id: Seq, heartbeat: Type.Unknown() },
  { additionalProperties: false },
);

/**
 * An inventory, when the welcome says that it may come this way. It is checked as the body of POST /sensors/inventory is. One may be under
 * way, beside a heartbeat.
 */
export const StreamInventory = Type.Object(
  { type: Type.Literal("inventory"), id: Seq, inventory: Type.Unknown() },
  { additionalProperties: false },
);

/** Sensor → Console. */
export const StreamUp = Type.Union([StreamHello, StreamEvents, StreamPong, StreamHeartbeat, StreamInventory]);
export type StreamUp = Static<typeof StreamUp>;

/** First answer: what the Console has, and how many events may be under way. */
export const StreamWelcome = Type.Object({
  type: Type.Literal("welcome"),
  /** Of the bulk lane. */
  ack: Ack,
  credit: Seq,
  server_time_us: Seq,
  /** Since version 3: the same for every lane of the hello. */
  lanes: Type.Optional(Type.Array(Type.Object({ epoch: Epoch, acked_seq: Seq, credit: Seq }))),
  /**
   * The dictionary that binary frames after this one may be compressed with, both ways; without it, none is. A frame's zstd header
   * says whether it needs one.
   */
  dictionary: Type.Optional(Type.String({ pattern: "^[0-9a-f]{8}$" })),
  /** True when heartbeats may come on the stream. */
  heartbeats: Type.Optional(Type.Boolean()),
  /** True when inventories may. */
  inventories: Type.Optional(Type.Boolean()),
  /** How long events other than alerts should be gathered, as in the answer to a heartbeat. */
  stream_tick_ms: Type.Optional(Type.Integer({ minimum: 50, maximum: 60_000 })),
});
export type StreamWelcome = Static<typeof StreamWelcome>;
/** After a batch was made durable. `credit` is the number of events of this epoch that may be under way from now on; 0 means wait. */
export const StreamAck = Type.Object({
  type: Type.Literal("ack"),
  ack: Ack,
  credit: Seq,
  rejected: Type.Array(RejectedEvent),
});
export const StreamPing = Type.Object({ type: Type.Literal("ping"), id: Seq, server_time_us: Seq });
/** Ask for a heartbeat or inventory now, or for a new certificate (since version 3). */
export const StreamRefresh = Type.Object({
  type: Type.Literal("refresh"),
  what: Type.Union([Type.Literal("heartbeat"), Type.Literal("inventory"), Type.Literal("certificate")]),
});
/** Answer to a heartbeat on the stream: the response, or why it was not taken. */
export const StreamHeard = Type.Object({
  type: Type.Literal("heard"),
  id: Seq,
  answer: Type.Optional(HeartbeatResponse),
  error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
});
/** Answer to an inventory on the stream, once it is stored: the response, or why it was not taken and when to come again. */
export const StreamNoted = Type.Object({
  type: Type.Literal("noted"),
  id: Seq,
  answer: Type.Optional(InventoryResponse),
  error: Type.Optional(
    Type.Object({
      code: Type.String(),
      message: Type.String(),
      retry_after_secs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
    }),
  ),
});
/**
 * Why the stream ends. `clone_suspected`: somebody else uses this identity; the sensor goes on under new epochs, so that no number is
 * given out twice.
 */
export const StreamError = Type.Object({ type: Type.Literal("error"), code: Type.String(), message: Type.String() });

/** Console → sensor. */
export const StreamDown = Type.Union([
  StreamWelcome,
  StreamAck,
  StreamPing,
  StreamRefresh,
  StreamHeard,
  StreamNoted,
  StreamError,
]);
export type StreamDown = Static<typeof StreamDown>;
