import { buildPolicy } from "./build/policy.ts";
import type { Policy } from "./model.ts";
import { sizeFault } from "./plan/plan-size.ts";
import { Problems, quoted, suggest } from "./problems.ts";
import { LIMITS } from "./read/limits.ts";
import { parseDocuments, type ParsedDocument } from "./read/parse.ts";
import { Reader } from "./read/reader.ts";
import { Source } from "./read/source.ts";
import type { Tree } from "./read/tree.ts";
import type { DocumentReport, PolicyReport } from "./report.ts";
import { PolicyDocument, POLICY_KINDS } from "./schema/policy.ts";
import { checkSchemaRules } from "./schema/rules.ts";

export interface CheckOptions {
  /** Largest text, in UTF-8 bytes. Default and most: 1 MiB. */
  readonly maxBytes?: number;
  /** Values for placeholders `${NAME}` in filters. */
  readonly variables?: ReadonlyMap<string, string>;
}

/**
 * Checks a policy text as far as that goes without a host: YAML (S0), schema (S1), meaning (S2). All problems are told at
 * once. Never throws, whatever the text.
 */
export function checkPolicyText(text: string, options: CheckOptions = {}): PolicyReport {
  const collectors: Problems[] = [];
  const parsed = parseDocuments(text, options.maxBytes, () => {
    const problems = new Problems();
    collectors.push(problems);
    return problems;
  });
  const hasPolicy = parsed.some((document) => isPolicyKind(scalarAt(document.tree, "kind")));
  const variables = options.variables ?? new Map();
  const documents = checkNames(
    parsed.map((document, index) =>
      checkDocument(document, index, hasPolicy, variables, collectors[index] ?? new Problems()),
    ),
  );
  return { verdict: documents.some((d) => d.verdict === "invalid") ? "invalid" : "valid", documents };
}

/** Checks a policy file's bytes; a file that isn't UTF-8 is refused (S0). Never throws. */
export function checkPolicyBytes(bytes: Uint8Array, options: CheckOptions = {}): PolicyReport {
  const most = options.maxBytes ?? LIMITS.fileBytes;
  if (bytes.length > most) return refuseFile("yaml.too-large", `The file is larger than ${most} bytes.`);
  const text = decode(bytes);
  return text === undefined
    ? refuseFile("yaml.encoding", "The file is not UTF-8 text.")
    : checkPolicyText(text, options);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function refuseFile(rule: string, message: string): PolicyReport {
  const problems = new Problems();
  problems.error("S0", rule, { line: 1, column: 1, path: "" }, message);
  return { verdict: "invalid", documents: [{ index: 0, line: 1, verdict: "invalid", problems: problems.sorted() }] };
}

function checkDocument(
  document: ParsedDocument,
  index: number,
  hasPolicy: boolean,
  variables: ReadonlyMap<string, string>,
  problems: Problems,
): DocumentReport {
  const { tree, at } = document;
  const kind = scalarAt(tree, "kind");
  const metadata = tree?.kind === "map" ? tree.entries.get("metadata")?.value : undefined;
  const name = scalarAt(metadata, "name");
  const head = {
    index,
    line: at.line,
    ...(name === undefined ? {} : { name: name.slice(0, 253) }),
    ...(kind === undefined ? {} : { kind: kind.slice(0, 253) }),
  };
  if (tree === undefined) return { ...head, verdict: "invalid", problems: problems.sorted() };
  if (tree.kind !== "map") {
    problems.error(
      "S0",
      "yaml.not-a-mapping",
      { ...tree.at, path: "" },
      "The document is no mapping of fields to values.",
    );
    return { ...head, verdict: "invalid", problems: problems.sorted() };
  }
  if (!isPolicyKind(kind)) return { ...head, ...refuseKind(kind, tree, hasPolicy, problems) };
  const source = new Source();
  const value = new Reader(problems, source).read(PolicyDocument, tree);
  if (value === undefined) return { ...head, verdict: "invalid", problems: problems.sorted() };
  checkSchemaRules(value, source, problems);
  const policy = buildPolicy(value, source, problems, variables);
  if (problems.errors === 0 && policy !== undefined) checkSize(policy, problems);
  if (problems.errors > 0 || policy === undefined) return { ...head, verdict: "invalid", problems: problems.sorted() };
  return { ...head, verdict: "valid", problems: problems.sorted(), policy };
}

function checkSize(policy: Policy, problems: Problems): void {
  const fault = sizeFault(policy);
  if (fault === undefined) return;
  problems.error(
    "S2",
    "policy.too-large",
    { ...fault.at, path: "/spec" },
    fault.message,
    "Divide it into several policies.",
  );
}

/** One name is one policy: a second of it would take the first's place. */
function checkNames(documents: readonly DocumentReport[]): readonly DocumentReport[] {
  const first = new Map<string, number>();
  return documents.map((document) => {
    const { policy, problems } = document;
    if (policy === undefined) return document;
    const key = policyKey(policy);
    const line = first.get(key);
    if (line === undefined) {
      first.set(key, policy.at.line);
      return document;
    }
    const collected = new Problems();
    const at = { ...policy.at, path: "/metadata/name" };
    collected.error(
      "S2",
      "policy.duplicate-name",
      at,
      `A policy named ${quoted(key)} begins on line ${line} already.`,
      "Rename one of them.",
    );
    const { policy: _, ...rest } = document;
    return { ...rest, verdict: "invalid", problems: [...collected.sorted(), ...problems] };
  });
}

/** What the engine calls a policy: NAMESPACE/NAME, or its name. */
export function policyKey({ namespace, name }: Pick<Policy, "name" | "namespace">): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** A document of another kind is refused, unless it stands beside a policy and is plainly something else. */
function refuseKind(
  kind: string | undefined,
  tree: Tree & { readonly kind: "map" },
  hasPolicy: boolean,
  problems: Problems,
): Pick<DocumentReport, "verdict" | "problems"> {
  const value = tree.entries.get("kind")?.value;
  const at = { ...(value ?? tree).at, path: "/kind" };
  const apiVersion = scalarAt(tree, "apiVersion");
  const isOther = kind !== undefined && apiVersion !== undefined && !apiVersion.startsWith("cilium.io/");
  const message =
    kind === undefined
      ? "The document does not say what kind it is of."
      : `${quoted(kind)} is an unknown kind: no tracing policy.`;
  if (hasPolicy && isOther && problems.errors === 0) {
    problems.warn("S0", "kind.unknown", at, `${message} It is skipped.`);
    return { verdict: "skipped", problems: problems.sorted() };
  }
  problems.error("S0", "kind.unknown", at, message, suggest(kind ?? "", POLICY_KINDS));
  return { verdict: "invalid", problems: problems.sorted() };
}

function isPolicyKind(kind: string | undefined): boolean {
  return POLICY_KINDS.some((known) => known === kind);
}

function scalarAt(tree: Tree | undefined, key: string): string | undefined {
  const value = tree?.kind === "map" ? tree.entries.get(key)?.value : undefined;
  return value?.kind === "scalar" && value.value !== null ? value.text : undefined;
}
