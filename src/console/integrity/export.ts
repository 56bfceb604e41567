import { countMissing, isMissing, leafOf, leafPrefix, type MissingRange } from "../../core/integrity/chain.ts";
import type { ExportLine, ExportProof } from "../../core/integrity/export-format.ts";
import { ExportWriter } from "../../core/integrity/export-writer.ts";
import { toHex } from "../../core/integrity/hash.ts";
import { merklePath } from "../../core/integrity/merkle.ts";
import { leafHash, type RootLeaf } from "../../core/integrity/root.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import { pickPath } from "./path.ts";
import { findKeptFrom } from "./store-kept.ts";
import { findRoots, formatHour } from "./store-roots.ts";
import {
  chainKey,
  findChains,
  findHourLeaves,
  findLeaves,
  findLinks,
  readEvents,
  type ChainKey,
  type HourLeaf,
  type LeafEvent,
  type LinkRow,
} from "./store.ts";

export interface ExportRequest {
  readonly tenantId: string;
  readonly sensorId: string;
  readonly nodeName: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly nowMs: number;
}

interface Part {
  readonly chain: ChainKey;
  /** Blocks that touch these numbers are given with their events. */
  readonly first: number;
  readonly last: number;
  /** Those of a signed root. */
  readonly leaves: readonly HourLeaf[];
}

const iso = (us: number): string => new Date(Math.floor(us / 1000)).toISOString();
/** Events read at once, in whole blocks. */
const READ_EVENTS = 20_000;
/** Read beyond what blocks say, so that what was put in is seen. */
const MORE_EVENTS = 1_000;
/** Bytes gathered before they are handed on. */
const CHUNK_CHARS = 256 * 1024;

/** Leaves of hours that came to be a root, and their places in the tree. */
class Trees {
  readonly #events: EventDb;
  readonly #tenantId: string;
  #hour = 0;
  #leaves: RootLeaf[] = [];
  #hashes: Uint8Array[] = [];

  constructor(events: EventDb, tenantId: string) {
    this.#events = events;
    this.#tenantId = tenantId;
  }

  async proof({ hour, leaf }: HourLeaf): Promise<ExportProof> {
    if (this.#hour !== hour) {
      this.#leaves = await findHourLeaves(this.#events, this.#tenantId, hour);
      this.#hashes = this.#leaves.map(leafHash);
      this.#hour = hour;
    }
    const key = chainKey(leaf.sensor_id, leaf.epoch);
    const index = this.#leaves.findIndex((other) => chainKey(other.sensor_id, other.epoch) === key);
    return { type: "proof", hour: formatHour(hour * 1000), leaf, index, path: merklePath(this.#hashes, index) };
  }
}

/**
 * The text of an export, in pieces: every block of the sensor that touches the range of time, with its events, on to the root that
 * covers it. A piece is made when it is asked for, so that a slow client holds up nothing.
 */
export async function* exportRange(deps: { db: Db; events: EventDb }, request: ExportRequest): AsyncGenerator<string> {
  const { events, db } = deps;
  const { tenantId, sensorId, fromUs, toUs } = request;
  const parts: Part[] = [];
  for (const { epoch, first, last } of await findChains(events, tenantId, sensorId, fromUs, toUs)) {
    const chain = { tenantId, sensorId, epoch };
    parts.push({ chain, first, last, leaves: await findLeaves(events, chain, first, last) });
  }
  const hours = parts.flatMap(({ leaves }) => leaves.map(({ hour }) => hour * 1000));
  const roots = hours.length === 0 ? [] : await findRoots(db, tenantId, Math.min(...hours), Math.max(...hours));
  const signed = new Set(roots.map(({ root }) => Date.parse(root.hour) / 1000));
  const keys = new Map(roots.map(({ root, publicKey }) => [root.key_id, publicKey]));
  const keptFromMs = await findKeptFrom(db, tenantId, request.nowMs);
  const writer = new ExportWriter();
  let text = writer.line({
    type: "header",
    format: "telovix-integrity",
    version: 1,
    tenant_id: tenantId,
    sensor_id: sensorId,
    node_name: request.nodeName,
    from: iso(fromUs),
    to: iso(toUs),
    exported_at: new Date(request.nowMs).toISOString(),
    kept_from: new Date(keptFromMs).toISOString(),
    keys: [...keys].map(([key_id, public_key]) => ({ key_id, public_key })),
    roots: roots.map(({ root }) => root),
  });
  const trees = new Trees(events, tenantId);
  for (const part of parts) {
    const leaves = part.leaves.filter(({ hour }) => signed.has(hour));
    for await (const line of partLines(events, { ...part, leaves, keptFromUs: keptFromMs * 1000 }, trees)) {
      text += writer.line(line);
      if (text.length < CHUNK_CHARS) continue;
      yield text;
      text = "";
    }
  }
  yield text + writer.end();
}

async function* partLines(
  events: EventDb,
  part: Part & { readonly keptFromUs: number },
  trees: Trees,
): AsyncGenerator<Exclude<ExportLine, { type: "end" }>> {
  const { chain, first, last, leaves, keptFromUs } = part;
  let head: string | undefined;
  const give = async function* (links: readonly LinkRow[]): ReturnType<typeof partLines> {
    for (const group of groupsOf(
      links.filter((link) => link.last_seq >= first),
      last,
    )) {
      const found = group.withEvents ? await readGroup(events, chain, group.links) : [];
      for (const link of group.links) {
        if (link.previous !== head) yield { type: "chain", epoch: chain.epoch, previous: link.previous };
        head = link.link;
        yield* linkLines(chain, link, group.withEvents ? found : undefined, keptFromUs);
      }
    }
  };
  for (const at of leaves) {
    const { leaf } = at;
    const found = await findLinks(events, chain, leaf.first_seq, leaf.last_seq);
    // Of links side by side, those the root stands on.
    const upTo = found.filter((link) => link.last_seq < leaf.last_seq || link.link === leaf.head);
    yield* give(pickPath(upTo, { seq: leaf.first_seq - 1, link: leaf.previous }));
    yield await trees.proof(at);
  }
  const done = leaves.at(-1)?.leaf;
  if (done && done.last_seq >= last) return;
  const from = done?.last_seq ?? first - 1;
  const rest = await findLinks(events, chain, from + 1, last);
  yield* give(pickPath(rest, done ? { seq: from, link: done.head } : undefined));
}

interface Group {
  readonly links: LinkRow[];
  readonly withEvents: boolean;
}

/** Consecutive links whose events are read together; those that begin behind `last` are given without. */
function groupsOf(links: readonly LinkRow[], last: number): Group[] {
  const groups: Group[] = [];
  let count = 0;
  for (const link of links) {
    const withEvents = link.first_seq <= last;
    const open = groups.at(-1);
    count += link.events;
    if (open && open.withEvents === withEvents && (!withEvents || count <= READ_EVENTS)) open.links.push(link);
    else {
      groups.push({ links: [link], withEvents });
      count = link.events;
    }
  }
  return groups;
}

const missingOf = ({ missing }: LinkRow): MissingRange[] =>
  missing === "" ? [] : (JSON.parse(missing) as MissingRange[]);

/** What the store holds of some blocks; more than they say, too, for the verification to find. */
function readGroup(events: EventDb, chain: ChainKey, links: readonly LinkRow[]): Promise<LeafEvent[]> {
  const sum = links.reduce((n, link) => n + link.events, 0);
  // What came under a number that was missing by then.
  const late = Math.min(
    links.reduce((n, link) => n + countMissing(missingOf(link)), 0),
    READ_EVENTS,
  );
  if (sum + late === 0) return Promise.resolve([]);
  return readEvents(events, chain, {
    from: Math.min(...links.map((link) => link.first_seq)),
    to: Math.max(...links.map((link) => link.last_seq)),
    limit: sum + late + MORE_EVENTS,
    all: true,
    firstUs: Math.min(...links.map((link) => link.first_at)),
    lastUs: Math.max(...links.map((link) => link.last_at)),
  });
}

/** A block and the events of it that were found; undefined: they are not asked for. */
function* linkLines(
  chain: ChainKey,
  link: LinkRow,
  found: readonly LeafEvent[] | undefined,
  keptFromUs: number,
): Generator<Exclude<ExportLine, { type: "end" }>> {
  const prefix = leafPrefix(chain.sensorId, chain.epoch);
  const missing = missingOf(link);
  const own = found?.filter(({ seq }) => seq >= link.first_seq && seq <= link.last_seq) ?? [];
  const there = own.reduce((n, { seq }) => n + (isMissing(missing, seq) ? 0 : 1), 0);
  const gone = found !== undefined && link.events > 0 && there === 0;
  // One at the edge of what is kept lost some of its events. A younger one is given as it is: that is for the verification to find.
  const partly = there > 0 && there < link.events && link.first_at < keptFromUs;
  yield {
    type: "link",
    first_seq: link.first_seq,
    last_seq: link.last_seq,
    events: link.events,
    digest: link.digest,
    missing,
    link: link.link,
    with_events: found !== undefined && !gone,
    ...(gone ? { gone } : {}),
    ...(partly ? { partly_gone: partly } : {}),
  };
  if (gone) return;
  for (const { seq, event, raw } of own) {
    const leaf = toHex(leafOf(prefix, seq, event, raw));
    yield { type: "event", seq, event, raw, leaf, ...(isMissing(missing, seq) ? { late: true } : {}) };
  }
}
