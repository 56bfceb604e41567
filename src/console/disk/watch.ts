import { statfs } from "node:fs/promises";
import type { DiskState } from "../../core/api/settings.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { Ballast, BallastState } from "./ballast.ts";

const GB = 1_000_000_000;
const MB = 1_000_000;
const LOOK_MS = 5_000;
/** After it was seen full, a disk counts as usable once this much more than the bound is free. */
const BACK = 1.5;

/** Bounds of a disk; the first of a pair that is reached counts. */
export interface DiskLimits {
  /** Of the whole, and absolute but never more than a quarter of it. */
  readonly nearlyFullPercent: number;
  readonly nearlyFullBytes: number;
  readonly fullPercent: number;
  readonly fullBytes: number;
}

export const DISK_LIMITS: DiskLimits = {
  nearlyFullPercent: 10,
  nearlyFullBytes: 5 * GB,
  fullPercent: 2,
  fullBytes: 200 * MB,
};

export interface DiskWatchDeps {
  /** Any path on the disk. */
  readonly dir: string;
  readonly limits: DiskLimits;
  /** Undefined where no store starts on this disk. */
  readonly ballast?: Ballast | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What a level of a disk means for those that write to it. */
export interface DiskListener {
  changed(state: DiskState): void | Promise<void>;
}

/** Says of a size whether it is enough. */
export function levelOf(
  freeBytes: number,
  totalBytes: number,
  limits: DiskLimits,
  before: DiskState["level"],
): DiskState["level"] {
  const quarter = totalBytes / 4;
  const near = Math.max((totalBytes * limits.nearlyFullPercent) / 100, Math.min(limits.nearlyFullBytes, quarter));
  const full = Math.max((totalBytes * limits.fullPercent) / 100, Math.min(limits.fullBytes, quarter / 4));
  if (freeBytes < full || (before === "full" && freeBytes < full * BACK)) return "full";
  return freeBytes < near ? "nearly_full" : "well";
}

/** Looks at the free space of the data directory's disk every few seconds, and tells when that is enough no more, or again. */
export class DiskWatch implements Service {
  readonly name = "disk";
  readonly #deps: DiskWatchDeps;
  readonly #log: Log;
  readonly #listeners: DiskListener[] = [];
  #state: DiskState | undefined;
  #ballast: BallastState | undefined;
  #sawFull = false;
  #wake = Promise.withResolvers<void>();

  constructor(deps: DiskWatchDeps) {
    this.#deps = deps;
    this.#log = deps.log.child("disk");
    const free = deps.metrics.gauge("telovix_console_disk_free_bytes", "Free space of the data directory's disk.");
    const total = deps.metrics.gauge("telovix_console_disk_size_bytes", "Size of the data directory's disk.");
    const ballast = deps.metrics.gauge(
      "telovix_console_disk_ballast_bytes",
      "Space kept back so that the embedded stores can start on a full disk.",
    );
    const level = deps.metrics.gauge(
      "telovix_console_disk_level",
      "0 well, 1 nearly full, 2 full: no events are taken.",
    );
    deps.metrics.onCollect(() => {
      if (!this.#state) return;
      free(this.#state.free_bytes);
      total(this.#state.total_bytes);
      if (this.#ballast) ballast(this.#ballast.bytes);
      level({ well: 0, nearly_full: 1, full: 2 }[this.#state.level]);
    });
  }

  /** Undefined while it could not be asked. */
  get state(): DiskState | undefined {
    return this.#state;
  }

  /** Told of every change, and of every look while the disk is full. */
  listen(listener: DiskListener): void {
    this.#listeners.push(listener);
  }

  /** A write has failed for want of space, whatever the figures say (a quota, say): it counts as full for one look at least. */
  noteNoSpace(): void {
    if (this.#state?.level === "full") return;
    this.#sawFull = true;
    this.#wake.resolve();
  }

  /** Looks now. */
  async look(): Promise<DiskState | undefined> {
    const before = this.#state?.level ?? "well";
    let state: DiskState;
    try {
      const { bavail, blocks, bsize } = await statfs(this.#deps.dir);
      const [free, total] = [bavail * bsize, blocks * bsize];
      const level = this.#sawFull ? "full" : levelOf(free, total, this.#deps.limits, before);
      state = { level, free_bytes: free, total_bytes: total };
      this.#ballast = await this.#deps.ballast?.look();
    } catch (error) {
      this.#log.warn("the disk's free space cannot be read", { error: errorMessage(error) });
      return this.#state;
    }
    this.#sawFull = false;
    this.#state = state;
    if (state.level !== before) this.#say(state);
    if (state.level !== before || state.level === "full")
      for (const listener of this.#listeners)
        try {
          await listener.changed(state);
        } catch (error) {
          this.#log.error("what follows from the disk's level could not be done", { error: errorMessage(error) });
        }
    return state;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      this.#wake = Promise.withResolvers<void>();
      await Promise.race([this.#deps.clock.sleep(LOOK_MS, signal), this.#wake.promise]);
    }
  }

  /** Rejects with AppError while space runs out; its hint says what to do. */
  assertSpace(): Promise<void> {
    const state = this.#state;
    if (!state || state.level === "well") return Promise.resolve();
    return Promise.reject(diskFault(state, this.#ballast));
  }

  #say(state: DiskState): void {
    const figures = { free_bytes: state.free_bytes, total_bytes: state.total_bytes, dir: this.#deps.dir };
    if (state.level === "well") this.#log.info("the disk has space again", figures);
    else if (state.level === "nearly_full") this.#log.warn("the disk is nearly full", { ...figures, hint: HINT });
    else this.#log.error("the disk is full: no events are taken until there is space", { ...figures, hint: HINT });
  }
}

const HINT =
  "Free space on that disk or make it larger; keep less (Settings, Storage); or move the events to a ClickHouse of their own (telovix console store migrate).";

const MIB = 1024 * 1024;
const size = (bytes: number): string =>
  bytes >= 1024 * MIB ? `${(bytes / (1024 * MIB)).toFixed(1)} GiB` : `${Math.round(bytes / MIB)} MiB`;

/** The fault of a disk in words. */
export function diskFault({ level, free_bytes, total_bytes }: DiskState, ballast?: BallastState): AppError {
  // Without the path: everybody may ask whether the Console is ready.
  const left = `${size(free_bytes)} of ${size(total_bytes)} are left`;
  const fault =
    level === "full"
      ? `the disk is full (${left}): no events are taken; sensors keep theirs`
      : `the disk is nearly full (${left})`;
  const message =
    ballast && ballast.bytes < ballast.wanted
      ? `${fault}; of the ballast with which a store can start all the same ${size(ballast.bytes)} of ${size(ballast.wanted)} are left`
      : fault;
  return new AppError("unavailable", message, { hint: HINT, retryAfterSecs: 30 });
}

/** True when the words of a store or the system are about space that there was none of. */
export function saysNoSpace(words: string): boolean {
  return /No space left on device|Disk quota exceeded|errno: (28|122)\b/.test(words);
}

/** True when an error of a store or a file means that there was no space. */
export function isNoSpace(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const code = (at as { code?: unknown }).code;
    // ClickHouse NOT_ENOUGH_SPACE, PostgreSQL disk_full, and what both say when a write fails.
    if (code === "ENOSPC" || code === "EDQUOT" || code === "243" || code === "53100") return true;
    if (saysNoSpace(at.message)) return true;
  }
  return false;
}
