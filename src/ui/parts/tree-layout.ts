import { hierarchy, type HierarchyNode } from "d3-hierarchy";
import type { Lineage, LineageNode } from "../../core/api/events.ts";
import { asOneProcess, execChains } from "./tree-chain.ts";
import { exactMs } from "../format.ts";

/** A drawn row of the process tree: one process, or several equal siblings as one. */
export interface TreeRow {
  readonly key: string;
  /** The process, over its whole life; named after the program at hand or the last it was. */
  readonly node: LineageNode;
  /** The programs it was, oldest first; `node` stands for all of them. */
  readonly chain: readonly LineageNode[];
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
  readonly chain: readonly LineageNode[];
  readonly members: readonly LineageNode[];
  readonly children: Item[];
}

const LEAST_EQUAL = 3;
const LEAST_SAME_BINARY = 20;

const startOf = (node: LineageNode): number => (node.started_at === null ? -Infinity : exactMs(node.started_at));

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
    const first = group[0]!;
    shownAt.set(first, { id, node: first.node, chain: first.chain, members, children: open.has(id) ? group : [] });
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
  const items = new Map<string, Item>();
  for (const chain of execChains(lineage.nodes)) {
    const shown = chain.find((node) => node.exec_id === lineage.focus_exec_id) ?? chain.at(-1)!;
    const node = asOneProcess(chain, shown);
    const item: Item = { id: shown.exec_id, node, chain, members: [node], children: [] };
    for (const { exec_id } of chain) items.set(exec_id, item);
  }
  const root: Item = { id: "", node: undefined, chain: [], members: [], children: [] };
  for (const item of new Set(items.values())) {
    const parentId = item.chain[0]!.parent_exec_id;
    const parent = parentId === null ? undefined : items.get(parentId);
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
    const { node, chain, members, id, children } = at.data;
    if (!node) return;
    indexOf.set(at, rows.length);
    const isGroup = members.length > 1;
    rows.push({
      key: id,
      node,
      chain,
      members,
      depth: at.depth - 1,
      parent: (at.parent && indexOf.get(at.parent)) ?? -1,
      isFocus: !isGroup && node.exec_id === lineage.focus_exec_id,
      onPath: !isGroup && chain.some(({ exec_id }) => path.has(exec_id)),
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
