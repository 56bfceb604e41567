import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Type, type Static } from "typebox";
import { compile } from "../core/check.ts";

/** What the engine says of each policy it was given, in policies.json of its output directory. */
const PolicyStatus = Type.Object({
  name: Type.String({ maxLength: 256 }),
  namespace: Type.Optional(Type.String({ maxLength: 256 })),
  mode: Type.Optional(Type.String({ maxLength: 32 })),
  state: Type.String({ maxLength: 32 }),
  reason: Type.Optional(Type.String({ maxLength: 1024 })),
  hooks: Type.Optional(
    Type.Array(
      Type.Object({
        hook: Type.String({ maxLength: 1024 }),
        kind: Type.Optional(Type.String({ maxLength: 32 })),
        backend: Type.Optional(Type.String({ maxLength: 64 })),
        status: Type.String({ maxLength: 32 }),
        reason: Type.Optional(Type.String({ maxLength: 1024 })),
      }),
      { maxItems: 8192 },
    ),
  ),
});
export type PolicyStatus = Static<typeof PolicyStatus>;

const check = compile(
  Type.Object({
    policies: Type.Array(PolicyStatus, { maxItems: 4096 }),
    control: Type.Optional(
      Type.Object({
        enforcement: Type.Optional(Type.String({ maxLength: 32 })),
        lease: Type.Optional(Type.String({ maxLength: 32 })),
      }),
    ),
  }),
);

/**
 * The policies of an engine that writes to `outDir`, in the modes they really are: the switch over all of them and the sensor's lease
 * go before a policy's own. Undefined when it has not said anything (readable) yet.
 */
export async function readPolicyStatus(outDir: string): Promise<readonly PolicyStatus[] | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(outDir, "policies.json"), "utf8"));
    if (!check.is(value)) return undefined;
    const isOff = value.control?.enforcement === "off" || value.control?.lease === "expired";
    return isOff ? value.policies.map((policy) => ({ ...policy, mode: "monitor" })) : value.policies;
  } catch {
    return undefined;
  }
}

/** NAMESPACE/NAME of a policy in a namespace, else its name. */
export function policyName({ name, namespace }: PolicyStatus): string {
  return namespace === undefined || namespace === "" || name.includes("/") ? name : `${namespace}/${name}`;
}

/** Rows as columns, two blanks apart. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** One line for a policy and one for each of its hooks, with the reason where something is lost. */
export function statusText(policies: readonly PolicyStatus[]): string {
  const rows = policies.flatMap((policy) => [
    [policyName(policy), policy.state, policy.mode ?? "", policy.reason ?? ""],
    ...(policy.hooks ?? []).map((h) => [`  ${h.hook}`, h.status, h.backend ?? "", h.reason ?? ""]),
  ]);
  return `${columns([["POLICY, HOOK", "STATE", "MODE, BACKEND", "REASON"], ...rows])}\n`;
}
