import { crc32c } from "../../crc32c.ts";
import {
  HEADER,
  HEADER_BYTES,
  LAYOUTS,
  PLAN_MAGIC,
  PLAN_MAX_BYTES,
  PLAN_NONE,
  PLAN_VERSION,
  SECTION_NAMES,
  SECTIONS,
  type Field,
  type RecordName,
  type SectionName,
} from "./layout.ts";
import { checkPlan } from "./check-plan.ts";
import type { Plan, PlanHook, PlanPolicy } from "./plan.ts";
import { planError } from "./plan-error.ts";

type Row = Readonly<Record<string, unknown>>;

/** Ranges and texts may overlap, so what they unfold to is bounded apart from the file's size. */
const MAX_ELEMENTS = 1 << 20;
const MAX_TEXT_BYTES = 2 * PLAN_MAX_BYTES;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

interface Section {
  readonly offset: number;
  readonly count: number;
}

function readHeader(bytes: Uint8Array, view: DataView): Record<SectionName, Section> {
  if (bytes.length < HEADER_BYTES || PLAN_MAGIC.some((byte, i) => bytes[i] !== byte))
    throw planError("it does not begin as one");
  if (bytes.length > PLAN_MAX_BYTES) throw planError(`it is larger than ${PLAN_MAX_BYTES >> 20} MiB`);
  const version = view.getUint32(HEADER.version, true);
  if (version !== PLAN_VERSION) throw planError(`it is of version ${version}, not ${PLAN_VERSION}`);
  if (view.getUint32(HEADER.size, true) !== bytes.length) throw planError("it is cut off or has something behind it");
  if (view.getUint32(HEADER.crc, true) !== crc32c(bytes, 0, HEADER_BYTES)) throw planError("its checksum does not fit");
  if (view.getUint32(HEADER.flags, true) !== 0) throw planError("its header has unknown flags");
  const sections: Partial<Record<SectionName, Section>> = {};
  let end = HEADER_BYTES;
  SECTION_NAMES.forEach((name, i) => {
    const offset = view.getUint32(HEADER.sections + i * 8, true);
    const count = view.getUint32(HEADER.sections + i * 8 + 4, true);
    const size = name === "text" ? 1 : LAYOUTS[name].size;
    if (count > SECTIONS[name]) throw planError(`its section ${name} has too many records`);
    if (offset % 8 !== 0 || offset < end || offset + count * size > bytes.length)
      throw planError(`its section ${name} is out of place`);
    end = offset + count * size;
    sections[name] = { offset, count };
  });
  return sections as Record<SectionName, Section>;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly sections: Record<SectionName, Section>;
  readonly #rows = new Map<RecordName, Map<number, Row>>();
  readonly #lists = new Map<string, readonly Row[]>();
  readonly #texts = new Map<string, string | Uint8Array>();
  #elements = 0;
  #textBytes = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.sections = readHeader(bytes, this.#view);
  }

  list(of: RecordName, first: number, count: number): readonly Row[] {
    if (count === 0 ? first !== 0 : first + count > this.sections[of].count)
      throw planError(`a record names ${of} that are not there`);
    const key = `${of} ${first} ${count}`;
    const known = this.#lists.get(key);
    if (known) return known;
    this.#elements += count;
    if (this.#elements > MAX_ELEMENTS) throw planError("its records name each other too often");
    const list = Array.from({ length: count }, (_, i) => this.#row(of, first + i));
    this.#lists.set(key, list);
    return list;
  }

  #row(of: RecordName, index: number): Row {
    let rows = this.#rows.get(of);
    if (!rows) this.#rows.set(of, (rows = new Map()));
    const known = rows.get(index);
    if (known) return known;
    const { size, fields } = LAYOUTS[of];
    const start = this.sections[of].offset + index * size;
    const row: Record<string, unknown> = {};
    for (const { name, offset, field } of fields) {
      const value = this.#field(start + offset, field, `${of}.${name}`);
      if (field.is !== "pad") row[name] = value;
    }
    rows.set(index, row);
    return row;
  }

  #field(at: number, field: Field, what: string): unknown {
    const view = this.#view;
    const u32 = (): number => view.getUint32(at, true);
    switch (field.is) {
      case "u8":
        return view.getUint8(at);
      case "u32":
        return u32();
      case "i32":
        return view.getInt32(at, true);
      case "u64":
        return view.getBigUint64(at, true);
      case "maybe":
        return u32() === PLAN_NONE ? null : u32();
      case "enum": {
        const name = field.names[(field.bits === 8 ? view.getUint8(at) : u32()) - field.first];
        if (name === undefined) throw planError(`${what} has an unknown value`);
        return name;
      }
      case "flags": {
        const bits = field.bits === 8 ? view.getUint8(at) : u32();
        const names = Object.keys(field.names).filter((name) => (bits & field.names[name]!) !== 0);
        if (names.reduce((sum, name) => sum | field.names[name]!, 0) !== bits)
          throw planError(`${what} has unknown flags`);
        return names;
      }
      case "text":
      case "bytes":
        return this.#text(u32(), view.getUint32(at + 4, true), field.is, what);
      case "range":
        return this.list(field.of, u32(), view.getUint32(at + 4, true));
      case "one":
        return u32() === PLAN_NONE ? null : this.list(field.of, u32(), 1)[0];
      case "pad":
        if (this.#bytes.subarray(at, at + field.bytes).some((byte) => byte !== 0)) throw planError(`${what} is not 0`);
        return undefined;
    }
  }

  #text(offset: number, length: number, as: "text" | "bytes", what: string): string | Uint8Array {
    const { text } = this.sections;
    if (length === 0 ? offset !== 0 : offset + length > text.count) throw planError(`${what} lies outside of its text`);
    const key = `${as} ${offset} ${length}`;
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    this.#textBytes += length;
    if (this.#textBytes > MAX_TEXT_BYTES) throw planError("its records name its text too often");
    const bytes = this.#bytes.slice(text.offset + offset, text.offset + offset + length);
    const value = as === "bytes" ? bytes : decodeUtf8(bytes, what);
    this.#texts.set(key, value);
    return value;
  }
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw planError(`${what} is not UTF-8`);
  }
}

/** Reads a plan. AppError `invalid_request` for anything but a whole, sound one; never another error. */
export function decodePlan(bytes: Uint8Array): Plan {
  const reader = new Reader(bytes);
  if (reader.sections.policy.count !== 1) throw planError("it has no policy");
  const plan: Plan = {
    policy: reader.list("policy", 0, 1)[0] as unknown as PlanPolicy,
    hooks: reader.list("hooks", 0, reader.sections.hooks.count) as unknown as readonly PlanHook[],
  };
  checkPlan(plan);
  return plan;
}
