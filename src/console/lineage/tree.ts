import type { LineageNode } from "../../core/api/events.ts";
import type { Ancestor } from "../../core/event/process.ts";
import { SEVERITIES } from "../../core/event/severity.ts";
import { formatMicros } from "../events/row.ts";
import type { ProcessFacts } from "./store-facts.ts";

/** Longest way up that is followed; deeper ones come from hostile data. */
const MAX_DEPTH = 1000;

/** Everything that is known about the processes of a tree. */
export interface TreeInput {
  readonly execIds: readonly string[];
  readonly facts: readonly ProcessFacts[];
  /** Ancestors as events gave them, nearest first, each list below the process it belongs to. */
  readonly ancestries: readonly { readonly of: string; readonly ancestors: readonly Ancestor[] }[];
  readonly childCounts: ReadonlyMap<string, number>;
}

type Draft = { -readonly [Key in keyof LineageNode]: LineageNode[Key] } & { startedUs: number; endedUs: number };

const time = (us: number): string | null => (us > 0 && us <= Number.MAX_SAFE_INTEGER ? formatMicros(us) : null);

function known(facts: ProcessFacts, children: number): Draft {
  return {
    exec_id: facts.execId,
    parent_exec_id: facts.parentExecId || null,
    pid: facts.pid,
    uid: facts.uid,
    binary: facts.binary,
    arguments: facts.arguments,
    started_at: null,
    ended_at: null,
    startedUs: facts.startedUs,
    endedUs: facts.endedUs,
    exit_code: facts.endedUs > 0 ? facts.exitCode : null,
    exit_signal: facts.endedUs > 0 ? facts.exitSignal : null,
    container_id: facts.containerId,
    inferred: false,
    counts: { files: facts.files, connections: facts.connections, dns: facts.dns, warnings: facts.warnings },
    severity: SEVERITIES[facts.severityRank] ?? "info",
    children_total: children,
  };
}

function inferred(execId: string, children: number, told: Partial<Draft>): Draft {
  return {
    exec_id: execId,
    parent_exec_id: null,
    pid: 0,
    uid: null,
    binary: "",
    arguments: "",
    started_at: null,
    ended_at: null,
    startedUs: 0,
    endedUs: 0,
    exit_code: null,
    exit_signal: null,
    container_id: "",
    inferred: true,
    counts: { files: 0, connections: 0, dns: 0, warnings: 0 },
    severity: "info",
    children_total: children,
    ...told,
  };
}

/** Cuts every cycle at the process that started first: hostile events may call each other's process their parent. */
function breakCycles(nodes: Map<string, Draft>): void {
  const safe = new Set<string>();
  for (const start of nodes.keys()) {
    const way: string[] = [];
    const onWay = new Set<string>();
    for (let at: string | null = start; at !== null && !safe.has(at);) {
      const node: Draft | undefined = nodes.get(at);
      if (!node) break;
      if (onWay.has(at) || way.length >= MAX_DEPTH) {
        const loop = way.slice(Math.max(0, way.indexOf(at))).map((id) => nodes.get(id)!);
        loop.toSorted((a, b) => a.startedUs - b.startedUs)[0]!.parent_exec_id = null;
        break;
      }
      way.push(at);
      onWay.add(at);
      at = node.parent_exec_id;
    }
    for (const id of way) safe.add(id);
  }
}

/**
 * A process that executes another program keeps its pid and gets a new exec_id; the old image has no exit event of its own.
 * It ended when the next one with the same pid below the same parent, or below itself, began.
 */
function endReplacedImages(nodes: Map<string, Draft>): void {
  const byPid = Map.groupBy(
    [...nodes.values()].filter((node) => !node.inferred),
    (node) => node.pid,
  );
  for (const images of byPid.values()) {
    const inOrder = images.toSorted((a, b) => a.startedUs - b.startedUs);
    inOrder.forEach((image, i) => {
      const next = inOrder[i + 1];
      const replaced =
        next &&
        (next.parent_exec_id === image.exec_id ||
          (next.parent_exec_id === image.parent_exec_id && image.parent_exec_id !== null));
      if (replaced && image.endedUs === 0) image.endedUs = next.startedUs;
    });
  }
}

/** Builds the nodes of a tree: every parent that is named stands in it or is null, and there are no cycles. */
export function buildTree(input: TreeInput): LineageNode[] {
  const nodes = new Map<string, Draft>();
  const children = (execId: string): number => input.childCounts.get(execId) ?? 0;
  const wanted = new Set(input.execIds);
  for (const facts of input.facts)
    if (wanted.has(facts.execId)) nodes.set(facts.execId, known(facts, children(facts.execId)));
  for (const { of, ancestors } of input.ancestries) {
    let below = of;
    for (const ancestor of ancestors) {
      if (ancestor.exec_id === below) continue;
      const child = nodes.get(below);
      if (child && child.parent_exec_id === null && child.exec_id !== ancestor.exec_id)
        child.parent_exec_id = ancestor.exec_id;
      if (!nodes.has(ancestor.exec_id) && wanted.has(ancestor.exec_id))
        nodes.set(
          ancestor.exec_id,
          inferred(ancestor.exec_id, children(ancestor.exec_id), {
            pid: ancestor.pid,
            uid: ancestor.uid ?? null,
            binary: ancestor.binary,
            arguments: ancestor.arguments ?? "",
          }),
        );
      below = ancestor.exec_id;
    }
  }
  for (const facts of input.facts) {
    const parent = facts.parentExecId;
    if (parent && wanted.has(parent) && !nodes.has(parent))
      nodes.set(parent, inferred(parent, children(parent), { pid: facts.ppid, binary: facts.parentBinary }));
  }
  for (const execId of wanted) if (!nodes.has(execId)) nodes.set(execId, inferred(execId, children(execId), {}));
  for (const node of nodes.values())
    if (node.parent_exec_id !== null && (node.parent_exec_id === node.exec_id || !nodes.has(node.parent_exec_id)))
      node.parent_exec_id = null;
  breakCycles(nodes);
  endReplacedImages(nodes);
  const shown = Map.groupBy(nodes.values(), (node) => node.parent_exec_id);
  return [...nodes.values()].map(({ startedUs, endedUs, ...node }) => ({
    ...node,
    // A child whose start was lost is known by its other events, and not counted in the store.
    children_total: Math.max(node.children_total, shown.get(node.exec_id)?.length ?? 0),
    started_at: time(startedUs),
    ended_at: time(endedUs),
  }));
}
