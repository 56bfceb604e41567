import type { CommandSpec, Flags, FlagSpec } from "./command.ts";
import { nearest } from "../core/nearest.ts";

/** The call was written wrongly; shown with a hint, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** Flags every command has. */
export const COMMON_FLAGS: readonly FlagSpec[] = [{ name: "help", help: "Show this help." }];

/** Finds the command the words select: the longest name that is a prefix of them. */
export function findCommand(
  commands: readonly CommandSpec[],
  words: readonly string[],
): { command: CommandSpec; rest: string[] } {
  for (let length = Math.min(3, words.length); length > 0; length--) {
    const name = words.slice(0, length).join(" ");
    const command = commands.find((c) => c.name === name);
    if (command) return { command, rest: words.slice(length) };
  }
  const given = words
    .filter((w) => !w.startsWith("-"))
    .slice(0, 2)
    .join(" ");
  const names = commands.filter((c) => !c.hidden).map((c) => c.name);
  const group = names.filter((n) => n.startsWith(`${words[0] ?? ""} `));
  if (group.length > 0)
    throw new UsageError(`'telovix ${given}' is not a command.`, `Commands that begin so: ${group.join(", ")}.`);
  throw new UsageError(
    `'telovix ${given}' is not a command.`,
    `Did you mean 'telovix ${nearest(given, names)}'? 'telovix help' lists them all.`,
  );
}

/** Commands that share their first words, where a call names only these; undefined where it names a command, or none. */
export function findGroup(
  commands: readonly CommandSpec[],
  words: readonly string[],
): { name: string; commands: readonly CommandSpec[] } | undefined {
  const name = words.join(" ");
  const members = commands.filter((c) => !c.hidden && c.name.startsWith(`${name} `));
  return members.length === 0 || commands.some((c) => c.name === name) ? undefined : { name, commands: members };
}

/** Whether a word asks for help. */
export function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

/** Splits the words after a command into flags and arguments, checked against its spec. */
export function parseFlags(command: CommandSpec, words: readonly string[]): { flags: Flags; args: string[] } {
  const specs = [...command.flags, ...COMMON_FLAGS];
  const flags: Record<string, string | string[] | true> = {};
  const args: string[] = [];
  for (const spec of specs) if (spec.default !== undefined) flags[spec.name] = spec.default;
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === "--") {
      args.push(...queue.splice(0));
      continue;
    }
    if (word === "-h") word = "--help";
    if (!word.startsWith("-") || word === "-") {
      args.push(word);
      continue;
    }
    const [name, inline] = splitOnce(word.replace(/^--?/, ""));
    const spec = specs.find((s) => s.name === name);
    if (!spec) {
      const close = nearest(
        name,
        specs.map((s) => s.name),
      );
      throw new UsageError(
        `'${command.name}' has no flag --${name}.`,
        `Did you mean --${close}? 'telovix ${command.name} --help' lists them.`,
      );
    }
    if (spec.value === undefined) {
      if (inline !== undefined) throw new UsageError(`--${name} takes no value.`, `Write just --${name}.`);
      flags[name] = true;
      continue;
    }
    const value = inline ?? queue.shift();
    if (value === undefined || (inline === undefined && value.startsWith("--"))) {
      throw new UsageError(`--${name} needs a value.`, `Write --${name} <${spec.value}>.`);
    }
    if (spec.many) flags[name] = [...(Array.isArray(flags[name]) ? flags[name] : []), value];
    else flags[name] = value;
  }
  if (args.length > 0 && !command.args)
    throw new UsageError(`'${command.name}' takes no argument '${args[0]}'.`, `See 'telovix ${command.name} --help'.`);
  return { flags, args };
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
