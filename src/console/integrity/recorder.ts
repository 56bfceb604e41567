import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import { leafPrefix } from "../../core/integrity/chain.ts";
import { ZERO_HASH } from "../../core/integrity/hash.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { DurableCommit } from "../ingest/group-commit.ts";
import type { EventDb } from "../stores/contract.ts";
import { MAX_BLOCK_EVENTS, OpenBlock, piecesOf } from "./block.ts";
import { rereadBlock } from "./reread.ts";
import { chainKey, findFirstStored, findHeads, type ChainKey, type Head, type LinkRow } from "./store.ts";

const TICK_MS = 5_000;
const SEAL_MS = 60_000;
/** A chain this process does not know the end of: another may hold a block of it that it seals within `SEAL_MS`. */
const FIRST_SEAL_MS = 90_000;
/** Numbers without a trace are waited for: a store behind a queue shows rows late. */
const UNACCOUNTED_MS = 5 * 60_000;
/** How far back a chain without a first link may begin: what a Console stored and did not live to seal. */
const LOOK_BACK_MS = 2 * 3_600_000;
const HEADS_AT_ONCE = 500;
const MAX_CHAINS = 100_000;

interface Chain extends ChainKey {
  readonly prefix: string;
  head: Head | undefined;
  /** Whether `head` is what the store says. */
  known: boolean;
  /** Oldest first; the last one still grows. */
  blocks: OpenBlock[];
}

export interface RecorderDeps {
  readonly events: EventDb;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Keeps the hash chain over each sequence. Leaves are made when a batch is durable; a link is written for each block of about a
 * minute. What was not sealed when a Console ended is read from the stores and sealed by whoever goes on with the sequence.
 */
export class IntegrityRecorder implements Service {
  readonly name = "integrity";
  readonly #deps: RecorderDeps;
  readonly #log: Log;
  readonly #chains = new Map<string, Chain>();
  /** Links not in the store yet, in order. */
  #unsaved: LinkRow[] = [];
  readonly #sealed: (by: number) => void;
  readonly #unaccounted: (by: number) => void;
  #turn: Promise<void> = Promise.resolve();

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
    this.#log = deps.log.child("integrity");
    this.#sealed = deps.metrics.counter("telovix_console_integrity_links_total", "Blocks sealed into hash chains.");
    this.#unaccounted = deps.metrics.counter(
      "telovix_console_integrity_unaccounted_total",
      "Numbers sealed as missing that neither the event store nor the loss ledger knows.",
    );
    const open = deps.metrics.gauge("telovix_console_integrity_open_blocks", "Blocks not sealed yet.");
    deps.metrics.onCollect(() => {
      let count = 0;
      for (const chain of this.#chains.values()) count += chain.blocks.length;
      open(count);
    });
  }

  /** Takes a batch that has become durable. */
  add(commit: DurableCommit): void {
    const { tenantId, sensorId, epoch } = commit.lane;
    const key = chainKey(sensorId, epoch);
    let chain = this.#chains.get(key);
    if (!chain) {
      this.#makeRoom();
      const prefix = leafPrefix(sensorId, epoch);
      this.#chains.set(key, (chain = { tenantId, sensorId, epoch, prefix, head: undefined, known: false, blocks: [] }));
    }
    const pieces = piecesOf(commit);
    const done = chain.blocks.at(-1)?.lastSeq ?? (chain.known ? chain.head?.seq : undefined);
    if (done !== undefined && commit.lastSeq <= done && pieces.length === 0) return;
    const nowMs = this.#deps.clock.nowMs();
    let block = chain.blocks.at(-1);
    if (!block || block.events >= MAX_BLOCK_EVENTS) {
      block = new OpenBlock(done === undefined ? (pieces[0]?.from ?? commit.firstSeq) : done + 1, nowMs);
      chain.blocks.push(block);
    }
    for (const piece of pieces)
      if ("index" in piece) {
        const { events } = commit;
        const { prefix } = chain;
        block.event(piece.from, events.observedUsAt(piece.index), () => events.leafAt(piece.index, prefix));
      } else block.miss(piece.range, piece.atUs);
    block.lastSeq = Math.max(block.lastSeq, commit.lastSeq);
    if (!block.whole) block.broken = true;
  }

  /** A stretch of a sequence that nobody sealed: it is read from the stores. */
  adopt(key: ChainKey, first: number, last: number): void {
    const id = chainKey(key.sensorId, key.epoch);
    // While this process holds blocks of it they reach as far.
    if ((this.#chains.get(id)?.blocks.length ?? 0) > 0) return;
    const block = new OpenBlock(first, this.#deps.clock.nowMs() - FIRST_SEAL_MS);
    block.lastSeq = last;
    block.broken = true;
    const prefix = leafPrefix(key.sensorId, key.epoch);
    this.#chains.set(id, { ...key, prefix, head: undefined, known: false, blocks: [block] });
  }

  /** What was said of a sequence from a number on was not right: what is not sealed yet is read from the stores. */
  doubt(sensorId: string, epoch: string, fromSeq: number): void {
    for (const block of this.#chains.get(chainKey(sensorId, epoch))?.blocks ?? [])
      if (block.lastSeq >= fromSeq) block.broken = true;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(TICK_MS, signal);
      await this.seal(signal.aborted);
    }
  }

  /** Seals every block that is due, or all of them. A store that does not answer leaves them for the next time. */
  seal(all = false): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      try {
        await this.#save();
        const due = this.#due(all);
        await this.#loadHeads(due);
        for (const chain of due) await this.#sealChain(chain, all);
        await this.#save();
      } catch (error) {
        this.#log.warn("blocks could not be sealed; they are tried again", { error: errorMessage(error) });
      }
    });
    return this.#turn;
  }

  #due(all: boolean): Chain[] {
    const nowMs = this.#deps.clock.nowMs();
    return [...this.#chains.values()].filter(({ blocks, known }) => {
      const [first, second] = blocks;
      if (!first) return false;
      const settled = known && !first.broken;
      return all || (settled && second) || nowMs - first.openedMs >= (settled ? SEAL_MS : FIRST_SEAL_MS);
    });
  }

  async #loadHeads(chains: readonly Chain[]): Promise<void> {
    const byTenant = Map.groupBy(
      chains.filter((chain) => !chain.known || chain.blocks[0]?.broken),
      (chain) => chain.tenantId,
    );
    for (const [tenantId, wanted] of byTenant)
      for (let i = 0; i < wanted.length; i += HEADS_AT_ONCE) {
        const some = wanted.slice(i, i + HEADS_AT_ONCE);
        const heads = await findHeads(this.#deps.events, tenantId, some);
        for (const chain of some) {
          const head = heads.get(chainKey(chain.sensorId, chain.epoch));
          if (!chain.known || (head?.seq ?? 0) > (chain.head?.seq ?? 0)) chain.head = head;
          chain.known = true;
        }
      }
  }

  async #sealChain(chain: Chain, all: boolean): Promise<void> {
    const { events, clock } = this.#deps;
    while (chain.blocks.length > 0) {
      const block = chain.blocks[0]!;
      const nowMs = clock.nowMs();
      const ageMs = nowMs - block.openedMs;
      if (!all && chain.blocks.length === 1 && ageMs < SEAL_MS) return;
      if (chain.head && chain.head.seq >= block.lastSeq) {
        chain.blocks.shift();
        continue;
      }
      const from = chain.head ? chain.head.seq + 1 : await this.#beginning(chain, block, nowMs);
      if (from === block.firstSeq && block.whole) {
        chain.blocks.shift();
        this.#link(chain, block, nowMs);
        continue;
      }
      const to = block.lastSeq;
      const { block: read, unaccounted } = await rereadBlock(events, chain, from, to, block.openedMs);
      if (unaccounted > 0) {
        // Not even at the end: another Console goes on with it.
        if (all || ageMs < UNACCOUNTED_MS) return;
        this.#unaccounted(unaccounted);
        this.#log.error("numbers of a sequence are nowhere", {
          sensor_id: chain.sensorId,
          epoch: chain.epoch,
          from,
          to,
          count: unaccounted,
        });
      }
      // The block may have grown while it was read; what came is behind `to` and still in it.
      if (read.lastSeq >= block.lastSeq) chain.blocks.shift();
      else block.broken = true;
      this.#link(chain, read, nowMs);
    }
  }

  /** Where a chain without a link begins: at what was stored lately and not sealed, else at what is at hand. */
  async #beginning(chain: Chain, block: OpenBlock, nowMs: number): Promise<number> {
    // Nothing comes before it: a fleet that is new would ask for each of its sequences.
    if (block.firstSeq === 1) return 1;
    const first = await findFirstStored(this.#deps.events, chain, block.firstSeq, nowMs - LOOK_BACK_MS);
    return first ?? block.firstSeq;
  }

  #link(chain: Chain, block: OpenBlock, nowMs: number): void {
    const row = block.seal(chain, chain.head?.link ?? ZERO_HASH, nowMs);
    chain.head = { seq: row.last_seq, link: row.link };
    this.#unsaved.push(row);
  }

  async #save(): Promise<void> {
    const rows = this.#unsaved;
    if (rows.length === 0) return;
    // A second try of the same rows replaces the first.
    await this.#deps.events.insert("integrity_links", rows);
    this.#unsaved = this.#unsaved.slice(rows.length);
    this.#sealed(rows.length);
  }

  #makeRoom(): void {
    if (this.#chains.size < MAX_CHAINS) return;
    for (const [key, chain] of this.#chains)
      if (chain.blocks.length === 0) {
        this.#chains.delete(key);
        return;
      }
  }
}
