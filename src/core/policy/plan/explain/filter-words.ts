import { intBounds } from "../arg-type.ts";
import { CAP_SETS, NAMESPACES } from "../names.ts";
import type { PlanArg, PlanFilter, PlanHook, PlanValue } from "../plan.ts";
import { argAt, bytesText, networkText, signedBy } from "../value-text.ts";
import { positionWords } from "./arg-words.ts";
import { knownBits } from "./known-args.ts";
import { codeWords } from "./code-words.ts";
import { capabilityWords, fileTypeWords, socketName } from "./kernel-names.ts";
import { listed } from "./prose.ts";
import { workloadWords } from "./workload-words.ts";

const quote = (value: PlanValue): string => JSON.stringify(bytesText(value.text));
const isNot = (filter: PlanFilter): boolean => filter.flags.includes("not");
const has = (filter: PlanFilter, flag: PlanFilter["flags"][number]): boolean => filter.flags.includes(flag);

/** "is 1, 2 or 3", "is none of 1 and 2". */
function oneOf(items: readonly string[], not: boolean): string {
  if (items.length === 0) return not ? "is anything" : "is none of no values, so this never holds";
  if (!not) return `is ${listed(items)}`;
  return items.length === 1 ? `is not ${items[0]}` : `is none of ${listed(items, "and")}`;
}

function rangeWords(value: PlanValue, filter: PlanFilter, hook: PlanHook): string {
  if (value.text.length > 0) return callWords(value);
  const arg = argAt(hook, filter.arg);
  const { min, max } = intBounds(arg?.type ?? "uint64");
  const [low, high] = [signedBy(value.a, arg), signedBy(value.b, arg)];
  if (low === high) return `${low}`;
  if (low === min) return high === max ? "any number" : `at most ${high}`;
  return high === max ? `at least ${low}` : `${low} to ${high}`;
}

function callWords(value: PlanValue): string {
  const name = bytesText(value.text);
  return name === "*" ? "that of any system call" : `that of ${name}`;
}

function equalWords(value: PlanValue, filter: PlanFilter, hook: PlanHook): string {
  if (value.text.length > 0) return callWords(value);
  const arg = argAt(hook, filter.arg);
  return withBits(`${signedBy(value.a, arg)}`, value.a, arg, hook);
}

/** "4 (MAY_READ)" where the bits of the argument are known. */
function withBits(text: string, value: bigint, arg: PlanArg | undefined, hook: PlanHook): string {
  const name = arg?.source === "arg" && arg.resolve === "" ? knownBits(hook, arg.index, value) : undefined;
  return name === undefined ? text : `${text} (${name})`;
}

function portWords({ a, b }: PlanValue): string {
  return a === b ? `${a}` : `${a} to ${b}`;
}

function maskWords(mask: bigint, filter: PlanFilter, hook: PlanHook): string {
  return withBits(`0x${mask.toString(16)}`, mask, argAt(hook, filter.arg), hook);
}

/** "begins with "/etc/" or "/root/"". */
function textWords(verb: readonly [does: string, doesNot: string], filter: PlanFilter): string {
  return `${verb[isNot(filter) ? 1 : 0]} ${listed(filter.values.map(quote))}`;
}

type Words = (filter: PlanFilter, hook: PlanHook) => string;
type Table = Readonly<Partial<Record<PlanFilter["kind"], Words>>>;

/** A socket address has one end only. */
function sideOf(side: string, filter: PlanFilter, hook: PlanHook): string {
  return argAt(hook, filter.arg)?.type === "sockaddr" ? "" : `${side} `;
}

const addressWords =
  (side: string): Words =>
  (filter, hook) => {
    const single = filter.values.every(({ a, text }) => a === BigInt(text.length * 8));
    const end = sideOf(side, filter, hook);
    const what = `${single ? "the" : end === "" ? "an" : "a"} ${end}address`;
    return `${isNot(filter) ? "does not have" : "has"} ${what} ${single ? "" : "in "}${listed(filter.values.map(networkText))}`;
  };

const portsWords =
  (side: string): Words =>
  (filter, hook) =>
    `has a ${sideOf(side, filter, hook)}port that ${oneOf(filter.values.map(portWords), isNot(filter))}`;

const fieldWords =
  (field: "protocol" | "family" | "state"): Words =>
  (filter) =>
    `has ${field} ${listed(filter.values.map(({ a }) => socketName(field, Number(a))))}`;

const maskOf = (filter: PlanFilter): bigint => filter.values.reduce((sum, { a }) => sum | a, 0n);

/** What is said of an argument. */
const OF_ARGUMENT: Table = {
  int_equal: (f, hook) =>
    oneOf(
      f.values.map((v) => equalWords(v, f, hook)),
      isNot(f),
    ),
  int_range: (f, hook) =>
    oneOf(
      f.values.map((v) => rangeWords(v, f, hook)),
      isNot(f),
    ),
  str_equal: (f) => oneOf(f.values.map(quote), isNot(f)),
  str_prefix: (f) => textWords(["begins with", "does not begin with"], f),
  str_postfix: (f) => textWords(["ends with", "does not end with"], f),
  str_substring: (f) => textWords(["contains", "does not contain"], f),
  str_substring_nocase: (f) => textWords(["contains, in any case,", "does not contain, in any case,"], f),
  saddr: addressWords("source"),
  daddr: addressWords("destination"),
  sport: portsWords("source"),
  dport: portsWords("destination"),
  protocol: fieldWords("protocol"),
  family: fieldWords("family"),
  state: fieldWords("state"),
  file_type: (f) =>
    oneOf(
      f.values.map(({ a }) => fileTypeWords(Number(a))),
      isNot(f),
    ),
  caps_gained: (f, hook) => `gains ${capabilityWords(maskOf(f))} over ${positionWords(hook, f.sub)}`,
};

function programWords(filter: PlanFilter): string {
  const who = has(filter, "parent") ? "the parent's program" : "the program";
  const paths = filter.values.map((v) => bytesText(v.text));
  if (filter.kind === "binary_prefix") return `${who} ${textWords(["begins with", "does not begin with"], filter)}`;
  if (filter.kind === "binary_postfix") return `${who} ${textWords(["ends with", "does not end with"], filter)}`;
  if (!has(filter, "follow")) return `${who} ${oneOf(paths, isNot(filter))}`;
  // Of a process that began as one of them, all descendants count.
  return isNot(filter)
    ? `neither ${who} nor that of an ancestor ${oneOf(paths, false)}`
    : `${who}, or that of an ancestor, ${oneOf(paths, false)}`;
}

function pidWords(filter: PlanFilter): string {
  const values = filter.values.map(({ a }) => `${a}`);
  const kind = has(filter, "namespace_pid") ? "PID in its own namespace" : "PID";
  const follow = has(filter, "follow") ? (isNot(filter) ? ", nor is an ancestor's" : ", or an ancestor's is") : "";
  return `the process's ${kind} ${oneOf(values, isNot(filter))}${follow}`;
}

function capabilitiesWords(filter: PlanFilter): string {
  const not = isNot(filter);
  const mask = capabilityWords(maskOf(filter));
  const set = CAP_SETS[filter.sub] ?? `${filter.sub}`;
  const where = has(filter, "in_namespace") ? " of a user namespace of its own" : "";
  return filter.kind === "capability_change"
    ? `the process's ${set} set ${not ? "has not changed" : "has changed"} in ${mask} since it was started${where}`
    : `the process has ${not ? "no " : ""}${mask} in its ${set} set${where}`;
}

/** What is said of the process. */
const OF_PROCESS: Table = {
  pid: pidWords,
  binary_equal: programWords,
  binary_prefix: programWords,
  binary_postfix: programWords,
  namespace: (f) => {
    const values = f.values.map(({ a, b }) => (b === 1n ? "the host's" : `${a}`));
    return `the process's ${NAMESPACES[f.sub] ?? f.sub} namespace ${oneOf(values, isNot(f))}`;
  },
  namespace_change: (f) => {
    const names = f.values.map(({ a }) => NAMESPACES[Number(a)] ?? `${a}`);
    return `the process's ${listed(names)} namespace ${isNot(f) ? "is still" : "is no longer"} the one it was started in`;
  },
  capability: capabilitiesWords,
  capability_change: capabilitiesWords,
  workload: (f) => f.values.map((v) => `the process runs in ${workloadWords(bytesText(v.text))}`).join(" or "),
};

/** The verb at the beginning, for several. */
function plural(predicate: string): string {
  return predicate.replace(/^(is|has|does|begins|ends|contains|gains)\b/, (verb) =>
    verb === "is" ? "are" : verb === "has" ? "have" : verb === "does" ? "do" : verb.slice(0, -1),
  );
}

/** A filter as the condition it is, without "if". */
export function filterWords(filter: PlanFilter, hook: PlanHook): string {
  if (filter.kind === "expression") return `${isNot(filter) ? "not " : ""}${codeWords(filter.code, hook)}`;
  const subject = positionWords(hook, filter.arg);
  if (filter.kind === "int_mask")
    return `${isNot(filter) ? "no" : "a"} bit of ${listed(filter.values.map(({ a }) => maskWords(a, filter, hook)))} is set in ${subject}`;
  const ofArgument = OF_ARGUMENT[filter.kind]?.(filter, hook);
  if (ofArgument === undefined) return OF_PROCESS[filter.kind]?.(filter, hook) ?? filter.kind;
  return `${subject} ${/\b(flags|credentials|arguments|attributes) \(/.test(subject) ? plural(ofArgument) : ofArgument}`;
}
