import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { sha256Hex } from "../../src/core/ids.ts";
import type { EmbeddedPack, EmbeddedPolicy } from "../../src/core/payload/embedded-files.ts";
import { encodePackPlans } from "../../src/core/payload/packs.ts";

/** A policy of a pack that exists for tests only. */
export function testPolicy(name: string, more: Partial<EmbeddedPolicy> = {}): EmbeddedPolicy {
  return {
    name,
    title: `Title of ${name}`,
    severity: "high",
    kind: "policy_match",
    techniques: ["T1003.008"],
    mode: "monitor",
    ...more,
  };
}

/** A pack whose plans, made up of the policies' names, are in a file of `dir`. */
export async function testPack(
  dir: string,
  id: string,
  policies: readonly EmbeddedPolicy[],
): Promise<EmbeddedPack & { readonly planOf: (name: string) => Uint8Array<ArrayBuffer> }> {
  const planOf = (name: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(`plan of ${name}`);
  const plans = policies.map(({ name }) => ({ name, plan: planOf(name), selfTest: [] }));
  const bytes = zstdCompressSync(encodePackPlans(plans));
  const file = join(dir, `${id}.json.zst`);
  await Bun.write(file, bytes);
  return {
    id,
    version: "0.1.0",
    title: `Pack ${id}`,
    enforcementCapable: policies.some((policy) => policy.mode === "enforce"),
    policies,
    file: { file, sizeBytes: bytes.length, sha256: sha256Hex(bytes) },
    planOf,
  };
}
