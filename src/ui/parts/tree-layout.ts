import { hierarchy, type HierarchyNode } from "d3-hierarchy";
import type { Lineage, LineageNode } from "../../core/api/events.ts";

/** A drawn row of the process tree: one process, or several equal siblings as one. */
export interface TreeRow {
  readonly key: string;
  readonly node: LineageNode;
  /** More than one: equal siblings drawn as one row. */
  readonly members: readonly LineageNode[];
  readonly depth: number;
  /** Index of the parent's row; -1 at the root. */
  readonly parent: number;
  readonly isFocus: boolean;
  /** The focus or one of its ancestors. */
  readonly onPath: boolean;
  readonly expandable: boolean;
  readonly expanded: boolean;
  /** Rows hidden under a closed one. */
  readonly hidden: number;
}

interface Item {
  readonly id: string;
  readonly node: LineageNode | undefined;
  readonly members: readonly LineageNode[];
  readonly children: Item[];
}

const LEAST_EQUAL = 3;
const LEAST_SAME_BINARY = 20;

const startOf = (node: LineageNode): number => (node.started_at === null ? -Infinity : Date.parse(node.started_at));

/** exec_ids of the focus and its ancestors. */
export function pathToRoot(lineage: Lineage): ReadonlySet<string> {
  const byId = new Map(lineage.nodes.map((node) => [node.exec_id, node]));
  const path = new Set<string>();
  let at = byId.get(lineage.focus_exec_id);
  while (at && !path.has(at.exec_id)) {
    path.add(at.exec_id);
    at = at.parent_exec_id === null ? undefined : byId.get(at.parent_exec_id);
  }
  return path;
}

/** Siblings without children that are equal become one item; a crowd of one binary does too, whatever its arguments. */
function collapse(items: readonly Item[], keep: ReadonlySet<string>, open: ReadonlySet<string>): Item[] {
  const groups = new Map<string, Item[]>();
  const crowd = new Map<string, number>();
  const leaves = items.filter((item) => item.children.length === 0 && item.node && !keep.has(item.id));
  for (const { node } of leaves) crowd.set(node!.binary, (crowd.get(node!.binary) ?? 0) + 1);
  for (const item of leaves) {
    const { binary, arguments: args, parent_exec_id } = item.node!;
    const key = JSON.stringify([parent_exec_id, binary, (crowd.get(binary) ?? 0) >= LEAST_SAME_BINARY ? null : args]);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  const shownAt = new Map<Item, Item>();
  const gone = new Set<Item>();
  for (const [key, group] of groups) {
    if (group.length < LEAST_EQUAL) continue;
    const id = `group:${key}`;
    const members = group.map((item) => item.node!);
    shownAt.set(group[0]!, { id, node: members[0], members, children: open.has(id) ? group : [] });
    for (const item of group) gone.add(item);
  }
  return items.flatMap((item) => shownAt.get(item) ?? (gone.has(item) ? [] : item));
}

/**
 * Rows of a lineage in drawing order; pure. `open` holds groups the reader opened, `closed` processes the reader closed.
 * Children come in order of their start; parents that are not in the answer leave their children at the root.
 */
export function layoutTree(lineage: Lineage, open: ReadonlySet<string>, closed: ReadonlySet<string>): TreeRow[] {
  const path = pathToRoot(lineage);
  const items = new Map<string, Item>(
    lineage.nodes.map((node) => [node.exec_id, { id: node.exec_id, node, members: [node], children: [] }]),
  );
  const root: Item = { id: "", node: undefined, members: [], children: [] };
  for (const item of items.values()) {
    const parent = item.node!.parent_exec_id === null ? undefined : items.get(item.node!.parent_exec_id);
    (parent && parent !== item ? parent : root).children.push(item);
  }
  const tree = hierarchy(root, (item) => {
    if (closed.has(item.id)) return [];
    if (item.members.length > 1) return item.children;
    return collapse(
      item.children.toSorted((a, b) => startOf(a.node!) - startOf(b.node!)),
      path,
      open,
    );
  });
  const rows: TreeRow[] = [];
  const indexOf = new Map<HierarchyNode<Item>, number>();
  tree.eachBefore((at) => {
    const { node, members, id, children } = at.data;
    if (!node) return;
    indexOf.set(at, rows.length);
    const isGroup = members.length > 1;
    rows.push({
      key: id,
      node,
      members,
      depth: at.depth - 1,
      parent: (at.parent && indexOf.get(at.parent)) ?? -1,
      isFocus: !isGroup && node.exec_id === lineage.focus_exec_id,
      onPath: !isGroup && path.has(node.exec_id),
      expandable: isGroup || children.length > 0,
      expanded: isGroup ? open.has(id) : !closed.has(id) && children.length > 0,
      hidden: closed.has(id) ? countBelow(at.data) : 0,
    });
  });
  return rows;
}

function countBelow(item: Item): number {
  return item.children.reduce((sum, child) => sum + 1 + countBelow(child), 0);
}

const NEAR_MS = 10 * 60_000;

/**
 * The span of time worth drawing: the focus, what it made, and what began shortly before it. Older processes are drawn as
 * beginning before the edge. At least 10 ms wide, with a twentieth of air on both sides.
 */
export function timeDomain(
  nodes: readonly LineageNode[],
  focusId: string,
  nowMs: number,
): { fromMs: number; toMs: number } {
  const started = nodes.filter((node) => node.started_at !== null);
  const focus = nodes.find((node) => node.exec_id === focusId);
  const anchor = focus?.started_at ? Date.parse(focus.started_at) : Math.max(0, ...started.map(startOf)) || nowMs;
  const near = started.filter((node) => startOf(node) >= anchor - NEAR_MS);
  const from = Math.min(anchor, ...near.map(startOf));
  const ends = near.map((node) => (node.ended_at === null ? startOf(node) : Date.parse(node.ended_at)));
  const to = Math.max(anchor, from + 10, ...near.map(startOf), ...ends);
  const air = (to - from) / 20;
  return { fromMs: from - air, toMs: to + air };
}
