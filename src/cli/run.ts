import { AppError } from "../core/error.ts";
import { systemFault } from "../core/system-fault.ts";
import { EXIT, type CommandSpec, type Flags } from "./command.ts";
import { commandHelp, groupHelp, programHelp } from "./help.ts";
import { findCommand, findGroup, isHelp, parseFlags, UsageError } from "./parse.ts";
import { COMMANDS } from "./table.ts";

export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Whether an error is about a value that a flag of this call was given: then the call was written wrongly, whoever noticed. The same
 * value from a file or the environment is none of the call's.
 */
function isOfFlag(error: AppError, command: CommandSpec | undefined, flags: Flags): boolean {
  const field = error.code === "invalid_request" ? error.pointer?.split("/")[1] : undefined;
  const spec = command?.flags.find(({ name, field: of = name.replaceAll("-", "_") }) => of === field);
  return spec !== undefined && flags[spec.name] !== undefined;
}

/** Runs one call of the program and answers its exit code. Errors become a sentence and a hint, never a stack trace. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { out, err } = terminal;
  let called: CommandSpec | undefined;
  let given: Flags = {};
  try {
    if (argv.length === 0 || isHelp(argv[0]!)) {
      out(programHelp(COMMANDS));
      return argv.length === 0 ? EXIT.usage : EXIT.ok;
    }
    const group = argv.some(isHelp)
      ? findGroup(
          COMMANDS,
          argv.filter((word) => !isHelp(word)),
        )
      : undefined;
    if (group) {
      out(groupHelp(group.name, group.commands));
      return EXIT.ok;
    }
    const words = argv[0] === "--version" ? ["version", ...argv.slice(1)] : argv;
    const { command, rest } = findCommand(COMMANDS, words);
    if (command.hidden)
      return await (await command.load()).run({ name: command.name, flags: {}, args: rest, ...terminal });
    const { flags, args } = parseFlags(command, rest);
    [called, given] = [command, flags];
    if (flags["help"]) {
      out(commandHelp(command));
      return EXIT.ok;
    }
    return await (await command.load()).run({ name: command.name, flags, args, ...terminal });
  } catch (thrown) {
    const error = systemFault(thrown) ?? thrown;
    if (error instanceof UsageError) {
      err(`telovix: ${error.message}\n${error.hint}\n`);
      return EXIT.usage;
    }
    if (error instanceof AppError) {
      err(`telovix: ${error.message}\n${error.hint ?? `See 'telovix help${called ? ` ${called.name}` : ""}'.`}\n`);
      return isOfFlag(error, called, given) ? EXIT.usage : EXIT.failed;
    }
    const text = error instanceof Error ? error.message : String(error);
    err(
      `telovix: something unexpected went wrong: ${text}\nRun it again with TELOVIX_DEBUG=1 to see where, and please report it.\n`,
    );
    if (process.env["TELOVIX_DEBUG"] && error instanceof Error) err(`${error.stack ?? ""}\n`);
    return EXIT.failed;
  }
}
