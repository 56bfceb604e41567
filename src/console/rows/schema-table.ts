import type { TSchema } from "typebox";

/** Types of nodes, as native/rows/rows.h numbers them. */
const NODE = { object: 1, string: 2, enum: 3, integer: 4, boolean: 5, array: 6, record: 7 } as const;
const FIELD = { list: 0x80, hidden: 0x100 } as const;
const FIELD_WORDS = 4;

/** What the walk keeps of a value: `slot` by its number, `list` for every value of that field, `hidden` to leave it out of the JSON. */
export interface Kept {
  readonly slot?: number;
  readonly list?: true;
  readonly hidden?: true;
}

/** A schema as the row program reads it. */
export interface SchemaTable {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly names: Uint8Array<ArrayBuffer>;
  /** Word of the first node. */
  readonly root: number;
}

/** What is used of JSON Schema; anything else is refused, so that no rule is passed over. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly maxProperties?: number;
  readonly items?: SchemaNode;
  readonly maxItems?: number;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly { readonly const?: unknown }[];
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  object: ["properties", "required", "additionalProperties"],
  record: ["patternProperties", "maxProperties"],
  string: ["maxLength", "pattern"],
  enum: ["enum"],
  union: ["anyOf"],
  integer: ["minimum", "maximum"],
  boolean: [],
  array: ["items", "maxItems"],
};
const HEX = /^\^\[0-9a-f\]\{(\d+),(\d+)\}\$$/;
const MAX_RECORD_KEYS = 64;
const MAX_FIELDS = 32;

function kindOf(node: SchemaNode): string {
  if (node.anyOf) return "union";
  if (node.enum) return "enum";
  if (node.patternProperties) return "record";
  return node.type ?? "";
}

class Writer {
  readonly #words: number[] = [];
  readonly #names: number[] = [];
  readonly #kept: ReadonlyMap<string, Kept>;
  readonly #found = new Set<string>();

  constructor(kept: ReadonlyMap<string, Kept>) {
    this.#kept = kept;
  }

  finish(root: SchemaNode): SchemaTable {
    const at = this.#node(root, "");
    for (const path of this.#kept.keys()) if (!this.#found.has(path)) throw new Error(`the schema has no ${path}`);
    return { words: Uint32Array.from(this.#words), names: Uint8Array.from(this.#names), root: at };
  }

  #put(...words: number[]): number {
    const at = this.#words.length;
    this.#words.push(...words);
    return at;
  }

  #name(text: string): [at: number, length: number] {
    const bytes = Buffer.from(text);
    const at = this.#names.length;
    this.#names.push(...bytes);
    return [at, bytes.length];
  }

  /** Writes what is inside before what it is in; gives where the node stands. */
  #node(node: SchemaNode, path: string): number {
    const kind = kindOf(node);
    const known = ALLOWED[kind];
    const unknown = Object.keys(node).find((key) => key !== "type" && !known?.includes(key));
    if (!known || unknown !== undefined) throw new Error(`${path || "/"}: ${unknown ?? kind} is not understood`);
    switch (kind) {
      case "object":
        return this.#object(node, path);
      case "record": {
        const value = this.#node(Object.values(node.patternProperties!)[0]!, `${path}.*`);
        const most = Math.min(node.maxProperties ?? MAX_RECORD_KEYS, MAX_RECORD_KEYS);
        return this.#put(NODE.record, most, MAX_RECORD_KEYS, value);
      }
      case "string": {
        const hex = node.pattern === undefined ? undefined : HEX.exec(node.pattern);
        if (hex === null) throw new Error(`${path}: the pattern ${node.pattern} is not understood`);
        if (hex) return this.#put(NODE.string, Number(hex[1]), Number(hex[2]), 1);
        return this.#put(NODE.string, 0, node.maxLength ?? 0, 0);
      }
      case "enum":
        return this.#enum(node.enum!);
      case "union":
        return this.#enum(node.anyOf!.map((one) => String(one.const)));
      case "integer": {
        const bounds = [node.minimum ?? Number.MIN_SAFE_INTEGER, node.maximum ?? Number.MAX_SAFE_INTEGER];
        return this.#put(NODE.integer, ...new Uint32Array(BigInt64Array.from(bounds, (n) => BigInt(n)).buffer));
      }
      case "boolean":
        return this.#put(NODE.boolean);
      default:
        return this.#put(NODE.array, node.maxItems ?? 0, this.#node(node.items!, `${path}[]`));
    }
  }

  #enum(values: readonly string[]): number {
    return this.#put(NODE.enum, values.length, ...values.flatMap((value) => this.#name(value)));
  }

  #object(node: SchemaNode, path: string): number {
    if (node.additionalProperties !== false) throw new Error(`${path || "/"}: may have fields that nobody knows`);
    const fields = Object.entries(node.properties ?? {});
    if (fields.length > MAX_FIELDS) throw new Error(`${path}: more than ${MAX_FIELDS} fields`);
    let required = 0;
    const words = fields.flatMap(([name, field], i) => {
      const at = path === "" ? name : `${path}.${name}`;
      if (node.required?.includes(name)) required |= 1 << i;
      const inside = this.#node(field, at);
      return [...this.#name(`${JSON.stringify(name)}:`), inside, this.#word(at)];
    });
    if (words.length !== fields.length * FIELD_WORDS) throw new Error("a field has another size");
    return this.#put(NODE.object, fields.length, required >>> 0, ...words);
  }

  #word(path: string): number {
    const kept = this.#kept.get(path);
    if (!kept) return 0;
    this.#found.add(path);
    const slot = kept.slot === undefined ? 0 : kept.slot + 1;
    return slot | (kept.list ? FIELD.list : 0) | (kept.hidden ? FIELD.hidden : 0);
  }
}

/**
 * Writes a schema as the row program's table. `kept` says by path (`process.pid`, `process.ancestors[].exec_id`) what the program keeps
 * for columns. Throws Error for a schema with anything the program does not check: what it takes must fit the schema.
 */
export function compileSchema(schema: TSchema, kept: ReadonlyMap<string, Kept>): SchemaTable {
  return new Writer(kept).finish(schema as SchemaNode);
}
