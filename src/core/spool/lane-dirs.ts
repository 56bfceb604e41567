import { readdir, rename, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere, syncDir, writeFileAtomic } from "./meta.ts";
import { parseSegmentName } from "./segment.ts";

/** The kinds of lanes that events are put into; a backlog is a bulk or alert lane that was closed. */
export const LANE_KINDS = ["alert", "bulk"] as const;
export type LaneKind = (typeof LANE_KINDS)[number];

export interface LaneDir {
  readonly kind: LaneKind;
  /** Counts up: of each kind the highest is the one that takes events. */
  readonly number: number;
  readonly path: string;
}

/** A sequence that is over. */
export interface EndedEpoch {
  readonly epoch: string;
  readonly last_seq: number;
  /** Up to where it was acknowledged; what is above it was lost on this side. */
  readonly acked_seq: number;
  /** Up to where its numbers were acknowledged under another name; 0 when not given. */
  readonly base_seq?: number;
}

const NAME = /^(alert|bulk)-(\d{8})$/;
/** Ended sequences that are remembered: as many as a Console is told of. */
const ENDED_KEPT = 32;

export function laneDir(root: string, kind: LaneKind, number: number): LaneDir {
  return { kind, number, path: join(root, `${kind}-${String(number).padStart(8, "0")}`) };
}

/** The lanes' directories below a spool, lowest number first. A spool of a version without lanes becomes its first bulk lane. */
export async function listLaneDirs(root: string): Promise<LaneDir[]> {
  const names = await readdir(root);
  const old = names.filter((n) => n === "header" || n === "meta" || parseSegmentName(n) !== undefined);
  if (old.length > 0) {
    // File by file and the cursor last: cut off half-way, the next start moves the rest.
    const { path } = laneDir(root, "bulk", 1);
    await mkdir(path, { recursive: true, mode: 0o700 });
    for (const name of old.toSorted().toReversed()) await rename(join(root, name), join(path, name));
    await syncDir(path);
    await syncDir(root);
  }
  const dirs: LaneDir[] = [];
  for (const name of await readdir(root)) {
    const match = NAME.exec(name);
    if (match) dirs.push(laneDir(root, match[1] as LaneKind, Number(match[2])));
  }
  return dirs.toSorted((a, b) => a.number - b.number);
}

function isEnded(value: unknown): value is EndedEpoch {
  const { epoch, last_seq, acked_seq, base_seq = 0 } = (value ?? {}) as Record<string, unknown>;
  const isName = typeof epoch === "string" && /^[0-9a-f]{16}$/.test(epoch);
  return isName && [last_seq, acked_seq, base_seq].every(Number.isSafeInteger);
}

/** Sequences that ended, oldest first; none when the file is not there or is damaged. */
export async function readEnded(root: string): Promise<EndedEpoch[]> {
  try {
    const value: unknown = JSON.parse((await readIfThere(join(root, "ended"))) ?? "[]");
    return Array.isArray(value) ? value.filter(isEnded).slice(-ENDED_KEPT) : [];
  } catch {
    return [];
  }
}

/** Forgets every sequence that ended. */
export function forgetEnded(root: string): Promise<void> {
  return writeFileAtomic(root, "ended", "[]\n");
}

/** Remembers that a sequence ended; the oldest are forgotten. */
export async function addEnded(root: string, ended: readonly EndedEpoch[], more: EndedEpoch): Promise<EndedEpoch[]> {
  const all = [...ended.filter((e) => e.epoch !== more.epoch), more].slice(-ENDED_KEPT);
  await writeFileAtomic(root, "ended", `${JSON.stringify(all)}\n`);
  return all;
}
