import { consoleDataDir } from "../console/config.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { askConsole } from "./control-client.ts";

/** `telovix console status`. */
export async function run(call: Call): Promise<number> {
  const status = await askConsole<Record<string, unknown>>(
    consoleDataDir(textFlag(call.flags, "data-dir")),
    "GET",
    "/status",
  );
  if (call.flags["json"]) call.out(`${JSON.stringify(status, null, 2)}\n`);
  else
    for (const [name, value] of Object.entries(status))
      call.out(`${name.padEnd(22)}${typeof value === "string" ? value : JSON.stringify(value)}\n`);
  return EXIT.ok;
}
