import { consoleDataDir } from "../console/config.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { askConsole } from "./control-client.ts";

/** `telovix console setup-link`. */
export async function run(call: Call): Promise<number> {
  const answer = await askConsole<{ setup_link: string | null }>(
    consoleDataDir(textFlag(call.flags, "data-dir")),
    "POST",
    "/setup-link",
  );
  if (call.flags["json"]) call.out(`${JSON.stringify(answer)}\n`);
  else if (answer.setup_link) call.out(`${answer.setup_link}\nIt works once; older links no longer do.\n`);
  else call.out("Set-up is complete. Sign in with the account made then.\n");
  return EXIT.ok;
}
