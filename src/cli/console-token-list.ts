import type { TokenSummary } from "../core/api/tokens.ts";
import { consoleDataDir } from "../console/config.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { askConsole } from "./control-client.ts";

function whom(token: TokenSummary): string {
  if (token.kind === "cluster") {
    const of = token.max_nodes === null ? "" : ` of ${token.max_nodes}`;
    return `cluster ${token.cluster}, nodes: ${token.nodes}${of}`;
  }
  return `${token.node_name ?? "any node"}${token.kind === "reenroll" ? ", again" : ""}`;
}

/** `telovix console token list`. */
export async function run(call: Call): Promise<number> {
  const dataDir = consoleDataDir(textFlag(call.flags, "data-dir"));
  const tokens = await askConsole<readonly TokenSummary[]>(dataDir, "GET", "/tokens");
  if (call.flags["json"]) call.out(`${JSON.stringify(tokens, null, 2)}\n`);
  else if (tokens.length === 0) call.out("No token was made yet.\n");
  else
    for (const t of tokens)
      call.out(`${t.token_id}  ${t.status.padEnd(9)}  until ${t.expires_at}  ${whom(t)}  (${t.created_by})\n`);
  return EXIT.ok;
}
