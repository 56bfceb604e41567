import { buildInfo } from "../core/build-info.ts";
import { EXIT, type Call } from "./command.ts";

/** `telovix version`. */
export async function run(call: Call): Promise<number> {
  const info = buildInfo();
  if (call.flags["json"])
    call.out(
      `${JSON.stringify({ version: info.version, commit: info.commit, built_at: new Date(info.builtAtMs).toISOString(), arch: process.arch, bun: Bun.version })}\n`,
    );
  else call.out(`telovix ${info.version} (${info.commit})\n`);
  return EXIT.ok;
}
