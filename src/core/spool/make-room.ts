import type { LaneKind } from "./lane-dirs.ts";
import type { Spool } from "./spool.ts";

/** The disk, or what a user may have of it, is full. */
export function isFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}

/**
 * Makes room by one segment of lanes that come oldest first: acknowledged ones first, then backlogs, then bulk, then alerts if they may
 * go. False when there is nothing left that may.
 */
export async function makeRoom(
  lanes: readonly { readonly kind: LaneKind; readonly spool: Spool }[],
  alertsToo: boolean,
): Promise<boolean> {
  const order = [
    ...lanes.filter((lane) => lane.kind === "bulk"),
    ...(alertsToo ? lanes.filter((lane) => lane.kind === "alert") : []),
  ];
  for (const onlyAcked of [true, false])
    for (const { spool } of order) if (await spool.dropOldest(onlyAcked)) return true;
  return false;
}
