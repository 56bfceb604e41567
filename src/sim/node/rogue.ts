import { chance, mix } from "../mix.ts";
import { encode } from "../link/codec.ts";
import type { Lane } from "./lane.ts";

/** How a sensor breaks the rules. `flood` keeps the protocol, at a hundred times the rate; what it sends is counted as everybody's. */
export const ROGUES = ["flood", "garbage", "oversized", "sequence", "claims"] as const;
export type RogueKind = (typeof ROGUES)[number];
export const FLOOD_FACTOR = 100;

/** Whether sensor `index` is a rogue, and of which kind: at least the first is one when any are asked for. */
export function rogueKind(seed: number, index: number, share: number, only?: RogueKind): RogueKind | undefined {
  if (share <= 0) return undefined;
  if (index !== 0 && chance(seed, index, 51) >= share) return undefined;
  return only ?? ROGUES[index === 0 ? 0 : mix(seed, index, 52) % ROGUES.length];
}

/** One act against the rules, as bytes of a frame; which one is drawn from `turn`. */
export function rogueFrame(kind: RogueKind, lane: Lane, turn: number): Uint8Array | undefined {
  switch (kind) {
    case "flood":
      return undefined;
    case "garbage":
      return crypto.getRandomValues(new Uint8Array(64 + (turn % 900)));
    case "oversized":
      // Alternately a frame above the limit, and a small one that grows beyond it when it is unpacked.
      return turn % 2 === 0 ? new Uint8Array(1024 * 1024 + 1) : Bun.zstdCompressSync(Buffer.alloc(40 * 1024 * 1024));
    case "sequence":
      return sequenceFrame(lane, turn);
    case "claims":
      return turn % 2 === 0
        ? encode({ type: "hello", protocol_version: 99, sensor_version: "x", epoch: lane.epoch, next_seq: 1 })
        : encode({ type: "ack", ack: { epoch: lane.epoch, seq: 1e9 }, credit: 1e9, rejected: [] });
  }
}

function sequenceFrame(lane: Lane, turn: number): Uint8Array | undefined {
  const { acked } = lane;
  if (acked < 20) return undefined;
  switch (turn % 4) {
    case 0: // From the past, once more.
      return lane.pack(Math.max(1, acked - 10), acked);
    case 1: // Wrong way round.
      return encode({
        type: "events",
        batch: { epoch: lane.epoch, first_seq: acked, last_seq: acked - 5, events: [] },
      });
    case 2: // Says nothing of most of its numbers.
      return encode({ type: "events", batch: { epoch: "zz", first_seq: 1, last_seq: 2, events: [] } });
    default: // Out of the blue.
      return encode({
        type: "events",
        batch: {
          epoch: lane.epoch,
          first_seq: Number.MAX_SAFE_INTEGER - 5,
          last_seq: Number.MAX_SAFE_INTEGER,
          events: [1, null],
        },
      });
  }
}
