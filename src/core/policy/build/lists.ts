import type { CallTarget, Position, SyscallName } from "../model-base.ts";
import { Problems, quoted, suggest, type Hint } from "../problems.ts";
import type { Source } from "../read/source.ts";
import type { ListSpec } from "../schema/policy.ts";
import { functionName, parseSyscall } from "./call-name.ts";
import { nameHint } from "./engine-text.ts";
import { readPattern } from "./pattern.ts";
import { salvageTexts } from "./salvage.ts";

/** The policy's lists by name. */
export interface Lists {
  readonly targets: ReadonlyMap<string, CallTarget>;
  /** Lists whose faults are told already: who refers to them is not at fault. */
  readonly faulty: ReadonlySet<string>;
  /** Where each name in them stands first. */
  readonly places: ReadonlyMap<string, Position>;
}

/** Checks the lists and reads what each stands for. */
export function buildLists(specs: readonly ListSpec[], source: Source, problems: Problems): Lists {
  const targets = new Map<string, CallTarget>();
  const faulty = new Set<string>();
  const places = new Map<string, Position>();
  for (const spec of specs) {
    if (source.isBroken(spec)) {
      if (spec.name !== undefined) faulty.add(spec.name);
      tellRest(spec, source, problems);
      continue;
    }
    if (targets.has(spec.name) || faulty.has(spec.name)) {
      const message = `A list named ${quoted(spec.name)} stands above; this one is never used.`;
      problems.warn("S2", "lists.duplicate-name", source.at(spec, "name"), message);
      continue;
    }
    const before = problems.errors;
    const target = buildList(spec, source, problems);
    if (problems.errors > before || target === undefined) faulty.add(spec.name);
    else targets.set(spec.name, target);
    const values = spec.values ?? [];
    for (const [index, text] of values.entries()) {
      const { line, column } = source.at(values, index);
      for (const name of new Set([text, parseSyscall(text)?.name ?? text]))
        if (!places.has(name)) places.set(name, { line, column });
    }
  }
  return { targets, faulty, places };
}

/** Tells what else is wrong with a list of which something does not fit the schema. */
function tellRest(spec: ListSpec, source: Source, problems: Problems): void {
  const rest = salvageTexts(spec, source);
  if (rest === undefined) return;
  const found = new Problems();
  buildList(spec, source, found);
  problems.addErrors(found, rest.isOwn);
}

function buildList(spec: ListSpec, source: Source, problems: Problems): CallTarget | undefined {
  const values = spec.values ?? [];
  if (spec.validated !== undefined)
    problems.warn(
      "S2",
      "lists.unused-field",
      source.at(spec, "validated"),
      "validated does nothing: names are always looked up.",
    );
  if (spec.pattern !== undefined && spec.type !== "generated_ftrace")
    problems.warn(
      "S2",
      "lists.unused-field",
      source.at(spec, "pattern"),
      "pattern does nothing here.",
      "Write 'type: generated_ftrace' for the functions whose names match it.",
    );
  switch (spec.type) {
    case "generated_syscalls":
    case "generated_ftrace":
      if (values.length > 0)
        problems.error(
          "S2",
          "lists.generated-values",
          source.at(spec, "values"),
          "A generated list takes its values from the host and has none of its own.",
        );
      if (spec.type === "generated_syscalls") return { kind: "generatedSyscalls" };
      return checkPattern(spec, source, problems);
    case "syscalls":
      warnEmpty(spec, source, problems);
      return { kind: "syscalls", names: values.flatMap((text, i) => syscall(text, i, values, source, problems)) };
    case "":
    case undefined:
      warnEmpty(spec, source, problems);
      for (const [index, name] of values.entries())
        if (functionName(name) === undefined)
          problems.error(
            "S2",
            "lists.value",
            source.at(values, index),
            `${quoted(name)} is no name of a function.`,
            nameHint(name),
          );
      return { kind: "functions", names: values };
  }
}

function warnEmpty(spec: ListSpec, source: Source, problems: Problems): void {
  if ((spec.values ?? []).length === 0)
    problems.warn("S2", "lists.empty", source.at(spec, "values"), `The list ${quoted(spec.name)} has no values.`);
}

function syscall(
  text: string,
  index: number,
  values: readonly string[],
  source: Source,
  problems: Problems,
): readonly SyscallName[] {
  const name = parseSyscall(text);
  if (name !== undefined) return [name];
  problems.error(
    "S2",
    "lists.value",
    source.at(values, index),
    `${quoted(text)} is no syscall.`,
    nameHint(text) ?? "Write sys_NAME, or ABI/sys_NAME with the ABI x64, i386, arm64 or arm32.",
  );
  return [];
}

function checkPattern(spec: ListSpec, source: Source, problems: Problems): CallTarget | undefined {
  const pattern = spec.pattern ?? "";
  const at = source.at(spec, "pattern");
  if (pattern === "") problems.error("S2", "lists.no-pattern", at, "A list of type generated_ftrace needs a pattern.");
  else {
    const read = readPattern(pattern);
    if ("posix" in read) return { kind: "generatedFtrace", pattern: read.posix };
    problems.error("S2", "lists.pattern", at, `${quoted(pattern)} ${read.fault}.`, read.hint);
  }
  return undefined;
}

/** Says that a list isn't there; nothing when its own faults are told. */
export function unknownList(lists: Lists, name: string): { message: string; hint: Hint } | undefined {
  if (lists.faulty.has(name)) return undefined;
  return { message: `No list is named ${quoted(name)}.`, hint: suggest(name, lists.targets.keys()) };
}
