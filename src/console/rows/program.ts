import file from "../../../native/.output/rows.wasm" with { type: "file" };
import { BlockWriter } from "../stores/native-block.ts";
import { RUNTIME_EVENT_COLUMNS } from "../stores/runtime-event-block.ts";
import { makeRowTables, type OriginColumn } from "./column-table.ts";
import { writeOriginColumn, type Run } from "./origin-columns.ts";

/** Areas of its memory, as native/rows/rows.c numbers them. */
const AREA = { table: 0, names: 1, result: 2, seqs: 3, times: 4, marks: 5, pieces: 6, input: 7 } as const;
const MARK_WORDS = 8;
const PIECE_WORDS = 3;
/** The program reads whole vectors, beyond the end too. */
const SLACK_BYTES = 64;
const PAGE_BYTES = 65_536;
/** A block of 2,048 rows without its texts, about. */
const BLOCK_HEAD_BYTES = 300_000;

export const OUTCOME = { all: 0, blockFull: 1, notPlain: 2 } as const;

/** Between which numbers and times events may lie; times in microseconds. */
export interface Bounds {
  /** Their numbers rise above it. */
  readonly previousSeq: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Events up to it are had already and give no row. */
  readonly cursor: number;
  readonly fromUs: number;
  readonly toUs: number;
}

/** What became of one call. */
export interface Added {
  readonly outcome: number;
  /** Events walked over, and of these the ones that were had already. */
  readonly events: number;
  readonly had: number;
  readonly bytes: number;
  /** Rows in the block now. */
  readonly rows: number;
}

/** A row of the block that is open, for as long as it is. Texts are UTF-8. */
export interface OpenRow {
  readonly seq: number;
  readonly observedUs: number;
  readonly json: Uint8Array;
  readonly raw: Uint8Array;
  /** Where its event stands in the bytes that were given. */
  readonly at: number;
  readonly length: number;
  readonly isLoss: boolean;
  /** As `SEVERITIES` counts them. */
  readonly rank: number;
}

/** Its memory, seen in the three ways it is read. */
interface Views {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  rows_area(which: number): number;
  rows_load(root: number, columns: number, count: number): void;
  rows_begin(): void;
  rows_add(at: number, length: number, count: number, ...bounds: number[]): void;
  rows_finish(): number;
}

// With the module, not under the first frame.
const compiled = await WebAssembly.compile(await Bun.file(file).arrayBuffer());

/**
 * Turns events in MessagePack into blocks of ClickHouse's Native format (native/rows, in WebAssembly: what a sensor sends cannot reach
 * beyond its memory). One block at a time: `begin`, `add` as often as there is something, `finish`. After a trap it is not used again.
 */
export class RowProgram {
  readonly #exports: Exports;
  /** Where its areas begin, in bytes. */
  readonly #areas: Readonly<Record<keyof typeof AREA, number>>;
  #seen: Views | undefined;
  readonly #heads: readonly Uint8Array[];
  readonly #placeOf: ReadonlyMap<number, number>;

  constructor() {
    this.#exports = new WebAssembly.Instance(compiled).exports as unknown as Exports;
    const { schema, columns, places } = makeRowTables();
    const memory = this.#exports.memory.buffer;
    const table = this.#exports.rows_area(AREA.table);
    new Uint32Array(memory, table).set(schema.words);
    new Uint32Array(memory, table).set(columns, schema.words.length);
    new Uint8Array(memory, this.#exports.rows_area(AREA.names)).set(schema.names);
    this.#exports.rows_load(schema.root, schema.words.length, places.length);
    const areas = Object.entries(AREA).map(([name, which]) => [name, this.#exports.rows_area(which)] as const);
    this.#areas = Object.fromEntries(areas) as Record<keyof typeof AREA, number>;
    this.#placeOf = new Map(places.map((place, i) => [place, i]));
    this.#heads = RUNTIME_EVENT_COLUMNS.map(({ name, type }) => {
      const writer = new BlockWriter(256);
      writer.text(name);
      writer.text(type);
      return writer.finish();
    });
  }

  /** Empties the block. */
  begin(): void {
    this.#exports.rows_begin();
  }

  /** Adds events until the block is full or one is not plainly right. */
  add(events: Uint8Array, count: number, bounds: Bounds): Added {
    const { input, result } = this.#areas;
    const missing = input + events.length + SLACK_BYTES - this.#views.bytes.length;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.#views.bytes.set(events, input);
    const { previousSeq, firstSeq, lastSeq, cursor, fromUs, toUs } = bounds;
    this.#exports.rows_add(input, events.length, count, previousSeq, firstSeq, lastSeq, cursor, fromUs, toUs);
    const { words } = this.#views;
    const at = result / 4;
    return {
      outcome: words[at]!,
      events: words[at + 1]!,
      had: words[at + 2]!,
      bytes: words[at + 3]!,
      rows: words[at + 4]!,
    };
  }

  /** Copies the numbers of the block's rows to `into`, from `at` on. */
  copySeqs(rows: number, into: Float64Array, at: number): void {
    this.#copy(this.#areas.seqs, rows, into, at);
  }

  /** Copies their times, in microseconds. */
  copyTimes(rows: number, into: Float64Array, at: number): void {
    this.#copy(this.#areas.times, rows, into, at);
  }

  /** A row of the block; its parts are views that the next call of the program makes stale. */
  row(row: number): OpenRow {
    const { bytes, words, numbers } = this.#views;
    const mark = this.#areas.marks / 4 + row * MARK_WORDS;
    const [json, raw] = [words[mark]!, words[mark + 2]!];
    return {
      seq: numbers[this.#areas.seqs / 8 + row]!,
      observedUs: numbers[this.#areas.times / 8 + row]!,
      json: bytes.subarray(json, json + words[mark + 1]!),
      raw: bytes.subarray(raw, raw + words[mark + 3]!),
      at: words[mark + 4]!,
      length: words[mark + 5]!,
      isLoss: words[mark + 6] === 1,
      rank: words[mark + 7]!,
    };
  }

  /** The block; `runs` say whose its rows are, in order. */
  finish(runs: readonly Run[]): Uint8Array<ArrayBuffer> {
    let rows = 0;
    for (const run of runs) rows += run.rows;
    const pieces = this.#exports.rows_finish();
    const { bytes: memory, words: all } = this.#views;
    const words = all.subarray(this.#areas.pieces / 4, this.#areas.pieces / 4 + pieces);
    let bytes = BLOCK_HEAD_BYTES;
    for (let i = 2; i < words.length; i += PIECE_WORDS) bytes += words[i]!;
    const writer = new BlockWriter(bytes);
    writer.varint(RUNTIME_EVENT_COLUMNS.length);
    writer.varint(rows);
    let next = 0;
    for (const [place, head] of this.#heads.entries()) {
      writer.bytes(head);
      const column = this.#placeOf.get(place);
      if (column === undefined) writeOriginColumn(writer, RUNTIME_EVENT_COLUMNS[place]!.name as OriginColumn, runs);
      for (; next < words.length && words[next] === column; next += PIECE_WORDS)
        writer.bytes(memory.subarray(words[next + 1], words[next + 1]! + words[next + 2]!));
    }
    return writer.finish();
  }

  /** Made anew when the memory has grown, which leaves the old ones empty. */
  get #views(): Views {
    let views = this.#seen;
    if (views && views.bytes.length > 0) return views;
    const buffer = this.#exports.memory.buffer as ArrayBuffer;
    views = { bytes: new Uint8Array(buffer), words: new Uint32Array(buffer), numbers: new Float64Array(buffer) };
    return (this.#seen = views);
  }

  #copy(area: number, rows: number, into: Float64Array, at: number): void {
    const { numbers } = this.#views;
    for (let row = 0; row < rows; row++) into[at + row] = numbers[area / 8 + row]!;
  }
}
