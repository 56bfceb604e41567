import { readdir, rename, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { syncDir } from "./meta.ts";
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

const NAME = /^(alert|bulk)-(\d{8})$/;

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
