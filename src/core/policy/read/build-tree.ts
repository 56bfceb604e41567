import { isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLSeq } from "yaml";
import { quoted, type Problems } from "../problems.ts";
import { LIMITS } from "./limits.ts";
import type { Lines } from "./lines.ts";
import { childPath, type Place } from "./place.ts";
import type { Tree, TreeEntry, TreeMap } from "./tree.ts";

/**
 * Copies a parsed document into a tree: aliases followed, `<<` merged, each key once. Counts every node, so that a few
 * lines of aliases can't become a million nodes.
 */
export class TreeBuilder {
  readonly #lines: Lines;
  readonly #problems: Problems;
  readonly #anchors = new Map<string, Node>();
  #nodes = 0;

  constructor(lines: Lines, problems: Problems) {
    this.#lines = lines;
    this.#problems = problems;
  }

  /** The tree, or undefined after a problem that hides the rest. */
  read(root: unknown): Tree | undefined {
    try {
      return this.#node(root, { line: 1, column: 1, path: "" }, 0);
    } catch (thrown) {
      if (!(thrown instanceof TreeLimitError)) throw thrown;
      this.#problems.error("S0", thrown.rule, thrown.place, thrown.message);
      return undefined;
    }
  }

  /** `parent` is the place used for a node the text leaves empty. */
  #node(node: unknown, parent: Place, depth: number): Tree {
    const at = this.#place(node, parent);
    if (++this.#nodes > LIMITS.treeNodes)
      throw new TreeLimitError("yaml.too-many-nodes", at, `The document has more than ${LIMITS.treeNodes} nodes.`);
    if (depth > LIMITS.treeDepth)
      throw new TreeLimitError("yaml.too-deep", at, `The document is nested more than ${LIMITS.treeDepth} deep.`);
    if (isAlias(node)) return this.#alias(node.source, at, depth);
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
      this.#checkTag(node, at);
      if (isScalar(node)) return this.#scalar(node, at);
      return isMap(node) ? this.#map(node, at, depth) : this.#list(node, at, depth);
    }
    return { kind: "scalar", at, value: null, text: "", isPlain: true };
  }

  #checkTag({ tag }: { readonly tag?: string | undefined }, at: Place): void {
    if (tag === undefined || KNOWN_TAGS.has(tag)) return;
    this.#problems.error(
      "S0",
      "yaml.tag",
      at,
      `${quoted(tag.replace(YAML_TAG, "!!"))} is no type of values a policy has.`,
      "Leave it out: a value's type is known from its field.",
    );
  }

  #place(node: unknown, parent: Place): Place {
    const range = isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? node.range : undefined;
    return range ? { ...this.#lines.at(range[0]), path: parent.path } : parent;
  }

  #alias(name: string, at: Place, depth: number): Tree {
    const target = this.#anchors.get(name);
    if (target === undefined)
      throw new TreeLimitError("yaml.alias", at, `The alias ${quoted(`*${name}`)} names no anchor above it.`);
    return this.#node(target, at, depth + 1);
  }

  #scalar(node: Scalar, at: Place): Tree {
    const isPlain = node.type === undefined || node.type === "PLAIN";
    const value = scalarValue(node.value);
    const text = isPlain ? (node.source ?? "") : String(node.value);
    if (!text.isWellFormed())
      this.#problems.warn(
        "S0",
        "yaml.half-character",
        at,
        "The text has half of a character (a lone surrogate), which becomes U+FFFD.",
        "Write the character itself, or both halves of its escape.",
      );
    return { kind: "scalar", at, value, text, isPlain };
  }

  #list(node: YAMLSeq, at: Place, depth: number): Tree {
    const items = node.items.map((item, index) => {
      const place = { ...at, path: childPath(at.path, index) };
      return isPair(item) ? this.#map({ items: [item] }, place, depth + 1) : this.#node(item, place, depth + 1);
    });
    return { kind: "list", at, items };
  }

  #map(node: { readonly items: readonly Pair[] }, at: Place, depth: number): TreeMap {
    const entries = new Map<string, TreeEntry>();
    const merged: Tree[] = [];
    for (const { key, value } of node.items) {
      const keyAt = this.#place(key, at);
      if (!isScalar(key)) {
        this.#problems.error("S0", "yaml.key", keyAt, "A key is a plain word.");
        continue;
      }
      this.#checkTag(key, keyAt);
      const name = typeof key.value === "string" ? key.value : (key.source ?? "");
      const place = { ...keyAt, path: childPath(at.path, name) };
      const tree = this.#node(value, place, depth + 1);
      if (name === "<<") {
        if (!isMergeable(tree))
          this.#problems.error("S0", "yaml.merge", place, "What '<<' merges is a mapping, or a list of mappings.");
        merged.push(tree);
      } else if (entries.has(name))
        this.#problems.error("S0", "yaml.duplicate-key", place, `The key ${quoted(name)} stands here a second time.`);
      else entries.set(name, { keyAt, value: tree });
    }
    for (const tree of merged.flatMap((m) => (m.kind === "list" ? m.items : [m])))
      if (tree.kind === "map")
        for (const [name, entry] of tree.entries) if (!entries.has(name)) entries.set(name, entry);
    return { kind: "map", at, entries };
  }
}

function isMergeable(tree: Tree): boolean {
  return tree.kind === "list" ? tree.items.every(({ kind }) => kind === "map") : tree.kind === "map";
}

const YAML_TAG = "tag:yaml.org,2002:";
/** YAML's own types for JSON's values; "!" says that a value is a text. */
const KNOWN_TAGS: ReadonlySet<string> = new Set([
  "!",
  ...["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `${YAML_TAG}${name}`),
]);

class TreeLimitError extends Error {
  override readonly name = "TreeLimitError";
  readonly rule: string;
  readonly place: Place;

  constructor(rule: string, place: Place, message: string) {
    super(message);
    this.rule = rule;
    this.place = place;
  }
}

function scalarValue(value: unknown): string | bigint | number | boolean | null {
  if (typeof value === "string" || typeof value === "bigint") return value;
  return typeof value === "number" || typeof value === "boolean" ? value : null;
}
