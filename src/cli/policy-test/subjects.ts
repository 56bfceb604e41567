import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { manifest } from "../../../embed/manifest.ts";
import { AppError } from "../../core/error.ts";
import { packPlans } from "../../core/payload/packs.ts";
import { MANIFEST, META, readMetadata, readPack } from "../../core/policy/pack/read.ts";
import type { SelfTestStep } from "../../core/policy/pack/self-test.ts";
import { writePlan } from "../../core/policy/plan/write.ts";
import { readPlans } from "../policy-source.ts";

/** A policy to be tried. */
export interface Subject {
  readonly name: string;
  readonly plan: Uint8Array;
  readonly selfTest: readonly SelfTestStep[];
  /** Policies that see the same where this one's hooks are not to be had, or the one it stands in for. */
  readonly standIns: readonly string[];
}

interface StandIns {
  readonly fallbackOf?: string;
  readonly coveredBy?: readonly string[];
}

function standIns({ fallbackOf, coveredBy = [] }: StandIns): readonly string[] {
  return fallbackOf === undefined ? coveredBy : [...coveredBy, fallbackOf];
}

/** Policies of a pack inside this executable; undefined: it has none of that name. */
async function ofPack(id: string): Promise<readonly Subject[] | undefined> {
  const pack = manifest.packs.find((p) => p.id === id);
  if (!pack) return undefined;
  const said = new Map(pack.policies.map((policy) => [policy.name, policy]));
  return (await packPlans(pack)).map((p) => ({ ...p, standIns: standIns(said.get(p.name) ?? {}) }));
}

/** The policy of a file; how it is tested stands beside it. */
async function ofFile(file: string): Promise<Subject> {
  const beside = join(dirname(file), basename(file).replace(/\.ya?ml$/i, "") + META);
  const text = await readFile(beside, "utf8").catch(() => undefined);
  if (text === undefined)
    throw new AppError("invalid_request", `${file} has no self-test: there is no ${basename(beside)} beside it.`, {
      hint: "docs/packs.md says what stands in such a file.",
    });
  const metadata = readMetadata(beside, text);
  const [plan, ...more] = await readPlans(file);
  if (!plan || more.length > 0) throw new AppError("invalid_request", `${file} holds more than one policy.`);
  const { selfTest } = metadata;
  return { name: plan.policy.name, plan: writePlan(plan), selfTest, standIns: standIns(metadata) };
}

/** Policies of a directory: of a pack those it names, and all that have metadata of any other. */
async function ofDirectory(dir: string): Promise<readonly Subject[]> {
  const names = (await readdir(dir)).filter((name) => /\.ya?ml$/i.test(name)).toSorted();
  if (names.includes(MANIFEST)) {
    const texts = names.map(async (name) => [name, await readFile(join(dir, name), "utf8")] as const);
    const { policies } = readPack(basename(resolve(dir)), new Map(await Promise.all(texts)));
    return Promise.all(policies.map(({ name }) => ofFile(join(dir, `${name}.yaml`))));
  }
  const tested = names.filter((name) => !name.endsWith(META) && names.includes(name.replace(/\.ya?ml$/i, "") + META));
  if (tested.length === 0) throw new AppError("invalid_request", `${dir} holds no policy with a self-test beside it.`);
  return Promise.all(tested.map((name) => ofFile(join(dir, name))));
}

async function ofWord(word: string): Promise<readonly Subject[]> {
  const packed = await ofPack(word);
  if (packed) return packed;
  const found = await stat(word).catch(() => undefined);
  if (!found)
    throw new AppError("not_found", `There is no pack and no file '${word.slice(0, 256)}'.`, {
      hint: `Packs: ${manifest.packs.map((p) => p.id).join(", ")}.`,
    });
  return found.isDirectory() ? ofDirectory(word) : [await ofFile(word)];
}

/** The policies that packs, directories and files name. AppError when there are two of a name. */
export async function readSubjects(words: readonly string[]): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for (const word of words) subjects.push(...(await ofWord(word)));
  const names = subjects.map((s) => s.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new AppError("invalid_request", `There are two policies named ${twice}.`, { hint: "Test them one by one." });
  return subjects;
}
