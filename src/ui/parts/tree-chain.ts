import type { LineageNode } from "../../core/api/events.ts";
import { SEVERITIES } from "../../core/event/severity.ts";
import { exactMs } from "../format.ts";

/** End of one program and beginning of the next differ by rounding only. */
const SAME_INSTANT_MS = 0.5;

function continues(before: LineageNode, next: LineageNode): boolean {
  if (before.pid !== next.pid || before.pid === 0) return false;
  if (before.ended_at === null || next.started_at === null) return false;
  // A process that execs does not exit.
  if (before.exit_code !== null || before.exit_signal !== null) return false;
  return Math.abs(exactMs(next.started_at) - exactMs(before.ended_at)) <= SAME_INSTANT_MS;
}

const startOf = (node: LineageNode): number => (node.started_at === null ? -Infinity : exactMs(node.started_at));

/**
 * Programs one process was, one after another (fork, exec, exec …), each chain oldest first; pure. Every node stands in
 * exactly one chain.
 */
export function execChains(nodes: readonly LineageNode[]): readonly (readonly LineageNode[])[] {
  const byPid = new Map<number, LineageNode[]>();
  for (const node of nodes) {
    const same = byPid.get(node.pid);
    if (same) same.push(node);
    else byPid.set(node.pid, [node]);
  }
  return [...byPid.values()].flatMap((same) => {
    const chains: LineageNode[][] = [];
    for (const node of same.toSorted((a, b) => startOf(a) - startOf(b))) {
      const chain = chains.find((c) => continues(c.at(-1)!, node));
      if (chain) chain.push(node);
      else chains.push([node]);
    }
    return chains;
  });
}

/** A chain as one process that lived from its first to its last program, named after `shown`; pure. */
export function asOneProcess(chain: readonly LineageNode[], shown: LineageNode): LineageNode {
  const last = chain.at(-1)!;
  if (chain.length === 1) return shown;
  const sum = (pick: (node: LineageNode) => number): number => chain.reduce((total, node) => total + pick(node), 0);
  return {
    ...shown,
    started_at: chain[0]!.started_at,
    ended_at: last.ended_at,
    exit_code: last.exit_code,
    exit_signal: last.exit_signal,
    severity: SEVERITIES.findLast((severity) => chain.some((node) => node.severity === severity)) ?? "info",
    children_total: sum((node) => node.children_total),
    counts: {
      files: sum((node) => node.counts.files),
      connections: sum((node) => node.counts.connections),
      dns: sum((node) => node.counts.dns),
      warnings: sum((node) => node.counts.warnings),
    },
  };
}

/** Programs worth naming before and after the one shown: the copy of its parent that a fork leaves is not. */
export function otherPrograms(
  chain: readonly LineageNode[],
  shownId: string,
  parent: LineageNode | undefined,
): { readonly before: readonly LineageNode[]; readonly after: readonly LineageNode[] } {
  const at = chain.findIndex((node) => node.exec_id === shownId);
  const first = chain[0];
  const isCopy = first !== undefined && first.binary === parent?.binary && first.arguments === parent.arguments;
  return { before: chain.slice(isCopy ? 1 : 0, Math.max(at, 0)), after: chain.slice(at + 1) };
}
