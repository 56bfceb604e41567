import type { Call } from "./command.ts";
import { EXIT } from "./command.ts";
import { commandHelp, programHelp } from "./help.ts";
import { findCommand } from "./parse.ts";
import { COMMANDS } from "./table.ts";

/** `telovix help [command]`. */
export async function run(call: Call): Promise<number> {
  if (call.args.length === 0) call.out(programHelp(COMMANDS));
  else call.out(commandHelp(findCommand(COMMANDS, call.args).command));
  return EXIT.ok;
}
