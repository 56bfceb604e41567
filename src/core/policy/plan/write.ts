import { crc32c } from "../../crc32c.ts";
import { AppError } from "../../error.ts";
import {
  HEADER,
  HEADER_BYTES,
  LAYOUTS,
  PLAN_MAGIC,
  PLAN_MAX_BYTES,
  PLAN_NONE,
  PLAN_VERSION,
  RECORD_NAMES,
  SECTION_NAMES,
  SECTIONS,
  type Field,
  type RecordName,
} from "./layout.ts";
import type { Plan } from "./plan.ts";
import { TextPool } from "./text-pool.ts";

type Row = Readonly<Record<string, unknown>>;

const align = (offset: number): number => (offset + 7) & ~7;

function tooLarge(message: string): AppError {
  return new AppError("too_large", message, { hint: "Divide it into several policies." });
}

/** Rows of every section; lists are put behind each other in the order they are first named. */
class Tables {
  readonly rows: Record<RecordName, Row[]>;
  readonly text = new TextPool();
  /** Where a list, or a single record, was put. */
  readonly #placed = new Map<object, number>();

  constructor(plan: Plan) {
    this.rows = { policy: [], hooks: [], args: [], selectors: [], filters: [], values: [], actions: [], code: [] };
    this.place("policy", [plan.policy]);
    this.place("hooks", plan.hooks);
  }

  /** Index of the list's first row, which is added when it is new. */
  place(of: RecordName, list: readonly Row[], key: object = list): number {
    if (list.length === 0) return 0;
    const known = this.#placed.get(key);
    if (known !== undefined) return known;
    const rows = this.rows[of];
    const first = rows.length;
    if (first + list.length > SECTIONS[of])
      throw tooLarge(`The policy needs more than ${SECTIONS[of]} ${of === "code" ? "steps of code" : of}.`);
    for (const row of list) rows.push(row);
    this.#placed.set(key, first);
    return first;
  }
}

function putInt(view: DataView, at: number, bits: 8 | 32, value: number, what: string): void {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits)
    throw new AppError("invalid_request", `${what} cannot be ${value} in a plan.`);
  if (bits === 8) view.setUint8(at, value);
  else view.setUint32(at, value, true);
}

function putField(tables: Tables, view: DataView, at: number, field: Field, value: unknown, what: string): void {
  switch (field.is) {
    case "u8":
    case "u32":
      return putInt(view, at, field.is === "u8" ? 8 : 32, value as number, what);
    case "i32":
      // In two's complement; putInt refuses what does not fit.
      return putInt(view, at, 32, (value as number) < 0 ? (value as number) + 2 ** 32 : (value as number), what);
    case "u64":
      return view.setBigUint64(at, value as bigint, true);
    case "maybe":
      return putInt(view, at, 32, (value as number | null) ?? PLAN_NONE, what);
    case "enum": {
      const index = field.names.indexOf(value as string);
      // -1 would be a valid number for an enumeration that begins with 1.
      return putInt(view, at, field.bits, index < 0 ? index : index + field.first, what);
    }
    case "flags":
      return putInt(
        view,
        at,
        field.bits,
        (value as string[]).reduce((bits, name) => bits | field.names[name]!, 0),
        what,
      );
    case "text":
    case "bytes": {
      const ref =
        field.is === "text" ? tables.text.addText(value as string) : tables.text.addBytes(value as Uint8Array);
      view.setUint32(at, ref.offset, true);
      return view.setUint32(at + 4, ref.length, true);
    }
    case "range": {
      const list = value as readonly Row[];
      view.setUint32(at, tables.place(field.of, list), true);
      return view.setUint32(at + 4, list.length, true);
    }
    case "one":
      return view.setUint32(
        at,
        value === null ? PLAN_NONE : tables.place(field.of, [value as Row], value as Row),
        true,
      );
    case "pad":
      return;
  }
}

/** Writes a plan's bytes; the same plan gives the same bytes. AppError `too_large` when a limit of the format is passed. */
export function writePlan(plan: Plan): Uint8Array<ArrayBuffer> {
  const tables = new Tables(plan);
  // References only lead to later sections, so each section is complete when its turn comes.
  const bodies = RECORD_NAMES.map((name) => {
    const { size, fields } = LAYOUTS[name];
    const rows = tables.rows[name];
    const bytes = new Uint8Array(rows.length * size);
    const view = new DataView(bytes.buffer);
    rows.forEach((row, i) => {
      for (const { name: key, offset, field } of fields)
        putField(tables, view, i * size + offset, field, row[key], `${name}.${key}`);
    });
    return { bytes, count: rows.length };
  });
  const text = tables.text.bytes();
  const all = [...bodies, { bytes: text, count: text.length }];
  const size = align(all.reduce((sum, { bytes }) => align(sum) + bytes.length, HEADER_BYTES));
  if (size > PLAN_MAX_BYTES) throw tooLarge(`The policy's plan would be larger than ${PLAN_MAX_BYTES >> 20} MiB.`);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  out.set(PLAN_MAGIC);
  view.setUint32(HEADER.version, PLAN_VERSION, true);
  view.setUint32(HEADER.size, size, true);
  let at = HEADER_BYTES;
  SECTION_NAMES.forEach((_, i) => {
    const { bytes, count } = all[i]!;
    view.setUint32(HEADER.sections + i * 8, at, true);
    view.setUint32(HEADER.sections + i * 8 + 4, count, true);
    out.set(bytes, at);
    at = align(at + bytes.length);
  });
  view.setUint32(HEADER.crc, crc32c(out, 0, HEADER_BYTES), true);
  return out;
}
