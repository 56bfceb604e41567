import type { Clock } from "../../core/clock.ts";
import { countMissing, type MissingRange } from "../../core/integrity/chain.ts";
import { ZERO_HASH } from "../../core/integrity/hash.ts";
import { merkleRoot } from "../../core/integrity/merkle.ts";
import { keyId, leafHash, rootHash, type Root, type RootLeaf } from "../../core/integrity/root.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Json } from "../../core/sign/canonical.ts";
import type { Signer } from "../../core/sign/ed25519.ts";
import type { Db, EventDb, Tx } from "../stores/contract.ts";
import { GRACE_MS, HOUR_MS } from "./hours.ts";
import { pickPath } from "./path.ts";
import type { IntegrityRecorder } from "./recorder.ts";
import {
  findLastRoot,
  findLongestGap,
  formatHour,
  insertRoot,
  listQuiet,
  listTenants,
  lockRoots,
  type StoredRoot,
} from "./store-roots.ts";
import { chainKey, findCovered, findHeads, findUncovered, leafOrder, type Head, type LinkRow } from "./store.ts";

/** Links do not come to the store later than this after they were sealed, as long as the clock stays right. */
const LATE_MS = 48 * HOUR_MS;
/** Later than any link. */
const LAST_MS = Date.UTC(2200, 0, 1);
/** A sequence nothing was added to for so long is in nobody's hands. */
const QUIET_MS = 15 * 60_000;

export interface RootsDeps {
  readonly db: Db;
  readonly events: EventDb;
  readonly recorder: IntegrityRecorder;
  readonly signer: () => Promise<Signer>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Signs a root over what the chains gained, once an hour and tenant, whichever Console comes first; late hours too. */
export class RootsJob {
  readonly #deps: RootsDeps;
  readonly #log: Log;
  readonly #made: () => void;
  #sweptMs = 0;

  constructor(deps: RootsDeps) {
    this.#deps = deps;
    this.#log = deps.log.child("integrity");
    this.#made = deps.metrics.counter("telovix_console_integrity_roots_total", "Roots signed by this Console.");
  }

  /** Everything that is due now. Rejects when a store does not answer: what is left is done at the next turn. */
  async turn(): Promise<void> {
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs - this.#sweptMs >= QUIET_MS) {
      await this.#sweep(nowMs);
      this.#sweptMs = nowMs;
    }
    for (const tenantId of await listTenants(this.#deps.db)) while (await this.#next(tenantId));
  }

  /** Gives the recorder what a Console stored and did not live to seal. */
  async #sweep(nowMs: number): Promise<void> {
    const quiet = await listQuiet(this.#deps.db, nowMs - LATE_MS, nowMs - QUIET_MS);
    for (const [tenantId, all] of Map.groupBy(quiet, ({ chain }) => chain.tenantId))
      for (let i = 0; i < all.length; i += 500) {
        const some = all.slice(i, i + 500);
        const heads = await findHeads(
          this.#deps.events,
          tenantId,
          some.map(({ chain }) => chain),
        );
        for (const { chain, seq } of some) {
          const head = heads.get(chainKey(chain.sensorId, chain.epoch));
          if (seq > (head?.seq ?? 0)) this.#deps.recorder.adopt(chain, (head?.seq ?? seq - 1) + 1, seq);
        }
      }
  }

  /** Makes the oldest root that is due; false when there is none. */
  #next(tenantId: string): Promise<boolean> {
    const limitMs = Math.floor((this.#deps.clock.nowMs() - GRACE_MS) / HOUR_MS) * HOUR_MS;
    return this.#deps.db.tenant(tenantId, async (tx) => {
      if (!(await lockRoots(tx, tenantId))) return false;
      const last = await findLastRoot(tx);
      const lastMs = last ? Date.parse(last.root.hour) : -HOUR_MS;
      if (lastMs + HOUR_MS >= limitMs) return false;
      const lastRoot = Math.max(0, lastMs / 1000);
      const fromMs = Math.max(0, lastMs - LATE_MS - (await findLongestGap(tx)));
      const links = await findUncovered(this.#deps.events, tenantId, { fromMs, beforeMs: limitMs, lastRoot });
      if (links.length === 0) return false;
      const oldestMs = links.reduce((least, link) => Math.min(least, link.sealed_at), Infinity);
      // What came too late for its own hour goes under the next.
      const hourMs = Math.max(Math.floor(oldestMs / HOUR_MS) * HOUR_MS, lastMs + HOUR_MS);
      const covered = await findCovered(this.#deps.events, tenantId, lastRoot);
      let leaves = leavesOf(links, covered, hourMs + HOUR_MS);
      if (leaves.length === 0) return false;
      // What was sealed while the clock was ahead may lie behind the hour, and on the way to what is of it.
      if (
        leaves.some((leaf) => leaf.previous !== (covered.get(chainKey(leaf.sensor_id, leaf.epoch))?.link ?? ZERO_HASH))
      ) {
        const ahead = { fromMs: limitMs, beforeMs: LAST_MS, lastRoot };
        const later = await findUncovered(this.#deps.events, tenantId, ahead);
        leaves = leavesOf([...links, ...later], covered, hourMs + HOUR_MS);
      }
      await this.#make(tx, tenantId, hourMs, leaves, last);
      return true;
    });
  }

  async #make(
    tx: Tx,
    tenantId: string,
    hourMs: number,
    leaves: readonly RootLeaf[],
    last: StoredRoot | undefined,
  ): Promise<void> {
    const signer = await this.#deps.signer();
    const nowMs = this.#deps.clock.nowMs();
    // Before the root: without their root they count for nothing, and the next try writes them over.
    await this.#deps.events.insert(
      "integrity_leaves",
      leaves.map((leaf) => ({ ...leaf, tenant_id: tenantId, hour: hourMs / 1000, written_at: nowMs })),
    );
    // Sensors say which numbers they miss: over many of them a sum may be more than a root can say.
    const sum = (key: "links" | "events" | "missing"): number =>
      Math.min(
        leaves.reduce((n, leaf) => n + leaf[key], 0),
        Number.MAX_SAFE_INTEGER,
      );
    const root: Root = {
      version: 1,
      tenant_id: tenantId,
      hour: formatHour(hourMs),
      merkle_root: merkleRoot(leaves.map(leafHash)),
      leaves: leaves.length,
      links: sum("links"),
      events: sum("events"),
      missing: sum("missing"),
      previous: last?.hash ?? ZERO_HASH,
      signed_at: new Date(nowMs).toISOString(),
      key_id: keyId(signer.publicPem),
    };
    const signature = await signer.sign(root as unknown as Json);
    await insertRoot(tx, { root: { ...root, signature }, hash: rootHash(root), publicKey: signer.publicPem });
    this.#made();
    this.#log.info("signed a root", { tenant_id: tenantId, hour: root.hour, chains: root.leaves, events: root.events });
  }
}

/** A leaf for each chain that went on before a time, in the order of the tree; with all that lies on the way. */
function leavesOf(links: readonly LinkRow[], covered: ReadonlyMap<string, Head>, beforeMs: number): RootLeaf[] {
  const leaves: RootLeaf[] = [];
  for (const [key, all] of Map.groupBy(links, (link) => chainKey(link.sensor_id, link.epoch))) {
    const known = pickPath(all, covered.get(key));
    const way = known.slice(0, known.findLastIndex((link) => link.sealed_at < beforeMs) + 1);
    const [first, last] = [way[0], way.at(-1)];
    if (!first || !last) continue;
    leaves.push({
      sensor_id: first.sensor_id,
      epoch: first.epoch,
      first_seq: first.first_seq,
      last_seq: last.last_seq,
      links: way.length,
      events: way.reduce((sum, link) => sum + link.events, 0),
      missing: way.reduce((sum, link) => sum + missingOf(link), 0),
      previous: first.previous,
      head: last.link,
    });
  }
  return leaves.toSorted(leafOrder);
}

function missingOf({ missing }: LinkRow): number {
  return missing === "" ? 0 : countMissing(JSON.parse(missing) as MissingRange[]);
}
