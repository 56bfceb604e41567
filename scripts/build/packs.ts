import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";
import { checkPolicyText } from "../../src/core/policy/check.ts";
import type { Policy } from "../../src/core/policy/model.ts";
import type { Pack, PackPolicy } from "../../src/core/policy/pack/read.ts";
import { encodePlan } from "../../src/core/policy/plan/encode.ts";
import type { EmbeddedPack, EmbeddedPolicy } from "../../src/core/payload/embedded-files.ts";
import { encodePackPlans, type PackPlan } from "../../src/core/payload/packs.ts";
import { readPacks } from "../packs-doc.ts";
import { EMBED_DIR, PLANS_DIR, ROOT } from "./paths.ts";
import { hashInputs, once } from "./stamp.ts";

const LEVEL = 19;
const INDEX = join(PLANS_DIR, "packs.json");
const STOPS: ReadonlySet<string> = new Set(["sigkill", "signal", "override", "notifyEnforcer", "set"]);

/** A pack as the manifest names it, before its file is one. */
export type CompiledPack = Omit<EmbeddedPack, "file">;

/** The one policy of the text. Throws with every problem, warnings too: what we ship checks clean. */
function checked(pack: string, { name, text }: PackPolicy): Policy {
  const { documents } = checkPolicyText(text);
  const problems = documents.flatMap((d) => d.problems);
  const file = `embed/packs/${pack}/${name}.yaml`;
  if (problems.length > 0)
    throw new Error(problems.map((p) => `${file}:${p.line}:${p.column}: ${p.rule}: ${p.message}`).join("\n"));
  const policy = documents[0]?.policy;
  if (!policy || documents.length !== 1) throw new Error(`${file} holds ${documents.length} documents, not one policy`);
  if (policy.name !== name || policy.namespace !== undefined)
    throw new Error(`${file}: the policy is ${policy.name}, not ${name}`);
  return policy;
}

function canStop(policy: Policy): boolean {
  const selectors = policy.hooks.flatMap((hook) => hook.selectors);
  return selectors.flatMap((s) => [...s.actions, ...s.returnActions]).some((action) => STOPS.has(action.kind));
}

/** Compiles a pack. Throws, naming file and line, when a policy does not check clean. */
export function compilePack({ manifest, policies }: Pack): { pack: CompiledPack; plans: readonly PackPlan[] } {
  const { id, version, title, enforcementCapable } = manifest;
  const plans: PackPlan[] = [];
  const known = policies.map((policy): EmbeddedPolicy => {
    const { name, metadata } = policy;
    const { mitre, fight = [], severity, severities, kind, kinds, fallbackOf, coveredBy, selfTest } = metadata;
    const model = checked(id, policy);
    plans.push({ name, plan: encodePlan(model), selfTest });
    const mode = canStop(model) ? "enforce" : "monitor";
    if (mode === "enforce" && !enforcementCapable)
      throw new Error(`embed/packs/${id}: ${name} stops something, and its pack does not say so`);
    return {
      name,
      title: metadata.title,
      severity,
      kind,
      techniques: [...mitre, ...fight],
      mode,
      ...(severities === undefined ? {} : { severities }),
      ...(kinds === undefined ? {} : { kinds }),
      ...(fallbackOf === undefined ? {} : { fallbackOf }),
      ...(coveredBy === undefined ? {} : { coveredBy }),
    };
  });
  return { pack: { id, version, title, enforcementCapable, policies: known }, plans };
}

async function writeAll(): Promise<void> {
  const compiled = (await readPacks()).map(compilePack);
  await rm(PLANS_DIR, { recursive: true, force: true });
  await mkdir(PLANS_DIR, { recursive: true });
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL };
  for (const { pack, plans } of compiled)
    await writeFile(packFile(pack), zstdCompressSync(encodePackPlans(plans), { params }));
  await writeFile(INDEX, JSON.stringify(compiled.map(({ pack }) => pack)));
}

/** Where a pack's plans are written: embed/plans. */
export function packFile({ id }: CompiledPack): string {
  return join(PLANS_DIR, `${id}.json.zst`);
}

/** Compiles the packs of embed/packs into embed/plans, unless nothing has changed, and gives what the manifest says of them. */
export async function buildPacks(): Promise<readonly CompiledPack[]> {
  const inputs = ["src/core/policy", "src/core/event", "src/core/payload/packs.ts", "scripts/packs-doc.ts"];
  const paths = [...inputs.map((path) => join(ROOT, path)), join(EMBED_DIR, "packs"), import.meta.path];
  await once("packs", await hashInputs(paths, [Bun.version]), [INDEX], writeAll);
  return JSON.parse(await readFile(INDEX, "utf8")) as readonly CompiledPack[];
}
