import type { TSchema, Static } from "typebox";
import { parse } from "yaml";
import { compile, type Checker } from "../../check.ts";
import { AppError, errorMessage } from "../../error.ts";
import { brokenLimit } from "../read/limits.ts";
import { PackManifest } from "./manifest.ts";
import { PolicyMetadata } from "./metadata.ts";

/** Of a manifest or a policy's metadata. */
const MAX_BYTES = 65_536;
export const MANIFEST = "pack.yaml";
/** Ending of a policy's metadata, in place of .yaml. */
export const META = ".meta.yaml";
const manifestChecker = compile(PackManifest);
const metadataChecker = compile(PolicyMetadata);

export interface PackPolicy {
  readonly name: string;
  /** The TracingPolicy's text, unread. */
  readonly text: string;
  readonly metadata: PolicyMetadata;
}

export interface Pack {
  readonly manifest: PackManifest;
  /** In the manifest's order. */
  readonly policies: readonly PackPolicy[];
}

function readYaml<T extends TSchema>(file: string, text: string, checker: Checker<T>): Static<T> {
  const limit = brokenLimit(text, MAX_BYTES);
  if (limit) throw new AppError("invalid_request", `${file}: ${limit.message}`);
  let value: unknown;
  try {
    value = parse(text, { schema: "core", uniqueKeys: true, maxAliasCount: 0, prettyErrors: false });
  } catch (error) {
    throw new AppError("invalid_request", `${file}: ${errorMessage(error)}`, { cause: error });
  }
  const fault = checker.fault(value);
  if (fault) throw new AppError("invalid_request", `${file}: ${fault.pointer}: ${fault.reason}`, fault);
  return value as Static<T>;
}

/** Reads a policy's metadata; AppError `invalid_request` when it does not fit its schema. */
export function readMetadata(file: string, text: string): PolicyMetadata {
  return readYaml(file, text, metadataChecker);
}

function mustHave(files: ReadonlyMap<string, string>, name: string): string {
  const text = files.get(name);
  if (text === undefined) throw new AppError("invalid_request", `${name}: the pack lacks this file.`);
  return text;
}

/**
 * Reads a pack from the files of its directory, by name. Throws AppError `invalid_request` when a file is missing, does
 * not belong to it, or does not fit its schema. The policies' own texts are not looked into.
 */
export function readPack(id: string, files: ReadonlyMap<string, string>): Pack {
  const manifest = readYaml(MANIFEST, mustHave(files, MANIFEST), manifestChecker);
  if (manifest.id !== id)
    throw new AppError("invalid_request", `${MANIFEST}: the pack is ${manifest.id}, its directory ${id}.`);
  const policies = manifest.policies.map((name) => ({
    name,
    text: mustHave(files, `${name}.yaml`),
    metadata: readMetadata(`${name}${META}`, mustHave(files, `${name}${META}`)),
  }));
  const known = new Set([MANIFEST, ...manifest.policies.flatMap((name) => [`${name}.yaml`, `${name}${META}`])]);
  for (const name of files.keys())
    if (!known.has(name))
      throw new AppError("invalid_request", `${name}: no policy of the manifest has this file.`, {
        hint: "Name the policy in pack.yaml, or remove the file.",
      });
  for (const policy of policies) checkStandIns(policy, manifest.policies);
  return { manifest, policies };
}

/** The policies it stands in for, or that stand in for it, are of the same pack: they are loaded together. */
function checkStandIns({ name, metadata }: PackPolicy, policies: readonly string[]): void {
  for (const other of [metadata.fallbackOf ?? [], metadata.coveredBy ?? []].flat())
    if (other === name || !policies.includes(other))
      throw new AppError("invalid_request", `${name}${META}: ${other} is no other policy of this pack.`);
}
