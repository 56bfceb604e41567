import { constants } from "node:fs";
import { mkdir, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Type, type Static } from "typebox";
import { compile } from "../../core/check.ts";
import { errorMessage } from "../../core/error.ts";
import { needsWorkloads, nodeSelectorOf, type NodeSelector } from "./node-selector.ts";

/** Policies a node takes beside its packs. */
export const MAX_LOCAL = 128;
const MAX_PLAN_BYTES = 16 * 1024 * 1024;
const MAX_CHOICE_BYTES = 256 * 1024;
export const LOCAL_ENDING = ".plan";
export const CHOICE_FILE = "choice.json";

/** What an operator can want of a policy; `off`: it is not loaded. */
export const WANTED_MODES = ["monitor", "enforce", "off"] as const;
export type WantedMode = (typeof WANTED_MODES)[number];

/** What the node's operator chose, with `telovix policy mode`. It goes before what packs and the sensor's settings say. */
export const OperatorChoice = Type.Object(
  {
    /** Nothing is stopped, whatever else is said. */
    enforcement: Type.Optional(Type.Literal("off")),
    /** By policy. */
    modes: Type.Record(Type.String({ maxLength: 512 }), Type.Enum([...WANTED_MODES]), { maxProperties: 4_096 }),
  },
  { additionalProperties: false },
);
export type OperatorChoice = Static<typeof OperatorChoice>;

const choice = compile(OperatorChoice);

/** A policy that was added on the node. */
export interface LocalPolicy {
  /** As the engine calls it: NAMESPACE/NAME, or its name. */
  readonly name: string;
  /** Of its file, without ending. */
  readonly stem: string;
  readonly plan: Uint8Array;
  /** The policy itself does not ask for monitor mode. */
  readonly mayEnforce: boolean;
  /** Undefined: all nodes. */
  readonly nodeSelector: NodeSelector | undefined;
  readonly needsWorkloads: boolean;
}

/** A file that could not be taken. */
export interface LocalFault {
  readonly file: string;
  readonly reason: string;
}

export interface Local {
  readonly policies: readonly LocalPolicy[];
  /** Undefined: it is there, and cannot be read. */
  readonly choice: OperatorChoice | undefined;
  readonly faults: readonly LocalFault[];
}

/** A file's bytes; undefined when there is none. Neither links nor pipes are followed, and nothing larger is read. */
async function readPlain(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size, isFile } = await file.stat().then((s) => ({ size: s.size, isFile: s.isFile() }));
    if (!isFile) throw new Error("it is not a file");
    if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function readPolicy(dir: string, file: string): Promise<LocalPolicy> {
  const plan = await readPlain(join(dir, file), MAX_PLAN_BYTES);
  if (!plan) throw new Error("it has just been removed");
  // Most nodes have packs only, and no need of the reader.
  const { decodePlan } = await import("../../core/policy/plan/decode.ts");
  const whole = decodePlan(plan);
  const { name, namespace, mode } = whole.policy;
  return {
    name: namespace === "" ? name : `${namespace}/${name}`,
    stem: file.slice(0, -LOCAL_ENDING.length),
    plan,
    mayEnforce: mode !== "monitor",
    nodeSelector: nodeSelectorOf(whole),
    needsWorkloads: needsWorkloads(whole),
  };
}

/** The operator's choice in a directory; none is an empty one. Throws when it cannot be read. */
export async function readChoice(dir: string): Promise<OperatorChoice> {
  const bytes = await readPlain(join(dir, CHOICE_FILE), MAX_CHOICE_BYTES);
  return bytes ? choice.parse(JSON.parse(new TextDecoder().decode(bytes))) : { modes: {} };
}

/** What the operator put into a directory. What cannot be read costs the rest nothing. */
async function readLocal(dir: string): Promise<Local> {
  const files = (await readdir(dir)).filter((n) => n.endsWith(LOCAL_ENDING) && !n.startsWith(".")).toSorted();
  const tooMany = `there are more than ${MAX_LOCAL} policies`;
  const faults = files.slice(MAX_LOCAL).map((file): LocalFault => ({ file, reason: tooMany }));
  const fault = (file: string, error: unknown): void => void faults.push({ file, reason: errorMessage(error) });
  const policies: LocalPolicy[] = [];
  for (const file of files.slice(0, MAX_LOCAL))
    await readPolicy(dir, file).then(
      (policy) => policies.push(policy),
      (error: unknown) => fault(file, error),
    );
  const found = await readChoice(dir).catch((error: unknown) => fault(CHOICE_FILE, error));
  return { policies, choice: found ?? undefined, faults };
}

/** Reads the operator's directory when something in it was exchanged. */
export class LocalDirectory {
  readonly dir: string;
  #seen: bigint | undefined;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** What is in it now; undefined when that is what it was. The directory is made where it is not there. */
  async look(): Promise<Local | undefined> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    // Files are renamed into place: each change is one of the directory.
    const { mtimeNs } = await stat(this.dir, { bigint: true });
    if (mtimeNs === this.#seen) return undefined;
    const local = await readLocal(this.dir);
    this.#seen = mtimeNs;
    return local;
  }
}
