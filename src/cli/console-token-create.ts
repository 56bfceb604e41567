import type { CreatedToken } from "../core/api/tokens.ts";
import { consoleDataDir } from "../console/config.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { askConsole } from "./control-client.ts";

/** `telovix console token create`. */
export async function run(call: Call): Promise<number> {
  const nodeName = textFlag(call.flags, "node-name");
  const role = textFlag(call.flags, "role");
  const flavor = textFlag(call.flags, "flavor");
  const token = await askConsole<CreatedToken>(consoleDataDir(textFlag(call.flags, "data-dir")), "POST", "/tokens", {
    ...(nodeName === undefined ? {} : { node_name: nodeName }),
    ...(role === undefined ? {} : { declared_role: role }),
    ...(flavor === undefined ? {} : { flavor }),
  });
  if (call.flags["json"]) call.out(`${JSON.stringify(token, null, 2)}\n`);
  else
    call.out(`Run this on the node, as root, before ${token.expires_at}. It works once.\n\n${token.install_command}\n`);
  return EXIT.ok;
}
