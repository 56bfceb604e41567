import { parseAllDocuments, type Document } from "yaml";
import { printable, type Problems } from "../problems.ts";
import { quoteBefore } from "./lexemes.ts";
import { brokenLimit } from "./limits.ts";
import { Lines } from "./lines.ts";
import type { Place } from "./place.ts";
import type { Tree } from "./tree.ts";
import { TreeBuilder } from "./build-tree.ts";

export interface ParsedDocument {
  readonly at: Place;
  /** Absent when the document's YAML has errors. */
  readonly tree?: Tree;
}

/** The errors of one text are shown up to this many; a broken line often causes a hundred. */
const MAX_YAML_ERRORS = 10;

/**
 * Splits a text into documents and reads each as strict YAML. Empty documents are left out. `problemsOf` gives the
 * collector of the next document. Never throws.
 */
export function parseDocuments(
  written: string,
  maxBytes: number | undefined,
  problemsOf: () => Problems,
): readonly ParsedDocument[] {
  // Files put one behind the other bring a mark each, at the beginning of a line.
  const text = written.replaceAll(/(^|\n)\uFEFF/g, "$1");
  const lines = new Lines(text);
  const fault = brokenLimit(text, maxBytes);
  if (fault) {
    const at = lines.at(fault.offset);
    problemsOf().error("S0", fault.rule, at, fault.message);
    return [{ at }];
  }
  // Duplicate keys are looked for in the tree: the library compares every key with every other.
  const documents: readonly Document[] = parseAllDocuments(text, {
    uniqueKeys: false,
    prettyErrors: false,
    intAsBigInt: true,
    version: "1.2",
    schema: "core",
  });
  const found = documents.filter((d) => d.errors.length > 0 || !isEmpty(d));
  if (found.length === 0) {
    const at = { line: 1, column: 1, path: "" };
    problemsOf().error("S0", "yaml.empty", at, "The file holds no document.");
    return [{ at }];
  }
  return found.map((document) => readDocument(document, text, lines, problemsOf()));
}

function isEmpty(document: Document): boolean {
  const { contents } = document;
  return contents === null || ("value" in contents && contents.value === null && !contents.anchor && !contents.tag);
}

/** Behind a tab at a line's beginning nothing stands where it seems to: only the cause is told. */
function causes(errors: Document["errors"]): Document["errors"] {
  const tab = errors.find(isTab);
  return tab === undefined ? errors.slice(0, MAX_YAML_ERRORS) : [tab];
}

function isTab({ code }: Document["errors"][number]): boolean {
  return code === "TAB_AS_INDENT";
}

function readDocument(document: Document, text: string, lines: Lines, problems: Problems): ParsedDocument {
  const at = lines.at(document.contents?.range?.[0] ?? document.range?.[0] ?? 0);
  for (const error of causes(document.errors)) {
    const rule = isTab(error) ? "yaml.tab" : "yaml.syntax";
    const message = error.message.replace(/\.?$/, ".");
    const hint = isTab(error) ? "Indent with spaces." : undefined;
    const offset = /^Missing closing .quote/.test(message) ? quoteBefore(text, error.pos[0]) : error.pos[0];
    problems.error("S0", rule, lines.at(offset), printable(message), hint);
  }
  if (document.errors.length > 0) return { at };
  // Of a key that stands twice the first counts, so that what is wrong elsewhere is told as well.
  const tree = new TreeBuilder(lines, problems).read(document.contents);
  return tree === undefined ? { at } : { at, tree };
}
