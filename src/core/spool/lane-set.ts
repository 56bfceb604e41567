import { rm } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { LaneName } from "../wire/common.ts";
import { EndedEpochs, type EndedEpoch } from "./ended-epochs.ts";
import { LANE_KINDS, laneDir, listLaneDirs, type LaneDir, type LaneKind } from "./lane-dirs.ts";
import { segmentEventsOf, type SpoolLimits } from "./limits.ts";
import { isFull, makeRoom } from "./make-room.ts";
import { syncDir } from "./meta.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { realDisk, type SpoolDisk } from "./segment.ts";
import { Spool, type SpoolStats } from "./spool.ts";

/** Lanes at most, those that take events among them: as many as a hello names. */
const MAX_LANES = 8;
/** Closed bulk lanes that may wait at once before a new outage's events are simply left in the lane they are in. */
const MAX_BACKLOGS = 4;

export interface SpoolLane {
  readonly kind: LaneKind;
  readonly spool: Spool;
}

export interface LaneSetStats extends SpoolStats {
  readonly alertDepth: number;
  /** Closed lanes that are not delivered yet. */
  readonly backlogs: number;
  /** Sequences that were given a new name because somebody else used the old one. */
  readonly renewed: number;
  /** At how many events waiting the oldest go. */
  readonly maxEvents: number;
}

interface Held extends SpoolLane {
  readonly dir: LaneDir;
}

/** What a lane is called towards the Console. */
export function laneName(lane: SpoolLane): LaneName {
  return lane.spool.sealed ? "backlog" : lane.kind;
}

/**
 * The spool as a whole: one lane for alerts, one for the bulk, and closed ones that are not delivered yet, each a sequence of its own.
 * Its limits hold over all of them together: what goes first is the oldest of the closed bulk lanes, then the oldest of the open one,
 * alerts last. A disk that is full makes room the same way, except that alerts never make room for bulk; when nothing is left that
 * may go, the append fails and the caller keeps the events.
 */
export class LaneSet implements AsyncDisposable {
  readonly #root: string;
  readonly #limits: SpoolLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #disk: SpoolDisk;
  readonly #ended: EndedEpochs;
  readonly #turns = new OneAtATime();
  /** Oldest first. */
  #held: Held[] = [];
  #gone = { dropped: 0, corrupt: 0 };
  #renewed = 0;

  private constructor(root: string, ended: EndedEpochs, limits: SpoolLimits, clock: Clock, log: Log, disk: SpoolDisk) {
    this.#root = root;
    this.#ended = ended;
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    this.#disk = disk;
  }

  /** Opens or creates the lanes below `root`, which exists. */
  static async open(root: string, limits: SpoolLimits, clock: Clock, log: Log, disk = realDisk): Promise<LaneSet> {
    const set = new LaneSet(root, await EndedEpochs.open(root), limits, clock, log, disk);
    for (const dir of await listLaneDirs(root)) set.#held.push(await set.#openLane(dir));
    for (const kind of LANE_KINDS) {
      const ofKind = set.#held.filter((h) => h.kind === kind);
      if (ofKind.length === 0) await set.#addLane(kind);
      else await set.#takePosition(kind, ofKind.at(-1)!);
    }
    for (const held of set.#held) if (held !== set.#live(held.kind)) await held.spool.seal();
    await set.settle();
    return set;
  }

  /** In the order in which they are served: alerts, bulk, closed alert lanes, closed bulk lanes from the oldest on. */
  get lanes(): readonly SpoolLane[] {
    const closed = this.#held.filter((h) => h.spool.sealed);
    return [
      this.#live("alert"),
      this.#live("bulk"),
      ...closed.filter((h) => h.kind === "alert"),
      ...closed.filter((h) => h.kind === "bulk"),
    ];
  }

  /** The lane that takes events of a kind. */
  live(kind: LaneKind): Spool {
    return this.#live(kind).spool;
  }

  get ended(): readonly EndedEpoch[] {
    return this.#ended.all;
  }

  get stats(): LaneSetStats {
    const sum = { depth: 0, bytes: 0, ...this.#gone, alertDepth: 0, renewed: this.#renewed };
    for (const { kind, spool } of this.#held) {
      const stats = spool.stats;
      sum.depth += stats.depth;
      sum.bytes += stats.bytes;
      sum.dropped += stats.dropped;
      sum.corrupt += stats.corrupt;
      if (kind === "alert") sum.alertDepth += stats.depth;
    }
    return { ...sum, backlogs: this.#held.length - LANE_KINDS.length, maxEvents: this.#limits.maxEvents };
  }

  /**
   * Appends to the open lane of a kind, durable when it resolves; `make` gives the payloads once their first number is known. Rejects
   * with the system's error when the disk refuses and nothing may go for it; nothing is appended then.
   */
  append(kind: LaneKind, make: (firstSeq: number) => readonly Uint8Array[], position: Uint8Array): Promise<number> {
    return this.#turns.run(async () => {
      const { spool } = this.#live(kind);
      const payloads = make(spool.nextSeq);
      for (;;) {
        try {
          await spool.append(payloads, position);
          break;
        } catch (error) {
          if (!isFull(error) || !(await makeRoom(this.#held, kind === "alert"))) throw error;
        }
      }
      for (let stats = this.stats; this.#isOver(stats); stats = this.stats)
        if (!(await makeRoom(this.#held, true))) break;
      return payloads.length;
    });
  }

  /** Closes the bulk lane when more than `least` events wait in it, so that what comes next does not wait behind them. True when it did. */
  sealLong(least: number): Promise<boolean> {
    return this.#turns.run(async () => {
      const bulk = this.#live("bulk");
      const backlogs = this.#held.filter((h) => h.kind === "bulk" && h.spool.sealed).length;
      const full = backlogs >= MAX_BACKLOGS || this.#held.length >= MAX_LANES;
      if (full || bulk.spool.stats.depth <= least) return false;
      await this.#seal(bulk);
      return true;
    });
  }

  /**
   * Begins new sequences in every open lane; what is in the old ones is still delivered under their names. When there are too many
   * lanes for that: with `force` the oldest go, lost and told so, without it the present ones are kept. True when they were begun.
   */
  renew(force: boolean): Promise<boolean> {
    return this.#turns.run(async () => {
      while (this.#held.length + LANE_KINDS.length > MAX_LANES) {
        const oldest = this.#held.find((h) => h.spool.sealed);
        if (!force || !oldest) return false;
        await this.#end(oldest);
      }
      for (const kind of LANE_KINDS) await this.#seal(this.#live(kind));
      await this.#settle();
      return true;
    });
  }

  /**
   * Gives a lane a new name because its numbers were given out by somebody else too. What is numbered up to `had` counts as delivered;
   * the rest keeps its numbers under the new name.
   */
  rekey(spool: Spool, had: number): Promise<void> {
    return this.#turns.run(async () => {
      const { epoch, baseSeq } = spool;
      const last = Math.max(spool.ackedSeq, Math.min(had, spool.nextSeq - 1));
      const taken = last - spool.ackedSeq;
      await spool.rekey(last);
      this.#renewed++;
      await this.#ended.add(epoch, last, last, baseSeq);
      this.#log.warn("a sequence of events goes on under a new epoch: another sensor used its numbers too", {
        epoch,
        now: spool.epoch,
        kept: spool.nextSeq - 1 - last,
        the_console_has_them: taken,
      });
      await this.#settle();
    });
  }

  /**
   * Another Console takes the events from now on: what was acknowledged is none of its business. Every lane goes on under a new name,
   * with all that is not acknowledged; sequences that are over are forgotten.
   */
  leaveConsole(): Promise<void> {
    return this.#turns.run(async () => {
      for (const { spool } of this.#held) await spool.rekey(spool.ackedSeq);
      await this.#settle();
      await this.#ended.clear();
    });
  }

  /** Removes closed lanes that are acknowledged to their end. */
  settle(): Promise<void> {
    return this.#turns.run(() => this.#settle());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.run(async () => {
      for (const { spool } of this.#held) await spool[Symbol.asyncDispose]();
    });
  }

  #live(kind: LaneKind): Held {
    return this.#held.findLast((h) => h.kind === kind)!;
  }

  #isOver(stats: SpoolStats): boolean {
    return stats.depth > this.#limits.maxEvents || stats.bytes > this.#limits.maxBytes;
  }

  async #openLane(dir: LaneDir): Promise<Held> {
    // The limits hold over all lanes together: a lane by itself has none, but segments of the same size.
    const segmentEvents = segmentEventsOf(this.#limits);
    const limits = { ...this.#limits, segmentEvents, maxEvents: Infinity, maxBytes: Infinity };
    return { kind: dir.kind, dir, spool: await Spool.open(dir.path, limits, this.#clock, this.#log, this.#disk) };
  }

  async #addLane(kind: LaneKind): Promise<void> {
    const dir = laneDir(this.#root, kind, (this.#held.findLast((h) => h.kind === kind)?.dir.number ?? 0) + 1);
    try {
      const held = await this.#openLane(dir);
      await syncDir(this.#root);
      await this.#takePosition(kind, held);
      this.#held.push(held);
    } catch (error) {
      await rm(dir.path, { recursive: true, force: true });
      throw error;
    }
  }

  /** A lane that is new knows no position of its source yet: it takes over that of the one before, which may then go. */
  async #takePosition(kind: LaneKind, held: Held): Promise<void> {
    if (held.spool.position?.length) return;
    const position = this.#held.findLast((h) => h.kind === kind && h.spool.position?.length)?.spool.position;
    if (position) await held.spool.append([], position);
  }

  async #seal(held: Held): Promise<void> {
    await this.#addLane(held.kind);
    // From here on the new lane takes what comes, whatever becomes of the rest.
    await held.spool.seal();
  }

  async #settle(): Promise<void> {
    for (const held of this.#held)
      if (held.spool.sealed && held.spool.ackedSeq >= held.spool.nextSeq - 1) await this.#end(held);
  }

  async #end(held: Held): Promise<void> {
    const { epoch, nextSeq, ackedSeq, baseSeq, stats } = held.spool;
    const last = nextSeq - 1;
    if (last > 0) await this.#ended.add(epoch, last, ackedSeq, baseSeq);
    this.#held = this.#held.filter((h) => h !== held);
    this.#gone = {
      dropped: this.#gone.dropped + stats.dropped + (ackedSeq < last ? stats.depth : 0),
      corrupt: this.#gone.corrupt + stats.corrupt,
    };
    await held.spool.remove();
    if (ackedSeq < last)
      this.#log.error("too many sequences of events wait; the oldest is given up", { epoch, events: last - ackedSeq });
  }
}
