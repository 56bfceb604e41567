import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as layout from "./layout.ts";
import * as names from "./names.ts";

/*
 * plan.h is the contract and this table its other half: what is read out of the header here must be what the table
 * says, in both directions.
 */
const include = join(import.meta.dir, "../../../../native/include");
const source = ["plan.h", "plan_filter.h"].map((name) => readFileSync(join(include, name), "utf8")).join("\n");
const strip = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/\\\n/g, " ");
const code = strip(source);

function enums(text: string): Map<string, Map<string, number>> {
  const all = new Map<string, Map<string, number>>();
  for (const [, name, body] of text.matchAll(/enum (\w+)\s*\{([^}]*)\}/g)) {
    let next = 0;
    const members = new Map<string, number>();
    for (const part of body!.split(",").map((p) => p.trim())) {
      if (part === "") continue;
      const [member, value] = part.split("=").map((p) => p.trim());
      next = value === undefined ? next : Number(value);
      members.set(member!, next++);
    }
    all.set(name!, members);
  }
  return all;
}

const cEnums = enums(code);

/** Members of a C enumeration by their names here: in lower case, without the prefix. Counting members are left out. */
function membersOf(cName: string, prefix: string, counter?: string): Record<string, number> {
  const members = cEnums.get(cName);
  if (!members) throw new Error(`plan.h has no enum ${cName}`);
  return Object.fromEntries(
    [...members]
      .filter(([member]) => member !== counter)
      .map(([member, value]) => {
        if (!member.startsWith(prefix)) throw new Error(`${member} does not begin with ${prefix}`);
        return [member.slice(prefix.length).toLowerCase(), value];
      }),
  );
}

function numbered(list: readonly string[], first: number): Record<string, number> {
  return Object.fromEntries(list.map((name, i) => [name, i + first]));
}

function defines(prefix: string): Record<string, number> {
  const found = [...code.matchAll(/#define (\w+)[ \t]+(0x[0-9a-fA-F]+U?|\d+)\s/g)]
    .filter(([, name]) => name!.startsWith(prefix))
    .map(([, name, value]) => [name!.slice(prefix.length).toLowerCase(), Number(value!.replace("U", ""))] as const);
  return Object.fromEntries(found);
}

const ENUMS: readonly [string, string, readonly string[], number, string?][] = [
  ["tx_plan_section", "TX_PLAN_", layout.SECTION_NAMES, 0, "TX_PLAN_SECTIONS"],
  ["tx_plan_mode", "TX_MODE_", names.MODES, 0],
  ["tx_plan_override", "TX_OVERRIDE_", names.OVERRIDE_METHODS, 0],
  ["tx_plan_hook_kind", "TX_HOOK_", names.HOOK_KINDS, 1],
  ["tx_arg_type", "TX_ARG_", names.PLAN_ARG_TYPES, 0, "TX_ARG_TYPES"],
  ["tx_arg_source", "TX_SOURCE_", names.ARG_SOURCES, 0],
  ["tx_filter_kind", "TX_FILTER_", names.FILTER_KINDS, 1],
  ["tx_cap_set", "TX_CAP_", names.CAP_SETS, 0],
  ["tx_code_op", "TX_CODE_", names.CODE_OPS, 1],
  ["tx_plan_action_kind", "TX_ACTION_", names.ACTION_KINDS, 1],
  ["tx_rate_scope", "TX_RATE_", names.RATE_SCOPES, 0],
];

const FLAGS: readonly [string, Readonly<Record<string, number>>][] = [
  ["TX_PLAN_F_", names.POLICY_FLAGS],
  ["TX_HOOK_F_", names.HOOK_FLAGS],
  ["TX_ARG_F_", names.ARG_FLAGS],
  ["TX_FILTER_F_", names.FILTER_FLAGS],
  ["TX_ACTION_F_", names.ACTION_FLAGS],
];

const STRUCT_NAMES: Readonly<Record<layout.RecordName, string>> = {
  policy: "tx_plan_policy",
  hooks: "tx_plan_hook",
  args: "tx_plan_arg",
  selectors: "tx_plan_selector",
  filters: "tx_plan_filter",
  values: "tx_plan_value",
  actions: "tx_plan_action",
  code: "tx_plan_code",
};

/** Fields of a C struct, each with its type. */
function structFields(cName: string): { name: string; type: string }[] {
  const body = new RegExp(`struct ${cName} \\{([^}]*)\\}`).exec(code)?.[1];
  if (body === undefined) throw new Error(`plan.h has no struct ${cName}`);
  return body
    .split(";")
    .map((declaration) => declaration.trim().replace(/\s+/g, " "))
    .filter((declaration) => declaration !== "")
    .flatMap((declaration) => {
      const match = /^((?:struct )?\w+) (.+)$/.exec(declaration)!;
      return match[2]!.split(",").map((field) => {
        const array = /^(\w+)\[(\d+)\]$/.exec(field.trim());
        return { name: array ? array[1]! : field.trim(), type: match[1]! + (array ? `[${array[2]}]` : "") };
      });
    });
}

function cType(field: layout.Field): string {
  switch (field.is) {
    case "u8":
      return "__u8";
    case "u32":
    case "maybe":
    case "one":
      return "__u32";
    case "i32":
      return "__s32";
    case "u64":
      return "__u64";
    case "enum":
    case "flags":
      return `__u${field.bits}`;
    case "text":
    case "bytes":
      return "struct tx_plan_text";
    case "range":
      return "struct tx_plan_range";
    case "pad":
      return field.bytes === 4 ? "__u32" : `__u8[${field.bytes}]`;
  }
}

describe("the table and plan.h", () => {
  test.each(ENUMS.map((e) => [e[0], e] as const))("enum %s", (_, [cName, prefix, list, first, counter]) => {
    expect(numbered(list, first)).toEqual(membersOf(cName, prefix, counter));
  });

  test("no enum of plan.h is left out", () => {
    expect([...cEnums.keys()].toSorted()).toEqual(ENUMS.map(([name]) => name).toSorted());
  });

  test.each(FLAGS)("flags %s", (prefix, flags) => {
    expect<Record<string, number>>({ ...flags }).toEqual(defines(prefix));
  });

  test("no flag of plan.h is left out", () => {
    const all = [...code.matchAll(/#define (\w+_F_)\w+/g)].map(([, prefix]) => prefix!);
    expect(new Set(all)).toEqual(new Set(FLAGS.map(([prefix]) => prefix)));
  });

  test.each(Object.entries(STRUCT_NAMES) as [layout.RecordName, string][])("struct of %s", (name, cName) => {
    const { fields, size } = layout.LAYOUTS[name];
    expect(fields.map(({ name: field, field: f }) => ({ name: field, type: cType(f) }))).toEqual(structFields(cName));
    const asserted = new RegExp(`_Static_assert\\(sizeof\\(struct ${cName}\\) == (\\d+)`).exec(code)?.[1];
    expect(size).toBe(Number(asserted));
    // What the compiler would add is named: every field lies at a multiple of its own alignment.
    for (const { offset, field } of fields) {
      const bytes = layout.fieldBytes(field);
      const alignment = field.is === "pad" ? (bytes === 4 ? 4 : 1) : "u64" === field.is ? 8 : Math.min(bytes, 4);
      expect(offset % alignment).toBe(0);
    }
  });

  test("constants", () => {
    expect(defines("TX_PLAN_")).toMatchObject({ version: layout.PLAN_VERSION, none: layout.PLAN_NONE });
    expect(/#define TX_PLAN_MAX \((\d+) << (\d+)\)/.exec(code)?.slice(1).map(Number)).toEqual([16, 20]);
    expect(layout.PLAN_MAX_BYTES).toBe(16 << 20);
    expect(/#define TX_PLAN_MAGIC\s+"TXPLAN\\r\\n"/.test(code)).toBe(true);
    expect(Buffer.from(layout.PLAN_MAGIC).toString()).toBe("TXPLAN\r\n");
    expect(Number(/sizeof\(struct tx_plan_header\) == (\d+)/.exec(code)?.[1])).toBe(layout.HEADER_BYTES);
    expect(layout.HEADER.sections + 8 * layout.SECTION_NAMES.length).toBe(layout.HEADER_BYTES);
    expect(Number(/At most (\d+) deep/.exec(source)?.[1])).toBe(layout.MAX_STACK);
  });

  test("limits of the sections stand in the header's comments", () => {
    const said = [...source.matchAll(/TX_PLAN_(\w+),\s*\/\* (?:at most (\d+)|exactly one) \*\//g)].map(
      ([, name, most]) => [name!.toLowerCase(), Number(most ?? 1)] as const,
    );
    const { text: _, ...records } = layout.SECTIONS;
    expect<Record<string, number>>(Object.fromEntries(said)).toEqual(records);
  });

  test("namespaces have the numbers of events.h", () => {
    const events = enums(strip(readFileSync(join(include, "events.h"), "utf8"))).get("tx_ns")!;
    const numbers = [...events].filter(([name]) => name !== "TX_NS_COUNT");
    const plain = (name: string): string =>
      name.slice("TX_NS_".length).toLowerCase().replace("_child", "_for_children");
    expect(numbered(names.NAMESPACES, 0)).toEqual(Object.fromEntries(numbers.map(([n, v]) => [plain(n), v])));
  });
});
