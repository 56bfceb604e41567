import { describe, expect, test } from "bun:test";
import { manifest } from "../../embed/manifest.ts";
import { compilePack } from "../../scripts/build/packs.ts";
import { readPacks } from "../../scripts/packs-doc.ts";
import { packPlans } from "../../src/core/payload/packs.ts";
import type { Pack } from "../../src/core/policy/pack/read.ts";
import { decodePlan } from "../../src/core/policy/plan/decode.ts";

const packs = await readPacks();

/** The O-DU guard with one policy's text changed. */
function changed(change: (text: string) => string, more: Partial<Pack["manifest"]> = {}): Pack {
  const pack = packs.find((p) => p.manifest.id === "o-du-process-guard")!;
  const policies = pack.policies.map((p, i) => (i === 0 ? { ...p, text: change(p.text) } : p));
  return { manifest: { ...pack.manifest, ...more }, policies };
}

describe("building packs", () => {
  test("puts all of them into the manifest, with plans the engine's format knows", async () => {
    expect(manifest.packs.map((p) => [p.id, p.version, p.policies.map((q) => q.name)])).toEqual(
      packs.map((p) => [p.manifest.id, p.manifest.version, p.policies.map((q) => q.name)]),
    );
    for (const pack of manifest.packs)
      for (const { name, plan } of await packPlans(pack)) expect(decodePlan(plan).policy.name).toBe(name);
  });

  test("says of every policy what its events mean, and whether it can stop anything", () => {
    const { pack } = compilePack(changed((text) => text));
    expect(pack.policies.map((p) => p.mode)).toContain("enforce");
    const known = packs.flatMap((p) => p.policies).find((p) => p.name === "linux-shadow-read")!.metadata;
    const built = manifest.packs.flatMap((p) => p.policies).find((p) => p.name === "linux-shadow-read")!;
    expect(built).toMatchObject({ title: known.title, severity: known.severity, kind: known.kind, mode: "monitor" });
    expect(built.techniques).toEqual(known.mitre);
    expect(built.fallbackOf).toBe("linux-shadow-read-lsm");
  });

  test.each([
    [
      "is not valid",
      (text: string) => text.replace(/^ {4}- hook: .*$/m, "    - hook: 7"),
      /embed\/packs\/o-du-process-guard\/.*\.yaml:\d+:\d+: /,
    ],
    ["has an unknown field", (text: string) => text.replace("spec:", "spec:\n  colour: red"), /colour/],
    [
      "bears another name",
      (text: string) => text.replace(/^ {2}name: .*$/m, "  name: somebody-else"),
      /is somebody-else, not/,
    ],
    [
      "stands beside another",
      (text: string) => `${text}---\n${text.replace(/^ {2}name: .*$/m, "  name: somebody-else")}`,
      /2 documents/,
    ],
  ])("fails when a policy %s", (_name, change, says) => expect(() => compilePack(changed(change))).toThrow(says));

  test("fails when a policy stops something and its pack does not say so", () =>
    expect(() => compilePack(changed((text) => text, { enforcementCapable: false }))).toThrow("does not say so"));
});
