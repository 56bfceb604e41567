import { consoleDataDir } from "../console/config.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { askConsole } from "./control-client.ts";
import { UsageError } from "./parse.ts";

/** `telovix console token revoke`. */
export async function run(call: Call): Promise<number> {
  const [tokenId, ...more] = call.args;
  if (tokenId === undefined || more.length > 0)
    throw new UsageError("One token's id is needed.", "'telovix console token list' shows the ids.");
  const dataDir = consoleDataDir(textFlag(call.flags, "data-dir"));
  await askConsole<object>(dataDir, "POST", "/tokens/revoke", { token_id: tokenId });
  call.out("The token is revoked: nobody can enrol with it any more.\n");
  return EXIT.ok;
}
