/** A sample of times in nanoseconds, as the programs of native/bench print it. */
export interface Sample {
  readonly count: number;
  readonly p10_ns: number;
  readonly p50_ns: number;
  readonly p99_ns: number;
}

export type Target = "exec" | "open" | "open-watched" | "connect";

export interface Latency {
  readonly what: "latency";
  readonly round: number;
  readonly subject: string;
  readonly target: Target;
  readonly ns: Sample;
  /** The same as though the processor had been equally fast all the time. */
  readonly paced: Sample;
  /** How often it was done, the warm-up included, and what the subject told of it: a tally of an engine, or counts. */
  readonly done: number;
  readonly told: Told;
}

/** What a generator did, by its own count. */
export interface Truth {
  readonly kind: string;
  readonly wanted_per_s: number;
  readonly reached_per_s: number;
  readonly seconds: number;
  readonly exec: number;
  readonly matched: number;
  readonly connect: number;
}

interface Kind {
  readonly lines: number;
  readonly bytes: number;
}

/** What is found of it in the engine's lines. */
export interface Tally {
  readonly lines: number;
  readonly seq_gaps: number;
  readonly kinds: Readonly<Record<"exec" | "fork" | "exit" | "open" | "connect" | "policy_connect" | "unknown", Kind>>;
  readonly lost: Readonly<Record<string, number>>;
}

/** An engine's tally, or a peer's count of what it wrote and dropped; nothing of both where nothing watched. */
export interface Told extends Partial<Omit<Tally, "lost">> {
  readonly exec?: number;
  readonly open?: number;
  readonly connect?: number;
  readonly lost?: number | Tally["lost"];
}

export interface Loss {
  readonly what: "loss";
  readonly subject: string;
  readonly case: string;
  readonly truth: Truth;
  readonly tally: Tally;
}

export interface Delay {
  readonly what: "delay";
  readonly subject: string;
  readonly op: string;
  readonly missing: number;
  readonly from_call: Sample;
  readonly from_record: Sample;
}

/** Bytes. */
export interface Memory {
  readonly what: "memory";
  readonly subject: string;
  readonly rss: number;
  readonly rss_anon: number;
  readonly maps: number;
  readonly programs: number;
  readonly charged: number;
  readonly slab: number;
  readonly percpu: number;
  readonly vmalloc: number;
}

export interface Soak {
  readonly what: "soak";
  readonly subject: string;
  readonly churned: number;
  /** Policies told as loaded whose plans are gone, or the other way round, three seconds after the last change. */
  readonly mismatched: number;
  readonly truth: Truth;
  readonly tally: Tally;
}

export interface SoakSample {
  readonly what: "soak-sample";
  readonly second: number;
  readonly rss: number;
  readonly maps: number;
  readonly programs: number;
  readonly charged: number;
  readonly slab: number;
}

export interface Machine {
  readonly what: "machine";
  readonly kernel: string;
  readonly cores: number;
}

type Line = Latency | Loss | Delay | Memory | Soak | SoakSample | Machine;

/** Lines of one run of native/bench/run.sh, by kind. The file is of our own making; a line that is no JSON ends the bench. */
export class Lines {
  readonly #lines: readonly Line[];

  constructor(text: string) {
    this.#lines = text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
  }

  /** Lines of several runs as those of one. */
  static all(runs: readonly Lines[]): Lines {
    return new Lines(runs.flatMap((run) => run.#lines.map((line) => JSON.stringify(line))).join("\n"));
  }

  of<K extends Line["what"]>(what: K): Extract<Line, { what: K }>[] {
    return this.#lines.filter((line): line is Extract<Line, { what: K }> => line.what === what);
  }
}
