import { expect } from "bun:test";
import { Unpackr } from "msgpackr";
import { compile } from "../../src/core/check.ts";
import { RuntimeEvent } from "../../src/core/event/event.ts";
import { Enricher } from "../../src/sensor/enrich/enrich.ts";
import { PodNames } from "../../src/sensor/enrich/pod-names.ts";
import type { EventDraft } from "../../src/sensor/normalize/draft.ts";
import { LineProgram } from "../../src/sensor/normalize/line-program.ts";
import { PackedEvents } from "../../src/sensor/tail/packed-events.ts";
import { Pipeline } from "../../src/sensor/tail/pipeline.ts";
import { START } from "../../src/sensor/tail/position.ts";

const unpackr = new Unpackr({ useRecords: false, int64AsType: "number" });
const schema = compile(RuntimeEvent);

/** A reader of chunks: what it makes of them, as the spool would keep it. */
export class ChunkReader {
  readonly pipeline: Pipeline;
  readonly #seqs = { plain: 0, packed: 0 };
  #next = 1;

  constructor(program: LineProgram | undefined) {
    this.pipeline = new Pipeline(new Enricher(new PodNames("/nonexistent")), START, {}, new Map(), program);
  }

  /** Events that the program made. */
  get packed(): number {
    return this.#seqs.packed;
  }

  read(text: string): string[] {
    const made: (EventDraft | PackedEvents)[] = [];
    const give = (event: EventDraft | PackedEvents): boolean => made.push(event) > 0;
    this.pipeline.chunk(Buffer.from(text), { nextSeq: this.#next, give });
    const payloads = this.pipeline.encodeAll(made, this.#next);
    for (const one of made) if (one instanceof PackedEvents) this.#seqs.packed += one.count;
    this.#next += payloads.length;
    for (const payload of payloads) {
      const fault = schema.fault(unpackr.unpack(payload));
      if (fault) throw new Error(`${fault.pointer}: ${fault.reason}`);
    }
    return payloads.map((payload) => Buffer.from(payload).toString("latin1"));
  }
}

export interface BothWays {
  readonly same: (...texts: string[]) => void;
  readonly long: ChunkReader;
  readonly quick: ChunkReader;
}

/** A reader that goes the long way and one that asks the program, and a check that they agree. */
export function bothWays(): BothWays {
  const [long, quick] = [new ChunkReader(undefined), new ChunkReader(new LineProgram())];
  const same = (...texts: string[]): void => {
    for (const text of texts) expect(quick.read(text)).toEqual(long.read(text));
    expect(quick.pipeline.counters).toEqual(long.pipeline.counters);
    expect(quick.pipeline.position(1, 0, false)).toEqual(long.pipeline.position(1, 0, false));
  };
  return { same, long, quick };
}

/** Numbers and times lines as the engine does, from texts that have neither. */
export class LineNumberer {
  #seq = 0;
  #ms = Date.UTC(2026, 10, 26);

  chunk(texts: readonly string[], stepMs = 10): string {
    return texts.map((text) => `${this.#number(text, stepMs)}\n`).join("");
  }

  #number(text: string, stepMs: number): string {
    this.#ms += stepMs;
    const time = `${new Date(this.#ms).toISOString().slice(0, -1)}${String(this.#seq % 1000).padStart(6, "0")}Z`;
    return text
      .replace('"seq":"7"', `"seq":"${++this.#seq}"`)
      .replace(/"time":"[^"]*","telovix"/, `"time":"${time}","telovix"`);
  }
}
