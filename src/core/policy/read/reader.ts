import type { Static, TSchema } from "typebox";
import { nearestOf, quoted, suggest, type Problems } from "../problems.ts";
import { childPath, type Place } from "./place.ts";
import { readScalar, type ScalarSchema } from "./scalar.ts";
import type { Source } from "./source.ts";
import type { Tree, TreeEntry, TreeList, TreeMap } from "./tree.ts";

/** The parts of a schema the reader goes by; a schema is plain data, so nothing is compiled. */
interface SchemaView extends ScalarSchema {
  readonly properties?: Readonly<Record<string, SchemaView>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, SchemaView>>;
  readonly items?: SchemaView;
  readonly maxItems?: number;
}

/**
 * Reads a tree by a schema. Every misfit becomes a problem at its place; what fits is kept, so that one fault doesn't hide
 * another. An object with a misfit inside is marked as broken in the source.
 */
export class Reader {
  readonly #problems: Problems;
  readonly #source: Source;

  constructor(problems: Problems, source: Source) {
    this.#problems = problems;
    this.#source = source;
  }

  /** The value, as far as it fits. Only a value without problems has all that its type promises. */
  read<T extends TSchema>(schema: T, tree: Tree): Partial<Static<T>> | undefined {
    // The one place where data read by a schema gets that schema's type.
    return this.#value(schema as SchemaView, tree, { ...tree.at, path: "" }) as Partial<Static<T>> | undefined;
  }

  #value(schema: SchemaView, tree: Tree, place: Place): unknown {
    if (schema.type === "object") return this.#object(schema, tree, place);
    if (schema.type === "array") return this.#array(schema, tree, place);
    if (schema.type === undefined && schema.enum === undefined) return null;
    if (tree.kind === "scalar") return readScalar(schema, tree, place, this.#problems);
    this.#wrongType(place, schema.type === undefined ? "a word" : ARTICLES[schema.type], tree);
    return undefined;
  }

  #object(schema: SchemaView, tree: Tree, place: Place): object | undefined {
    if (tree.kind !== "map") {
      this.#wrongType(place, "a mapping", tree);
      return undefined;
    }
    const before = this.#problems.errors;
    const value: Record<string, unknown> = Object.create(null);
    const members = new Map<string, Place>();
    const anyField = schema.patternProperties ? Object.values(schema.patternProperties)[0] : undefined;
    for (const [name, entry] of tree.entries) {
      const memberSchema = anyField ?? this.#fieldSchema(schema, name);
      if (memberSchema === undefined) {
        this.#unknownField(schema, name, entry, place, tree);
        this.#source.markOdd(value, nearestOf(name, missing(schema, tree)));
      } else if (!isNull(entry.value) || memberSchema.type === undefined) {
        const memberPlace = { ...entry.value.at, path: childPath(place.path, name) };
        members.set(name, memberPlace);
        const member = this.#value(memberSchema, entry.value, memberPlace);
        if (member === undefined) this.#source.markDamaged(value);
        else value[name] = member;
      }
    }
    for (const name of schema.required ?? []) {
      const entry = tree.entries.get(name);
      if (entry !== undefined && !isNull(entry.value)) continue;
      const at = { ...(entry?.keyAt ?? place), path: childPath(place.path, name) };
      this.#source.markDamaged(value);
      this.#problems.error(
        "S1",
        "schema.missing-field",
        at,
        entry ? `The field ${quoted(name)} has no value.` : `The field ${quoted(name)} is missing.`,
      );
    }
    this.#keep(value, place, members, before);
    return value;
  }

  #fieldSchema(schema: SchemaView, name: string): SchemaView | undefined {
    const properties = schema.properties ?? {};
    return Object.hasOwn(properties, name) ? properties[name] : undefined;
  }

  #unknownField(schema: SchemaView, name: string, entry: TreeEntry, place: Place, tree: TreeMap): void {
    const at = { ...entry.keyAt, path: childPath(place.path, name) };
    const removed = schema.removed?.[name];
    if (removed !== undefined) {
      this.#problems.error("S1", "schema.removed-field", at, removed);
      return;
    }
    // What is there already isn't what was meant.
    this.#problems.error(
      "S1",
      "schema.unknown-field",
      at,
      `No field is called ${quoted(name)} here.`,
      suggest(name, missing(schema, tree)),
    );
  }

  #array(schema: SchemaView, tree: Tree, place: Place): unknown[] | undefined {
    if (tree.kind !== "list") {
      this.#wrongType(place, "a list", tree);
      return undefined;
    }
    const before = this.#problems.errors;
    const values: unknown[] = [];
    const members = new Map<string, Place>();
    for (const [index, item] of tree.items.entries()) {
      const itemPlace = { ...item.at, path: childPath(place.path, index) };
      const value = this.#value(schema.items ?? {}, item, itemPlace);
      if (value === undefined) {
        this.#source.markDamaged(values);
        continue;
      }
      members.set(String(values.length), itemPlace);
      values.push(value);
    }
    this.#countItems(schema, tree, place, values);
    this.#keep(values, place, members, before);
    return values;
  }

  #countItems(schema: SchemaView, tree: TreeList, place: Place, values: object): void {
    const { maxItems } = schema;
    const count = tree.items.length;
    if (maxItems !== undefined && count > maxItems) {
      const at = { ...(tree.items[maxItems]?.at ?? place), path: childPath(place.path, maxItems) };
      this.#source.markDamaged(values);
      this.#problems.error("S1", "schema.too-many", at, `The list takes at most ${maxItems}; these are ${count}.`);
    }
  }

  #keep(value: object, place: Place, members: ReadonlyMap<string, Place>, errorsBefore: number): void {
    this.#source.keep(value, place, members);
    if (this.#problems.errors > errorsBefore) this.#source.markBroken(value);
  }

  #wrongType(place: Place, wanted: string, tree: Tree): void {
    const found = tree.kind === "scalar" ? (isNull(tree) ? "nothing" : quoted(tree.text)) : FOUND[tree.kind];
    this.#problems.error("S1", "schema.type", place, `Here stands ${found} where ${wanted} is wanted.`);
  }
}

/** Fields that might be there and are not. */
function missing(schema: SchemaView, tree: TreeMap): string[] {
  return Object.keys(schema.properties ?? {}).filter((known) => !tree.entries.has(known));
}

function isNull(tree: Tree): boolean {
  return tree.kind === "scalar" && tree.value === null;
}

const FOUND = { map: "a mapping", list: "a list" } as const;

const ARTICLES = {
  string: "a text",
  integer: "a whole number",
  bigint: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  array: "a list",
} as const;
