import type { Lineage, ProcessActivity } from "../../core/api/events.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { parseEventId, type RuntimeEvent } from "../../core/event/event.ts";
import type { Ancestor, Process } from "../../core/event/process.ts";
import { isUuid } from "../../core/ids.ts";
import { toEventRow } from "../events/row.ts";
import type { LineageStore, Witness } from "./store.ts";
import { buildTree } from "./tree.ts";

export interface LineageService {
  /** Tree around the process of an event. AppError `not_found` when there is no such event, or it is about no process. */
  ofEvent(tenantId: string, eventId: string, signal?: AbortSignal): Promise<Lineage>;
  ofProcess(tenantId: string, sensorId: string, execId: string, signal?: AbortSignal): Promise<Lineage>;
  activity(tenantId: string, sensorId: string, execId: string, signal?: AbortSignal): Promise<ProcessActivity>;
}

const MAX_NODES = 500;
const MAX_ANCESTORS = 64;
const MAX_LEVELS = 4;
const CHILDREN_PER_PROCESS = 60;
const SIBLINGS = 40;
const ACTIVITY_ROWS = 200;
const EXEC_ID_MAX_CHARS = 400;
/** A host's clock may have been set back while the process ran: children are looked for from this long before it. */
const CLOCK_SLACK_US = 3_600e6;

function processOf(witness: Witness): Process | undefined {
  return (JSON.parse(witness.event) as RuntimeEvent).process;
}

/** Ancestors above `execId`, when the witness may be a descendant of it; nearest first. */
function ancestorsAbove(process: Process, execId: string): readonly Ancestor[] {
  if (process.exec_id === execId) return process.ancestors;
  const at = process.ancestors.findIndex((ancestor) => ancestor.exec_id === execId);
  return at < 0 ? [] : process.ancestors.slice(at + 1);
}

/** Process trees rebuilt from stored events; processes that have ended too. */
export function createLineageService(deps: { store: LineageStore; clock: Clock }): LineageService {
  const { store, clock } = deps;

  const checked = (sensorId: string, execId: string): void => {
    if (!isUuid(sensorId))
      throw new AppError("invalid_request", "/sensor_id: is not a sensor id", { pointer: "/sensor_id" });
    if (execId === "" || execId.length > EXEC_ID_MAX_CHARS || !execId.isWellFormed())
      throw new AppError("invalid_request", "/exec_id: is not an exec id", { pointer: "/exec_id" });
  };

  async function around(
    tenantId: string,
    sensorId: string,
    focus: string,
    witness: Witness,
    signal?: AbortSignal,
  ): Promise<Lineage> {
    const startMs = clock.monotonicMs();
    const process = processOf(witness);
    const ancestries: { of: string; ancestors: readonly Ancestor[] }[] = [];
    const nodes = new Set([focus]);
    if (process) {
      ancestries.push({ of: process.exec_id, ancestors: process.ancestors });
      for (const ancestor of ancestorsAbove(process, focus)) nodes.add(ancestor.exec_id);
    }
    const parent = process?.exec_id === focus ? process.parent_exec_id : [...nodes][1];
    if (parent) nodes.add(parent);

    // An event carries 16 ancestors at most: the topmost one's own events know the rest of the way.
    for (let top = [...nodes].at(-1)!, hops = 0; nodes.size >= 16 * (hops + 1) && nodes.size < MAX_ANCESTORS; hops++) {
      const higher = await store.processWitness(tenantId, sensorId, top, signal);
      const above = higher && processOf(higher);
      const next = above?.exec_id === top ? above.ancestors.filter((a) => !nodes.has(a.exec_id)) : [];
      if (next.length === 0) break;
      ancestries.push({ of: top, ancestors: next });
      for (const ancestor of next) nodes.add(ancestor.exec_id);
      top = next.at(-1)!.exec_id;
    }

    const startUs = process?.exec_id === focus ? (process.start_time_us ?? witness.observedUs) : witness.observedUs;
    const near = { aroundUs: Math.min(startUs, witness.observedUs) };
    const sinceUs = Math.max(0, near.aroundUs - CLOCK_SLACK_US);
    const opened = new Set([focus, ...(parent ? [parent] : [])]);
    const add = (links: readonly { execId: string }[]): string[] => {
      const found = links.map((link) => link.execId).filter((id) => !nodes.has(id));
      for (const id of found) nodes.add(id);
      return found;
    };
    const children = (parents: readonly string[], since: number, perParent: number, limit: number) =>
      limit <= 0
        ? []
        : store.children(tenantId, sensorId, parents, { ...near, sinceUs: since, perParent, limit }, signal);
    const [own, siblings] = await Promise.all([
      children([focus], sinceUs, CHILDREN_PER_PROCESS, CHILDREN_PER_PROCESS),
      // Siblings may have begun long before.
      children(parent ? [parent] : [], 0, SIBLINGS, SIBLINGS),
    ]);
    let level = add(own);
    add(siblings);
    for (let depth = 1; depth < MAX_LEVELS && level.length > 0; depth++) {
      for (const id of level) opened.add(id);
      level = add(await children(level, sinceUs, CHILDREN_PER_PROCESS, MAX_NODES - nodes.size));
    }
    for (const id of level) opened.add(id);

    const ids = [...nodes];
    const [facts, childCounts] = await Promise.all([
      store.facts(tenantId, sensorId, ids, signal),
      store.childCounts(tenantId, sensorId, ids, signal),
    ]);
    const tree = buildTree({ execIds: ids, facts, ancestries, childCounts });
    const shown = Map.groupBy(tree, (node) => node.parent_exec_id);
    const leftOut = tree
      .filter((node) => opened.has(node.exec_id))
      .reduce((sum, node) => sum + node.children_total - (shown.get(node.exec_id)?.length ?? 0), 0);
    return {
      sensor_id: sensorId,
      node_name: witness.nodeName,
      focus_exec_id: focus,
      nodes: tree,
      left_out: leftOut,
      took_ms: Math.round(clock.monotonicMs() - startMs),
    };
  }

  return {
    async ofEvent(tenantId, eventId, signal) {
      const id = parseEventId(eventId);
      const witness = id && (await store.eventWitness(tenantId, id, signal));
      if (!id || !witness) throw new AppError("not_found", "There is no such event.");
      if (witness.execId === "")
        throw new AppError("not_found", "The event is about no process, so it has no lineage.");
      return around(tenantId, id.sensorId, witness.execId, witness, signal);
    },

    async ofProcess(tenantId, sensorId, execId, signal) {
      checked(sensorId, execId);
      const witness = await store.processWitness(tenantId, sensorId, execId, signal);
      if (!witness) throw new AppError("not_found", "No event knows this process.");
      return around(tenantId, sensorId, execId, witness, signal);
    },

    async activity(tenantId, sensorId, execId, signal) {
      checked(sensorId, execId);
      const { files, connections, other } = await store.activity(tenantId, sensorId, execId, ACTIVITY_ROWS, signal);
      const none = files.length + connections.length + other.length === 0;
      if (none && !(await store.processWitness(tenantId, sensorId, execId, signal)))
        throw new AppError("not_found", "No event knows this process.");
      return { files: files.map(toEventRow), connections: connections.map(toEventRow), other: other.map(toEventRow) };
    },
  };
}
