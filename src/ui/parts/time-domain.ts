import type { LineageNode } from "../../core/api/events.ts";
import { execChains } from "./tree-chain.ts";
import { exactMs } from "../format.ts";

const startOf = (node: LineageNode): number => (node.started_at === null ? NaN : exactMs(node.started_at));
const LEAST_MS = 10;
/** How many lengths of the core an ancestor may begin before it and still be in view. */
const REACH = 2;

/** The focus with every program it was, and all they made. */
function core(nodes: readonly LineageNode[], focus: LineageNode): LineageNode[] {
  const children = new Map<string, LineageNode[]>();
  for (const node of nodes) {
    if (node.parent_exec_id === null) continue;
    const list = children.get(node.parent_exec_id);
    if (list) list.push(node);
    else children.set(node.parent_exec_id, [node]);
  }
  const found = new Set(execChains(nodes).find((chain) => chain.includes(focus)));
  // A set is walked to its end while it grows.
  for (const node of found) for (const child of children.get(node.exec_id) ?? []) found.add(child);
  return [...found];
}

/**
 * The span of time worth drawing: the focus and what it made, and of the others those that began not long before. Older
 * processes are drawn as beginning before the edge, longer ones as going on beyond it. At least 10 ms wide, with a
 * twentieth of air on both sides.
 */
export function timeDomain(
  nodes: readonly LineageNode[],
  focusId: string,
  nowMs: number,
): { fromMs: number; toMs: number } {
  const timed = nodes.filter((node) => node.started_at !== null);
  const focus = timed.find((node) => node.exec_id === focusId);
  const inner = focus ? core(timed, focus) : timed;
  const starts = inner.map(startOf);
  const anchor = focus ? startOf(focus) : Math.max(...(starts.length > 0 ? starts : [nowMs]));
  const ends = inner.map((node) => (node.ended_at === null ? startOf(node) : exactMs(node.ended_at)));
  const coreFrom = Math.min(anchor, ...starts);
  const to = Math.max(coreFrom + LEAST_MS, ...ends, ...starts);
  const reach = coreFrom - (to - coreFrom) * REACH;
  const from = Math.min(coreFrom, ...timed.map(startOf).filter((ms) => ms >= reach));
  const air = (to - from) / 20;
  return { fromMs: from - air, toMs: to + air };
}
