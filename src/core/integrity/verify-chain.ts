import { countMissing, isMissing, leafOf, leafPrefix, Leaves, linkOf, missingText } from "./chain.ts";
import type { ExportEvent, ExportLink, ExportProof } from "./export-format.ts";
import { GoneJudge, type Gone } from "./gone.ts";
import { toHex } from "./hash.ts";
import { rootOfPath } from "./merkle.ts";
import { ExportFault, type ChainReport } from "./report.ts";
import { leafHash, type RootLeaf, type SignedRoot } from "./root.ts";

interface OpenLink {
  readonly link: ExportLink;
  readonly leaves: Leaves;
  /** The next number that may come, and the missing range that comes next. */
  nextSeq: number;
  nextMissing: number;
  /** Events that came. */
  given: number;
}

/** What a chain is checked against. */
export interface ChainFacts {
  readonly roots: ReadonlyMap<string, SignedRoot>;
  /** Events from then on are not let go of, microseconds since 1970. */
  readonly keptFromUs: number;
  /** Milliseconds since 1970. */
  readonly exportedMs: number;
}

/** Checks one sequence line by line: links, the events of each, proofs. Throws ExportFault at the first thing that does not fit. */
export class ChainVerifier {
  readonly #sensorId: string;
  readonly #epoch: string;
  readonly #prefix: string;
  readonly #roots: ChainFacts["roots"];
  readonly #gone: GoneJudge;
  #head: string;
  #lastSeq: number | undefined;
  #open: OpenLink | undefined;
  #leaf: RootLeaf | undefined;
  /** Since the last proof: what its stretch must hold together, if it began there. */
  #stretch: { firstSeq: number; previous: string; links: number; events: number; missing: number } | undefined;
  #firstSeq: number | undefined;
  #lastWithEvents: number | undefined;
  #events = 0;
  /** Events of blocks without them since the last one with them; they are absent once another such block, or a `gone` one, comes. */
  #passed = 0;
  #absent = 0;
  #unsigned = 0;
  #late = 0;
  #unproven = 0;
  readonly #missing = new Map<string, { stage: string; cause: string; count: number }>();

  constructor(sensorId: string, epoch: string, previous: string, facts: ChainFacts) {
    this.#sensorId = sensorId;
    this.#epoch = epoch;
    this.#roots = facts.roots;
    this.#gone = new GoneJudge(facts.keptFromUs, facts.exportedMs);
    this.#head = previous;
    this.#prefix = leafPrefix(sensorId, epoch);
  }

  link(line: number, link: ExportLink): void {
    this.close(line);
    const { first_seq, last_seq } = link;
    if (last_seq < first_seq) throw this.#fault(line, first_seq, "a block ends before it begins");
    if (this.#lastSeq !== undefined && first_seq !== this.#lastSeq + 1)
      throw this.#fault(line, this.#lastSeq + 1, `the block of ${this.#lastSeq + 1} is missing or stands elsewhere`);
    if (link.events + countMissing(link.missing) !== last_seq - first_seq + 1)
      throw this.#fault(line, first_seq, "a block does not account for every number in it");
    const block = {
      sensorId: this.#sensorId,
      epoch: this.#epoch,
      firstSeq: first_seq,
      lastSeq: last_seq,
      events: link.events,
      digest: link.digest,
      missing: missingText(link.missing),
    };
    const previous = this.#head;
    if (linkOf(previous, block) !== link.link)
      throw this.#fault(
        line,
        first_seq,
        `the block ${first_seq}-${last_seq} does not fit the block before it: one of them was changed`,
      );
    this.#stretch ??= { firstSeq: first_seq, previous, links: 0, events: 0, missing: 0 };
    this.#stretch.links++;
    this.#stretch.events += link.events;
    this.#stretch.missing += countMissing(link.missing);
    this.#head = link.link;
    this.#lastSeq = last_seq;
    if (!link.with_events) {
      this.#passed += link.events;
      if (link.events > 0) this.#gone.note(line, first_seq, { admitted: link.gone === true });
      if (link.gone) this.#settlePassed(first_seq, last_seq);
      return;
    }
    this.#settlePassed(first_seq, last_seq);
    this.#open = { link, leaves: new Leaves(), nextSeq: first_seq, nextMissing: 0, given: 0 };
    for (const { stage, cause, from_seq, to_seq } of link.missing) {
      const key = `${stage} ${cause}`;
      const entry = this.#missing.get(key) ?? { stage, cause, count: 0 };
      entry.count += to_seq - from_seq + 1;
      this.#missing.set(key, entry);
    }
  }

  /** `us`: when it happened by its own word, microseconds since 1970. True when its block will prove it. */
  event(line: number, event: ExportEvent, us: number | undefined): boolean {
    const open = this.#open;
    if (!open) throw this.#fault(line, event.seq, `event ${event.seq} stands outside its block`);
    if (event.late) return this.#lateEvent(line, event, open.link);
    if (open.link.partly_gone) this.#passGone(open, line, event.seq);
    else this.#skipMissing(open, line);
    if (event.seq !== open.nextSeq)
      throw event.seq > open.nextSeq
        ? this.#fault(line, open.nextSeq, `event ${open.nextSeq} is missing: ${event.seq} stands in its place`)
        : this.#fault(line, event.seq, `event ${event.seq} stands behind a later one, or twice`);
    if (event.seq > open.link.last_seq) throw this.#fault(line, event.seq, `event ${event.seq} is not of this block`);
    const leaf = leafOf(this.#prefix, event.seq, event.event, event.raw);
    if (toHex(leaf) !== event.leaf) throw this.#fault(line, event.seq, `event ${event.seq} was changed`);
    this.#fail(this.#gone.came(us));
    open.leaves.add(leaf);
    open.nextSeq++;
    open.given++;
    if (open.link.partly_gone) this.#unproven++;
    else {
      this.#events++;
      this.#unsigned++;
    }
    return !open.link.partly_gone;
  }

  proof(line: number, { leaf, index, path, hour }: ExportProof): void {
    this.close(line);
    const root = this.#roots.get(hour);
    const at = this.#lastSeq ?? 0;
    if (!root) throw this.#fault(line, at, `the root of ${hour} is not in the file`, hour);
    if (
      leaf.sensor_id !== this.#sensorId ||
      leaf.epoch !== this.#epoch ||
      leaf.head !== this.#head ||
      leaf.last_seq !== at
    )
      throw this.#fault(line, at, `the proof for the root of ${hour} is of another chain`, hour);
    if (rootOfPath(leafHash(leaf), index, root.leaves, path) !== root.merkle_root)
      throw this.#fault(line, at, `the chain does not lead to the signed root of ${hour}`, hour);
    const stretch = this.#stretch;
    const whole = stretch !== undefined && stretch.firstSeq === leaf.first_seq;
    if (
      whole &&
      (stretch.previous !== leaf.previous ||
        stretch.links !== leaf.links ||
        stretch.events !== leaf.events ||
        stretch.missing !== leaf.missing)
    )
      throw this.#fault(line, at, `the root of ${hour} counts other blocks than the file holds`, hour);
    if (this.#leaf && !whole)
      throw this.#fault(line, at, `the root of ${hour} does not go on where the one before it ended`, hour);
    this.#gone.signed(hour);
    this.#leaf = leaf;
    this.#stretch = undefined;
    this.#unsigned = 0;
  }

  /** The events of the open block are over: all must have come. */
  close(line: number): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    if (open.link.partly_gone) return this.#closePartly(open, line);
    this.#skipMissing(open, line);
    const { link, leaves, nextSeq } = open;
    if (nextSeq <= link.last_seq) throw this.#fault(line, nextSeq, `event ${nextSeq} is missing`);
    if (leaves.digest() !== link.digest)
      throw this.#fault(
        line,
        link.first_seq,
        `the events ${link.first_seq}-${link.last_seq} are not those that were received: at least one was changed in the store`,
      );
  }

  /** Nothing of the sequence comes any more. */
  end(line: number): void {
    this.close(line);
    this.#fail(this.#gone.end());
  }

  report(): ChainReport {
    return {
      epoch: this.#epoch,
      firstSeq: this.#firstSeq ?? 0,
      lastSeq: this.#lastWithEvents ?? 0,
      signedTo: this.#leaf?.last_seq,
      events: this.#events,
      unsignedEvents: this.#unsigned,
      absent: this.#absent,
      late: this.#late,
      unproven: this.#unproven,
      missing: [...this.#missing.values()],
    };
  }

  /** One whose number its block says is missing. It is in no digest: it is counted, and counts for nothing. */
  #lateEvent(line: number, { seq }: ExportEvent, { missing }: ExportLink): boolean {
    if (!isMissing(missing, seq))
      throw this.#fault(line, seq, `event ${seq} is said to have come late, and its block does not miss it`);
    this.#late++;
    return false;
  }

  /** Goes on to an event of a block that lost some. */
  #passGone(open: OpenLink, line: number, seq: number): void {
    this.#skipMissing(open, line);
    if (seq > open.link.last_seq || seq <= open.nextSeq) return;
    if (isMissing(open.link.missing, seq))
      throw this.#fault(line, seq, `event ${seq} stands under a number its block says is missing`);
    let lost = seq - open.nextSeq;
    for (
      let range = open.link.missing[open.nextMissing];
      range && range.from_seq < seq;
      range = open.link.missing[++open.nextMissing]
    )
      lost -= range.to_seq - range.from_seq + 1;
    if (lost > 0) this.#gone.note(line, open.nextSeq, { inBlock: true });
    open.nextSeq = seq;
  }

  #closePartly(open: OpenLink, line: number): void {
    const { link, given } = open;
    const lost = link.events - given;
    if (lost <= 0)
      throw this.#fault(
        line,
        link.first_seq,
        `the block ${link.first_seq}-${link.last_seq} is said to have lost events, and has all`,
      );
    this.#absent += lost;
    this.#skipMissing(open, line);
    if (open.nextSeq <= link.last_seq) this.#gone.note(line, open.nextSeq, { inBlock: true });
  }

  #fail(gone: Gone | undefined): void {
    if (!gone) return;
    const { line, seq } = gone;
    throw this.#fault(
      line,
      seq,
      `event ${seq} is gone from among events that are kept: only those from before ${this.#gone.keptFrom} may be, unless the node's clock had gone back`,
    );
  }

  #settlePassed(firstSeq: number, lastSeq: number): void {
    this.#firstSeq ??= firstSeq;
    this.#lastWithEvents = lastSeq;
    this.#absent += this.#passed;
    this.#passed = 0;
  }

  #skipMissing(open: OpenLink, line: number): void {
    for (
      let range = open.link.missing[open.nextMissing];
      range && range.from_seq <= open.nextSeq;
      range = open.link.missing[++open.nextMissing]
    ) {
      if (range.from_seq !== open.nextSeq || range.to_seq < range.from_seq)
        throw this.#fault(line, range.from_seq, "what a block says is missing stands beside what it holds");
      open.nextSeq = range.to_seq + 1;
    }
  }

  #fault(line: number, seq: number, message: string, hour?: string): ExportFault {
    return new ExportFault(line, message, { epoch: this.#epoch, seq, ...(hour === undefined ? {} : { hour }) });
  }
}
