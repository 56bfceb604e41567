import { quoted, suggest, type Problems } from "../problems.ts";
import type { Place } from "./place.ts";
import type { TreeScalar } from "./tree.ts";

/** What a schema says about a single value. */
export interface ScalarSchema {
  readonly type?: "string" | "integer" | "bigint" | "boolean" | "object" | "array";
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly patternHint?: string;
  readonly maxLength?: number;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  /** Names older versions of the format had, each with the sentence that says what to do instead. */
  readonly removed?: Readonly<Record<string, string>>;
}

/** Reads one value; undefined after a problem. */
export function readScalar(schema: ScalarSchema, tree: TreeScalar, place: Place, problems: Problems): unknown {
  if (schema.type === "boolean") return readBoolean(tree, place, problems);
  if (schema.type === "integer" || schema.type === "bigint") return readInteger(schema, tree, place, problems);
  return readText(schema, tree, place, problems);
}

/** YAML 1.1 words, which older loaders take for booleans. */
const OLD_BOOLEANS: Readonly<Record<string, boolean>> = { yes: true, on: true, no: false, off: false };

function readBoolean(tree: TreeScalar, place: Place, problems: Problems): boolean | undefined {
  if (typeof tree.value === "boolean") return tree.value;
  const word = tree.text.toLowerCase();
  const old = tree.isPlain && Object.hasOwn(OLD_BOOLEANS, word) ? OLD_BOOLEANS[word] : undefined;
  if (old !== undefined) {
    problems.warn("S1", "schema.old-boolean", place, `${quoted(tree.text)} is read as ${old}.`, `Write ${old}.`);
    return old;
  }
  const isQuoted = word === "true" || word === "false";
  problems.error(
    "S1",
    "schema.type",
    place,
    `Here stands ${quoted(tree.text)} where true or false is wanted.`,
    isQuoted ? `Write ${word} without quotes.` : undefined,
  );
  return undefined;
}

function readInteger(
  schema: ScalarSchema,
  tree: TreeScalar,
  place: Place,
  problems: Problems,
): number | bigint | undefined {
  if (typeof tree.value !== "bigint") {
    problems.error(
      "S1",
      "schema.type",
      place,
      `Here stands ${quoted(tree.text)} where a whole number is wanted.`,
      !tree.isPlain && /^-?\d+$/.test(tree.text) ? `Write ${tree.text.slice(0, 32)} without quotes.` : undefined,
    );
    return undefined;
  }
  const { minimum, maximum } = schema;
  if (minimum !== undefined && tree.value < BigInt(minimum)) {
    problems.error("S1", "schema.too-small", place, `${quoted(tree.text)} is smaller than ${minimum}.`);
    return undefined;
  }
  const most = maximum ?? Number.MAX_SAFE_INTEGER;
  if (tree.value > BigInt(most)) {
    problems.error("S1", "schema.too-large", place, `${quoted(tree.text)} is larger than ${most}.`);
    return undefined;
  }
  return schema.type === "bigint" ? tree.value : Number(tree.value);
}

function readText(schema: ScalarSchema, tree: TreeScalar, place: Place, problems: Problems): string | undefined {
  if (tree.value === null) {
    problems.error("S1", "schema.type", place, "Here stands nothing where a text is wanted.");
    return undefined;
  }
  const { text } = tree;
  if (schema.enum !== undefined && !schema.enum.includes(text)) {
    const removed = schema.removed && Object.hasOwn(schema.removed, text) ? schema.removed[text] : undefined;
    if (removed === undefined)
      problems.error(
        "S1",
        "schema.unknown-value",
        place,
        `${quoted(text)} is not known here.`,
        suggest(text, schema.enum, "all"),
      );
    else problems.error("S1", "schema.removed-value", place, removed);
    return undefined;
  }
  if (typeof tree.value !== "string")
    problems.warn(
      "S1",
      "schema.unquoted",
      place,
      `${quoted(text)} is taken as text; a loader that follows the schema by the letter refuses it.`,
      `Write "${text.slice(0, 32)}" in quotes.`,
    );
  if (schema.maxLength !== undefined && text.length > schema.maxLength) {
    problems.error("S1", "schema.too-long", place, `The text is longer than ${schema.maxLength} characters.`);
    return undefined;
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(text)) {
    problems.error("S1", "schema.pattern", place, `${quoted(text)} has not the right form.`, schema.patternHint);
    return undefined;
  }
  return text;
}
