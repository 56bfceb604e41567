import { join } from "node:path";
import { readIfThere, writeFileAtomic } from "./meta.ts";

/** A sequence that is over. */
export interface EndedEpoch {
  readonly epoch: string;
  readonly last_seq: number;
  /** Up to where it was acknowledged; what is above it was lost on this side. */
  readonly acked_seq: number;
  /** Up to where its numbers were acknowledged under another name; 0 when not given. */
  readonly base_seq?: number;
}

const FILE = "ended";
/** Ended sequences that are remembered: as many as a Console is told of. */
const KEPT = 32;

/** The sequences of a spool that are over, as told to the Console with each hello; kept on disk. */
export class EndedEpochs {
  readonly #root: string;
  #all: readonly EndedEpoch[];

  private constructor(root: string, all: readonly EndedEpoch[]) {
    this.#root = root;
    this.#all = all;
  }

  /** Reads those of the spool in `root`; none when the file is not there or is damaged. */
  static async open(root: string): Promise<EndedEpochs> {
    return new EndedEpochs(root, await readEnded(root));
  }

  /** Oldest first. */
  get all(): readonly EndedEpoch[] {
    return this.#all;
  }

  /** Remembers that a sequence ended, durable when it resolves; the oldest are forgotten. `baseSeq` is 0 for one that always had its name. */
  async add(epoch: string, lastSeq: number, ackedSeq: number, baseSeq: number): Promise<void> {
    const more = { epoch, last_seq: lastSeq, acked_seq: ackedSeq, ...(baseSeq > 0 ? { base_seq: baseSeq } : {}) };
    const all = [...this.#all.filter((e) => e.epoch !== epoch), more].slice(-KEPT);
    await writeFileAtomic(this.#root, FILE, `${JSON.stringify(all)}\n`);
    this.#all = all;
  }

  /** Forgets every one. */
  async clear(): Promise<void> {
    this.#all = [];
    await writeFileAtomic(this.#root, FILE, "[]\n");
  }
}

function isEnded(value: unknown): value is EndedEpoch {
  const { epoch, last_seq, acked_seq, base_seq = 0 } = (value ?? {}) as Record<string, unknown>;
  const isName = typeof epoch === "string" && /^[0-9a-f]{16}$/.test(epoch);
  return isName && [last_seq, acked_seq, base_seq].every(Number.isSafeInteger);
}

async function readEnded(root: string): Promise<EndedEpoch[]> {
  try {
    const value: unknown = JSON.parse((await readIfThere(join(root, FILE))) ?? "[]");
    return Array.isArray(value) ? value.filter(isEnded).slice(-KEPT) : [];
  } catch {
    return [];
  }
}
