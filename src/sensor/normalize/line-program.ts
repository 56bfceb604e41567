import file from "../../../native/.output/lines.wasm" with { type: "file" };

/** Areas of its memory, as native/lines/lines.c numbers them. */
const AREA = { input: 0, output: 1, ends: 2, result: 3, text: 4, times: 5 } as const;
/** Length of a text there is none of. */
const NONE = 0xffffffff;

/** Why it stopped: everything is done, the next line is for the long way, there is no room for more events. */
export const STOP = { atEnd: 0, notPlain: 1, full: 2 } as const;

interface Exports {
  readonly memory: WebAssembly.Memory;
  lines_area(which: number): number;
  lines_run(from: number, length: number, runLength: number, expected: number, seq: number, untilUs: number): void;
  lines_put(pid: number, uid: number, ...lengths: number[]): void;
  lines_find(length: number): number;
  lines_end(length: number, nowUs: number): void;
  lines_replaced(pid: number, length: number, nowUs: number): void;
  lines_processes(): number;
  lines_evicted(): number;
  lines_recent(length: number): number;
  lines_set_recent(length: number, count: number): void;
  lines_close_bursts(): void;
  lines_open_burst(length: number): void;
  lines_workload(cgroup: number, packed: number): void;
  lines_forget_workloads(): void;
}

/** Where lines are expected to go on. */
export interface Expected {
  readonly runId: string;
  /** Number of the next line. */
  readonly line: number;
  /** Number the next event gets. */
  readonly seq: number;
  /** Microseconds since 1970: a line of then or later ends a burst. */
  readonly untilUs: number;
}

/** What became of a chunk, or of its rest. */
export interface Ran {
  readonly stop: number;
  /** Where it stopped, in bytes of the chunk. */
  readonly at: number;
  readonly lines: number;
  /** Time of the latest line. */
  readonly latestUs: number;
  /** Its events, each in MessagePack with its number in it, until the program is used again, and where each of them ends. */
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

/** A process it remembers; its ancestor as MessagePack. */
export interface Remembered {
  readonly packed: Uint8Array;
  readonly parentExecId: string | undefined;
  readonly cgroup: string | undefined;
  readonly docker: string | undefined;
  /** Of `isStill`. */
  readonly mark: Mark;
}

/** A place of the program's memory and what stands there for as long as an answer holds. */
interface Mark {
  readonly word: number;
  readonly stamp: number;
}

// With the module, not under the first line.
const compiled = await WebAssembly.compile(await Bun.file(file).arrayBuffer());

/**
 * Turns the engine's lines into events (native/lines, in WebAssembly: what a process calls itself cannot reach beyond its memory), and
 * remembers what they tell of later ones: processes, times of executions by program, workloads by cgroup. Lines that are not plainly
 * right or not common go the long way, which uses the same memory. Any method may throw when the program has a fault; after that it is
 * not used again.
 */
export class LineProgram {
  readonly #exports = new WebAssembly.Instance(compiled).exports as unknown as Exports;
  readonly #at: Readonly<Record<keyof typeof AREA, number>>;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  #memory = new Uint8Array();
  #words = new Uint32Array();
  #input: Uint8Array | undefined;

  constructor() {
    const at = (which: number): number => this.#exports.lines_area(which);
    const { input, output, ends, result, text, times } = AREA;
    this.#at = {
      input: at(input),
      output: at(output),
      ends: at(ends),
      result: at(result),
      text: at(text),
      times: at(times),
    };
  }

  /** Lines of a chunk from a place on, to the first that is not plain. The chunk ends with a line's end and has at most 256 KB. */
  run(chunk: Uint8Array, from: number, expected: Expected): Ran {
    const { runId, line, seq, untilUs } = expected;
    if (this.#input !== chunk) this.#view().set(chunk, this.#at.input);
    this.#input = chunk;
    const runLength = this.#text(runId);
    this.#exports.lines_run(from, chunk.length, runLength, line, seq, untilUs);
    const memory = this.#view();
    const [stop, at, lines, events] = this.#result(4);
    const ends = new Uint32Array(memory.buffer, this.#at.ends, events).slice();
    const { output } = this.#at;
    const bytes = memory.subarray(output, output + (ends.at(-1) ?? 0));
    return { stop: stop!, at: at!, lines: lines!, latestUs: this.#times(1)[0]!, bytes, ends };
  }

  /** Remembers a process. */
  put(about: {
    readonly execId: string;
    readonly pid: number;
    readonly uid: number | undefined;
    readonly binary: string;
    readonly arguments: string | undefined;
    readonly parentExecId: string | undefined;
    readonly cgroup: string | undefined;
    readonly docker: string | undefined;
  }): void {
    const parts = [about.execId, about.binary, about.arguments, about.parentExecId, about.cgroup, about.docker];
    let at = 0;
    const lengths = parts.map((part) => {
      if (part === undefined) return NONE;
      const length = this.#text(part, at);
      at += length;
      return length;
    });
    this.#exports.lines_put(about.pid, about.uid ?? -1, ...lengths);
  }

  find(execId: string): Remembered | undefined {
    if (this.#exports.lines_find(this.#text(execId)) === 0) return undefined;
    const words = this.#result(10);
    const memory = this.#view();
    const part = (i: number): Uint8Array => memory.subarray(words[i], words[i]! + words[i + 1]!);
    const text = (i: number): string | undefined => (words[i] === 0 ? undefined : this.#decoder.decode(part(i)));
    return {
      packed: part(0),
      parentExecId: text(2),
      cgroup: text(4),
      docker: text(6),
      mark: { word: words[8]! >> 2, stamp: words[9]! },
    };
  }

  /** Whether `find` would give what it gave with this mark. */
  isStill({ word, stamp }: Mark): boolean {
    const { buffer } = this.#exports.memory;
    if (this.#words.buffer !== buffer) this.#words = new Uint32Array(buffer);
    return this.#words[word] === stamp;
  }

  end(execId: string, nowUs: number): void {
    this.#exports.lines_end(this.#text(execId), nowUs);
  }

  replaced(pid: number, execId: string, nowUs: number): void {
    this.#exports.lines_replaced(pid, this.#text(execId), nowUs);
  }

  get processes(): number {
    return this.#exports.lines_processes();
  }

  get evicted(): number {
    return this.#exports.lines_evicted();
  }

  /** Times of the latest events of a burst's key that passed. */
  recent(key: string): number[] {
    return [...this.#times(this.#exports.lines_recent(this.#text(key)))];
  }

  setRecent(key: string, times: readonly number[]): void {
    this.#times(times.length).set(times);
    this.#exports.lines_set_recent(this.#text(key), times.length);
  }

  /** Bursts under way: what falls into them goes the long way. */
  setBursts(keys: readonly string[]): void {
    this.#exports.lines_close_bursts();
    for (const key of keys) this.#exports.lines_open_burst(this.#text(key));
  }

  /** What was made of a cgroup, as MessagePack; empty when nothing was. */
  setWorkload(cgroup: string, packed: Uint8Array): void {
    const length = this.#text(cgroup);
    this.#view().set(packed, this.#at.text + length);
    this.#exports.lines_workload(length, packed.length);
  }

  forgetWorkloads(): void {
    this.#exports.lines_forget_workloads();
  }

  /** Puts a text where the program reads texts; its length there. */
  #text(text: string, at = 0): number {
    const start = this.#at.text + at;
    const { written } = this.#encoder.encodeInto(text, this.#view().subarray(start, start + 4 * text.length));
    return written;
  }

  /** Its memory, as large as it is now. */
  #view(): Uint8Array {
    const { buffer } = this.#exports.memory;
    if (this.#memory.buffer !== buffer) this.#memory = new Uint8Array(buffer);
    return this.#memory;
  }

  #result(count: number): Uint32Array {
    return new Uint32Array(this.#exports.memory.buffer, this.#at.result, count);
  }

  #times(count: number): Float64Array {
    return new Float64Array(this.#exports.memory.buffer, this.#at.times, count);
  }
}
