import type { Item, Mark, Tail } from "./format.ts";

/** What a segment holds, as far as it can be trusted. */
export interface Replay {
  /** Numbers of the events kept, ascending. */
  readonly seqs: number[];
  /** Bytes of the file that count; the rest is cut off. */
  readonly keepBytes: number;
  /** Position of the source after the last complete batch; undefined when no mark is left. */
  readonly position: Uint8Array | undefined;
  /** Highest number that may have been given out, kept or not; 0 when none is known. */
  readonly highest: number;
  /** Damaged stretches inside the bytes kept or cut. */
  readonly damages: number;
}

/** Events since the last mark that closed a batch. */
interface Group {
  opening: Mark | undefined;
  seqs: number[];
  damaged: boolean;
}

/**
 * Works out which events of a scanned segment stand. All but the last batch are whole, because a later one follows.
 * The last one stands when its closing mark is there, or its opening mark and every event of it; otherwise its append
 * had not returned, and it is dropped as a whole: its source is read again from the position before it. `isLast` is
 * false for segments that another follows: nothing in them can be unfinished.
 */
export function replay(items: readonly Item[], tail: Tail, headerBytes: number, isLast: boolean): Replay {
  const seqs: number[] = [];
  let position: Uint8Array | undefined;
  let keepBytes = headerBytes;
  let highest = 0;
  let lastSeq = 0;
  let damages = 0;
  /** Highest number of the batches that stand. */
  let committed = 0;
  const group: Group = { opening: undefined, seqs: [], damaged: false };

  const commit = (end: number): void => {
    for (const seq of group.seqs) if (seq > lastSeq) seqs.push((lastSeq = seq));
    committed = Math.max(committed, lastSeq);
    keepBytes = end;
    group.opening = undefined;
    group.seqs = [];
    group.damaged = false;
  };

  for (const item of items) {
    if (item.kind === "damage") {
      damages++;
      group.damaged = true;
    } else if (item.kind === "event") {
      group.seqs.push(item.seq);
      highest = Math.max(highest, item.seq);
    } else {
      position = item.closing ? item.mark.position : position;
      if (item.closing) {
        highest = Math.max(highest, item.mark.first + item.mark.count - 1);
        commit(item.end);
        committed = Math.max(committed, item.mark.first + item.mark.count - 1);
      } else {
        // A new batch begins, so the one before it had ended, whatever became of its closing mark.
        if (group.opening) position = group.opening.position;
        if (group.opening || group.seqs.length || group.damaged) commit(item.start);
        group.opening = item.mark;
      }
    }
  }

  const { opening } = group;
  const whole = opening !== undefined && group.seqs.length === opening.count;
  const claimed = opening ? opening.first + opening.count - 1 : 0;
  if (!isLast || whole) {
    if (opening) position = opening.position;
    commit(items.at(-1)?.end ?? headerBytes);
    return { seqs, keepBytes, position, highest: Math.max(highest, claimed), damages };
  }
  // A clean cut: the append never returned, nobody has seen its numbers, and they are free. After damage they may
  // have been seen: they are not given out again.
  const free = tail !== "damaged" && !group.damaged;
  const known = free ? Math.max(committed, opening ? opening.first - 1 : 0) : Math.max(highest, claimed);
  return { seqs, keepBytes, position, highest: known, damages };
}
