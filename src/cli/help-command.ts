import type { Call } from "./command.ts";
import { EXIT } from "./command.ts";
import { commandHelp, groupHelp, programHelp } from "./help.ts";
import { findCommand, findGroup } from "./parse.ts";
import { COMMANDS } from "./table.ts";

/** `telovix help [command]`. */
export async function run(call: Call): Promise<number> {
  const group = findGroup(COMMANDS, call.args);
  if (call.args.length === 0) call.out(programHelp(COMMANDS));
  else if (group) call.out(groupHelp(group.name, group.commands));
  else call.out(commandHelp(findCommand(COMMANDS, call.args).command));
  return EXIT.ok;
}
