import type { Args } from "./args.ts";
import type { Finding } from "./draft.ts";
import { countOf, defined } from "./fields.ts";
import type { EngineLine } from "./line.ts";
import { isContainerRuntime } from "./programs.ts";

/** setuid, setgid and their kin: what matters is what the ids were and are. */
export function credentialFinding(name: string, line: EngineLine, args: Args, binary: string): Finding | undefined {
  const group = /^set(re|res|fs)?gid$/.test(name);
  if (!group && !/^set(re|res|fs)?uid$/.test(name)) return undefined;
  const before = countOf(line.telovix[group ? "old_gid" : "old_uid"]);
  const after = countOf(line.telovix[group ? "new_gid" : "new_uid"]);
  const asked = args.numbers().find((id) => id >= 0);
  const to = args.failed ? asked : (after ?? asked);
  const id = (value: number | undefined): string | undefined => (value === undefined ? undefined : String(value));
  const detail = defined({ call: name, old: id(before), new: id(after), asked: id(asked) });
  const what = `${group ? "group" : "user"} id`;
  const did = args.failed
    ? `tried to change its ${what} to ${to ?? "?"}${args.outcome}`
    : `changed its ${what} from ${before ?? "?"} to ${to ?? "?"}`;
  const kind = group ? "setgid" : "setuid";
  if (isContainerRuntime(binary)) return { kind, detail, did, severity: "info" };
  if (args.failed) return { kind, detail, did, severity: "warning" };
  // Giving rights up is what services do at start; only gaining them is news.
  if (to !== 0 || before === 0) return { kind, detail, did, severity: "info" };
  return { kind, detail, did, severity: group ? "warning" : "high" };
}
