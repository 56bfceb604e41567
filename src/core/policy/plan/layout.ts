import * as names from "./names.ts";

/*
 * The structs of native/include/plan.h, declared once: encode, decode, docs/plan-format.md and the tests all go by this
 * table. Fields stand in C's order with C's names and need no padding beyond what is named.
 */

/** "TXPLAN\r\n": damaged by any transfer that touches line ends. */
export const PLAN_MAGIC = Uint8Array.of(0x54, 0x58, 0x50, 0x4c, 0x41, 0x4e, 0x0d, 0x0a);
export const PLAN_VERSION = 1;
/** Largest file, in bytes. */
export const PLAN_MAX_BYTES = 16 << 20;
/** "Not there", where an index or a number may be absent. */
export const PLAN_NONE = 0xffff_ffff;
export const HEADER_BYTES = 96;
/** Offsets in the header. */
export const HEADER = { version: 8, size: 12, crc: 16, flags: 20, sections: 24 } as const;
/** Position that means the return value. */
export const RETURN_POSITION = 255;
/** Deepest stack of an expression. */
export const MAX_STACK = 64;

/** Sections in file order, with the most records each may have. The last holds bytes. */
export const SECTIONS = {
  policy: 1,
  hooks: 4096,
  args: 8192,
  selectors: 4096,
  filters: 65_536,
  values: 262_144,
  actions: 16_384,
  code: 65_536,
  text: PLAN_MAX_BYTES,
} as const;
export type SectionName = keyof typeof SECTIONS;
export type RecordName = Exclude<SectionName, "text">;

export type Field =
  | { readonly is: "u8" | "u32" | "i32" | "u64" }
  /** u32, or null for PLAN_NONE. */
  | { readonly is: "maybe" }
  | { readonly is: "enum"; readonly bits: 8 | 32; readonly first: 0 | 1; readonly names: readonly string[] }
  | { readonly is: "flags"; readonly bits: 8 | 32; readonly names: Readonly<Record<string, number>> }
  /** (offset, length) in the text section: UTF-8, or bytes. */
  | { readonly is: "text" | "bytes" }
  /** (first, count) in a section. */
  | { readonly is: "range"; readonly of: RecordName }
  /** Index in a section, or null. */
  | { readonly is: "one"; readonly of: RecordName }
  | { readonly is: "pad"; readonly bytes: number };

const u8 = { is: "u8" } as const;
const u32 = { is: "u32" } as const;
const u64 = { is: "u64" } as const;
const text = { is: "text" } as const;
const pad = <B extends number>(bytes: B) => ({ is: "pad", bytes }) as const;
const range = <S extends RecordName>(of: S) => ({ is: "range", of }) as const;
const enumOf = <B extends 8 | 32, const N extends readonly string[]>(bits: B, first: 0 | 1, list: N) =>
  ({ is: "enum", bits, first, names: list }) as const;
const flagsOf = <B extends 8 | 32, const N extends Readonly<Record<string, number>>>(bits: B, list: N) =>
  ({ is: "flags", bits, names: list }) as const;

export const STRUCTS = {
  policy: {
    name: text,
    namespace: text,
    workload: text,
    mode: enumOf(32, 0, names.MODES),
    override_method: enumOf(32, 0, names.OVERRIDE_METHODS),
    flags: flagsOf(32, names.POLICY_FLAGS),
    pad: pad(4),
  },
  hooks: {
    kind: enumOf(32, 1, names.HOOK_KINDS),
    flags: flagsOf(32, names.HOOK_FLAGS),
    call: text,
    group: text,
    path: text,
    btf: text,
    digest: text,
    message: text,
    tags: text,
    offset: u64,
    ref_ctr: u64,
    args: range("args"),
    selectors: range("selectors"),
    return_arg: { is: "one", of: "args" },
    return_action: enumOf(32, 0, names.RETURN_ACTIONS),
    line: u32,
    column: u32,
  },
  args: {
    type: enumOf(8, 0, names.PLAN_ARG_TYPES),
    source: enumOf(8, 0, names.ARG_SOURCES),
    index: u8,
    flags: flagsOf(8, names.ARG_FLAGS),
    size_index: { is: "maybe" },
    max_data: u32,
    pad: pad(4),
    resolve: text,
    btf_type: text,
    btf_module: text,
    label: text,
  },
  selectors: {
    filters: range("filters"),
    return_filters: range("filters"),
    actions: range("actions"),
    return_actions: range("actions"),
    label: text,
  },
  filters: {
    kind: enumOf(8, 1, names.FILTER_KINDS),
    flags: flagsOf(8, names.FILTER_FLAGS),
    arg: u8,
    sub: u8,
    pad: pad(4),
    values: range("values"),
    code: range("code"),
  },
  values: { a: u64, b: u64, text: { is: "bytes" } },
  actions: {
    kind: enumOf(8, 1, names.ACTION_KINDS),
    flags: flagsOf(8, names.ACTION_FLAGS),
    scope: enumOf(8, 0, names.RATE_SCOPES),
    arg: u8,
    error: { is: "i32" },
    signal: u32,
    value: u32,
    interval_ns: u64,
    text,
  },
  code: { op: enumOf(8, 1, names.CODE_OPS), arg: u8, pad: pad(6), value: u64 },
} as const satisfies Record<RecordName, Readonly<Record<string, Field>>>;

/** Size of a field in bytes. */
export function fieldBytes(field: Field): number {
  switch (field.is) {
    case "u8":
      return 1;
    case "u32":
    case "i32":
    case "maybe":
    case "one":
      return 4;
    case "u64":
    case "text":
    case "bytes":
    case "range":
      return 8;
    case "enum":
    case "flags":
      return field.bits / 8;
    case "pad":
      return field.bytes;
  }
}

/** A struct's fields with their offsets, and its size. */
export interface Layout {
  readonly size: number;
  readonly fields: readonly { readonly name: string; readonly offset: number; readonly field: Field }[];
}

function layOut(fields: Readonly<Record<string, Field>>): Layout {
  let offset = 0;
  const placed = Object.entries(fields).map(([name, field]) => {
    const at = { name, offset, field };
    offset += fieldBytes(field);
    return at;
  });
  return { size: offset, fields: placed };
}

export const LAYOUTS: Readonly<Record<RecordName, Layout>> = {
  policy: layOut(STRUCTS.policy),
  hooks: layOut(STRUCTS.hooks),
  args: layOut(STRUCTS.args),
  selectors: layOut(STRUCTS.selectors),
  filters: layOut(STRUCTS.filters),
  values: layOut(STRUCTS.values),
  actions: layOut(STRUCTS.actions),
  code: layOut(STRUCTS.code),
};

export const SECTION_NAMES = Object.keys(SECTIONS) as readonly SectionName[];
export const RECORD_NAMES = Object.keys(STRUCTS) as readonly RecordName[];
