import { Type, type Static } from "typebox";
import type { RuntimeEvent } from "../event/event.ts";
import { Ack, Epoch, LaneName, RejectedEvent, Seq } from "./common.ts";
import { LIMITS } from "./limits.ts";

/**
 * Envelope of a batch. Its events are checked one by one, so that one bad event does not cost the others:
 * here they are only known to be values.
 */
export const EventsBatchEnvelope = Type.Object(
  {
    epoch: Epoch,
    /** Since version 3; without it, `bulk`. */
    lane: Type.Optional(LaneName),
    /** Numbers this batch answers for: events the sensor had to drop from the range are named in `missing`. */
    first_seq: Seq,
    last_seq: Seq,
    /**
     * Of a batch that is posted or comes with a heartbeat: numbers up to this one were acknowledged under another epoch or by another
     * Console. On a stream the hello says so.
     */
    base_seq: Type.Optional(Seq),
    /** Ranges inside the batch that the sensor has lost (spool overflow, corruption), with their cause. */
    missing: Type.Optional(
      Type.Array(
        Type.Object(
          { from_seq: Seq, to_seq: Seq, cause: Type.String({ maxLength: 64 }) },
          { additionalProperties: false },
        ),
        { maxItems: 1000 },
      ),
    ),
    events: Type.Array(Type.Unknown(), { maxItems: LIMITS.eventsPerBatch }),
  },
  { additionalProperties: false },
);
export type EventsBatchEnvelope = Static<typeof EventsBatchEnvelope>;

/** A batch as the sensor makes it. */
export type EventsBatch = Omit<EventsBatchEnvelope, "events"> & { events: RuntimeEvent[] };

/** Answer of POST /sensors/events. */
export const EventsResponse = Type.Object({ ack: Ack, rejected: Type.Array(RejectedEvent) });
export type EventsResponse = Static<typeof EventsResponse>;
