import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { readPack, type Pack, type PackPolicy } from "../src/core/policy/pack/read.ts";

const PACKS_DIR = join(import.meta.dir, "../embed/packs");

interface Spec {
  readonly kprobes?: readonly { readonly call: string }[];
  readonly lsmhooks?: readonly { readonly hook: string }[];
  readonly tracepoints?: readonly { readonly subsystem: string; readonly event: string }[];
  readonly uprobes?: readonly { readonly symbols: readonly string[] }[];
}

/** Every pack of embed/packs; the baseline and the Linux baseline first, then by name. */
export async function readPacks(): Promise<readonly Pack[]> {
  const ids = (await readdir(PACKS_DIR)).toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  return Promise.all(
    ids.map(async (id) => {
      const names = await readdir(join(PACKS_DIR, id));
      const texts = names.map(async (name) => [name, await readFile(join(PACKS_DIR, id, name), "utf8")] as const);
      return readPack(id, new Map(await Promise.all(texts)));
    }),
  );
}

function rank(id: string): number {
  return ["baseline", "linux-baseline"].indexOf(id) + 1 || 3;
}

/** Names of what a policy hooks, once each, as its events name them. */
export function hookNames(text: string): readonly string[] {
  const { spec } = parse(text) as { spec: Spec };
  return [
    ...new Set([
      ...(spec.kprobes ?? []).map((h) => h.call),
      ...(spec.lsmhooks ?? []).map((h) => h.hook),
      ...(spec.tracepoints ?? []).map((h) => h.event),
      ...(spec.uprobes ?? []).flatMap((h) => h.symbols),
    ]),
  ];
}

function standIns({ metadata }: PackPolicy): string {
  if (metadata.fallbackOf !== undefined)
    return ` Loaded only where \`${metadata.fallbackOf}\` finds no hook of its own.`;
  if (metadata.coveredBy === undefined) return "";
  return ` Where its hooks are not to be had: ${metadata.coveredBy.map((name) => `\`${name}\``).join(", ")}.`;
}

function policyRow(policy: PackPolicy): string {
  const { name, metadata } = policy;
  const kinds = [...new Set([metadata.kind, ...Object.values(metadata.kinds ?? {})])].map((k) => `\`${k}\``);
  const severities = [...new Set([metadata.severity, ...Object.values(metadata.severities ?? {})])];
  const techniques = [...metadata.mitre, ...(metadata.fight ?? [])].join(", ");
  const says = `**${metadata.title}.** ${metadata.description} ${metadata.why}${standIns(policy)}`;
  const cells = [`\`${name}\``, severities.join(", "), says, metadata.noise, kinds.join(", "), techniques];
  return `| ${[...cells, hookNames(policy.text).join(", ")].join(" | ")} |`;
}

function packSection({ manifest, policies }: Pack): string {
  const kind = manifest.enforcementCapable ? "can enforce; monitors until that is switched on" : "observes";
  return `## ${manifest.title}

\`${manifest.id}\` ${manifest.version}, ${policies.length} policies, ${kind}. For nodes declared as ${manifest.roles.join(", ")}.

${manifest.description}

| policy | severity | what and why | known noise | kinds | ATT&CK, FiGHT | hooks |
|---|---|---|---|---|---|---|
${policies.map(policyRow).join("\n")}
`;
}

/** Text of docs/packs.md, from the packs themselves. */
export async function packsDoc(): Promise<string> {
  const packs = await readPacks();
  const count = packs.reduce((sum, pack) => sum + pack.policies.length, 0);
  const list = packs.map(
    ({ manifest: m, policies }) =>
      `| \`${m.id}\` | ${m.title} | ${policies.length} | ${m.enforcementCapable ? "yes" : ""} | ${m.roles.join(", ")} |`,
  );
  return `# Policy packs

Generated from \`embed/packs\` by \`bun scripts/generate-docs.ts\`; a test keeps it true.

A pack is a directory: \`pack.yaml\` (id, version, roles, the policies in the order they are loaded), and for each policy
\`<policy>.yaml\`, a Tetragon-compatible TracingPolicy, and \`<policy>.meta.yaml\`: what it catches and why that matters, the honest work
it reports too, ATT&CK techniques, severity, kind of its events, and how it is tested. Policies with actions that stop something load in
monitor mode: the action is carried out only where an operator has switched enforcement on.

A policy names its self-test: harmless actions of \`telovix-engine act\` (\`act --list\` shows them; they change nothing and leave nothing
behind), each with the event that proves that the policy saw it. \`{target}\` stands for what the action says it was aimed at.
\`telovix policy test linux-baseline\` carries them out on a host and says which policies saw theirs.

Paths in filters of system calls are compared as the caller wrote them: a relative path or a link escapes them, where it does not escape
the security hooks (\`file_open\`, \`bprm_check_security\`) and the always-on file sensor, which know the file itself. The same holds for
calls made through io_uring.

${packs.length} packs, ${count} policies.

| pack | title | policies | can enforce | roles |
|---|---|---|---|---|
${list.join("\n")}

${packs.map(packSection).join("\n")}`;
}
