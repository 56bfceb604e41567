import { Admin } from "@platformatic/kafka";
import { AppError } from "../../core/error.ts";
import { clientOptions, unavailable } from "./client.ts";
import type { KafkaTarget } from "./target.ts";

/** So far back in a partition at least: what is read in the seconds until a broken part is noticed, when a reader catches up. */
const BACK_MESSAGES = 20_000n;
/** And so far in time: a reader that keeps up has read nothing older since. */
const BACK_MS = 120_000;
/** What the protocol calls the beginning of a log. */
const EARLIEST = -2n;

/** Sets a group's place in topics back to a time, in milliseconds since 1970. */
export type Rewind = (group: string, topics: readonly string[], sinceMs: number) => Promise<void>;

/** The same, once for a time: the readers may be long in coming back, and each time goes back from where the last one ended. */
export function oncePerTime(rewind: Rewind): Rewind {
  let doneMs: number | undefined;
  return async (group, topics, sinceMs) => {
    if (doneMs === sinceMs) return;
    await rewind(group, topics, sinceMs);
    doneMs = sinceMs;
  };
}

/** Partition to offset. */
type Offsets = ReadonlyMap<number, bigint>;

async function offsetsAt(admin: Admin, topic: string, partitions: readonly number[], at: bigint): Promise<Offsets> {
  const [listed] = await admin.listOffsets({
    topics: [{ name: topic, partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp: at })) }],
  });
  return new Map(listed?.partitions.map((p) => [p.partitionIndex, p.offset]));
}

/** Where a partition is to be read from again; never further on than it was read, nor before what the cluster has. */
export function rewound(committed: bigint, byTime: bigint | undefined, earliest: bigint): bigint {
  const byCount = committed - BACK_MESSAGES;
  // No message is as young as that: nothing was read since.
  const wanted = byTime !== undefined && byTime >= 0n && byTime < byCount ? byTime : byCount;
  const back = wanted > earliest ? wanted : earliest;
  return back < committed ? back : committed;
}

/**
 * Sets a group back, so that what it had read since `sinceMs` (milliseconds since 1970), and a good while before, is read again: at least the
 * last messages, whenever those were read. Nobody may read in its name; members that were killed are taken out. Rejects with AppError `unavailable`.
 */
export async function rewindGroup(
  target: KafkaTarget,
  groupId: string,
  topics: readonly string[],
  sinceMs: number,
): Promise<void> {
  const admin = new Admin(clientOptions(target));
  try {
    // A reader that was killed counts as one until the cluster has not heard of it for a while.
    await admin.removeMembersFromConsumerGroup({ groupId });
    const [group] = await admin.listConsumerGroupOffsets({ groups: [groupId] });
    const set: { name: string; partitionOffsets: { partition: number; offset: bigint }[] }[] = [];
    for (const { name, partitions } of group?.topics ?? []) {
      if (!topics.includes(name)) continue;
      const read = partitions.filter((p) => p.committedOffset >= 0n);
      const indexes = read.map((p) => p.partitionIndex);
      if (indexes.length === 0) continue;
      const byTime = await offsetsAt(admin, name, indexes, BigInt(Math.floor(sinceMs) - BACK_MS));
      const earliest = await offsetsAt(admin, name, indexes, EARLIEST);
      const partitionOffsets = read.map(({ partitionIndex: partition, committedOffset }) => ({
        partition,
        offset: rewound(committedOffset, byTime.get(partition), earliest.get(partition) ?? 0n),
      }));
      set.push({ name, partitionOffsets });
    }
    if (set.length > 0) await admin.alterConsumerGroupOffsets({ groupId, topics: set });
  } catch (error) {
    throw error instanceof AppError
      ? error
      : unavailable("What ClickHouse had read of the queue could not be set back", error);
  } finally {
    await admin.close().catch(() => undefined);
  }
}
