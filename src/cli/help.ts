import type { CommandSpec } from "./command.ts";
import { COMMON_FLAGS } from "./parse.ts";

/** A line for each. */
function summaries(commands: readonly CommandSpec[]): readonly string[] {
  const shown = commands.filter((c) => !c.hidden);
  const width = Math.max(...shown.map((c) => c.name.length)) + 2;
  return shown.map((c) => `  ${c.name.padEnd(width)}${c.summary}`);
}

/** Help of the commands that share their first word. */
export function groupHelp(group: string, commands: readonly CommandSpec[]): string {
  return `Usage: telovix ${group} <command> [flags]

${summaries(commands).join("\n")}

More: telovix help ${group} <command>
`;
}

/** Help of the whole program. */
export function programHelp(commands: readonly CommandSpec[]): string {
  const lines = summaries(commands);
  return `telovix: see what runs on your hosts, and decide what may.

One file is both the Console (control plane and web UI) and the Sensor (a protected node).

Usage: telovix <command> [flags]

${lines.join("\n")}

Start here:   telovix console serve --local-sensor
More:         telovix help <command>, or telovix <command> --help
`;
}

/** Help of one command. */
export function commandHelp(command: CommandSpec): string {
  const flags = [...command.flags, ...COMMON_FLAGS];
  const left = flags.map((f) => `--${f.name}${f.value === undefined ? "" : ` <${f.value}>`}`);
  const width = Math.min(34, Math.max(...left.map((l) => l.length)) + 2);
  const rows = flags.map((f, i) => {
    const text = `${f.help}${f.many ? " May be repeated." : ""}${f.default === undefined ? "" : ` Default: ${f.default}.`}`;
    return `  ${left[i]!.padEnd(width)}${left[i]!.length >= width ? `\n  ${" ".repeat(width)}` : ""}${text}`;
  });
  const examples = command.examples?.length ? `\nExamples:\n${command.examples.map((e) => `  ${e}`).join("\n")}\n` : "";
  return `${command.summary}

Usage: telovix ${command.name}${command.args ? ` ${command.args}` : ""} [flags]
${command.description ? `\n${command.description}\n` : ""}
Flags:
${rows.join("\n")}
${examples}`;
}
