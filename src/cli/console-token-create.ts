import type { CreatedToken } from "../core/api/tokens.ts";
import { consoleDataDir } from "../console/config.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { askConsole } from "./control-client.ts";
import { flavorOf } from "./flavor.ts";
import { UsageError } from "./parse.ts";

function number(call: Call, name: string): number | undefined {
  const text = textFlag(call.flags, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--${name} must be a number.`, `Write --${name} 40, for example.`);
  return Number(text);
}

/** `telovix console token create`. */
export async function run(call: Call): Promise<number> {
  const given = {
    node_name: textFlag(call.flags, "node-name"),
    declared_role: textFlag(call.flags, "role"),
    flavor: flavorOf(call.flags),
    sensor: textFlag(call.flags, "sensor"),
    cluster: textFlag(call.flags, "cluster"),
    max_nodes: number(call, "max-nodes"),
    expires_days: number(call, "expires-days"),
  };
  const { sensor, cluster } = given;
  if (sensor !== undefined && cluster !== undefined)
    throw new UsageError("--sensor and --cluster exclude each other.", "Give one of them.");
  if (cluster === undefined && (given.max_nodes ?? given.expires_days) !== undefined)
    throw new UsageError("--max-nodes and --expires-days belong to --cluster.", "Name the cluster, or leave them out.");
  const body = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const dataDir = consoleDataDir(textFlag(call.flags, "data-dir"));
  const token = await askConsole<CreatedToken>(dataDir, "POST", "/tokens", body);
  if (call.flags["json"]) call.out(`${JSON.stringify(token, null, 2)}\n`);
  else if (cluster !== undefined)
    call.out(
      `Run this on every node of ${cluster}, as root, before ${token.expires_at}.\n\n${token.install_command}\n`,
    );
  else
    call.out(`Run this on the node, as root, before ${token.expires_at}. It works once.\n\n${token.install_command}\n`);
  return EXIT.ok;
}
