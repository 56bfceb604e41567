import { constants } from "node:fs";
import { access, mkdir, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { CHOICE_FILE, LOCAL_ENDING, readChoice, type OperatorChoice, type WantedMode } from "./local.ts";

/** Durable and whole, or not at all: a switch that a power cut undoes is none. */
async function place(dir: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const draft = join(dir, `.${name}.${process.pid}.tmp`);
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const file = await open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(dir, name));
}

/** Adds a policy to a node, or takes another plan for it. */
export function addLocalPolicy(dir: string, stem: string, plan: Uint8Array): Promise<void> {
  return place(dir, stem + LOCAL_ENDING, plan);
}

/** Takes a policy from a node; false when it was not there. */
export async function removeLocalPolicy(dir: string, stem: string): Promise<boolean> {
  const path = join(dir, stem + LOCAL_ENDING);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) await unlink(path);
  return isThere;
}

/** What is changed of the operator's choice; undefined as a mode: as the policy itself has it. */
export interface ChoiceChange {
  readonly modes?: ReadonlyMap<string, WantedMode | undefined>;
  /** Whether anything may be stopped at all. */
  readonly enforcement?: "off" | "as set";
}

/** Changes the operator's choice. Throws when what is there cannot be read: it is not written over. */
export async function changeChoice(dir: string, change: ChoiceChange): Promise<OperatorChoice> {
  const before = await readChoice(dir);
  const modes = new Map(Object.entries(before.modes));
  for (const [name, mode] of change.modes ?? [])
    if (mode === undefined) modes.delete(name);
    else modes.set(name, mode);
  const enforcement = change.enforcement === "as set" ? undefined : (change.enforcement ?? before.enforcement);
  const choice: OperatorChoice = {
    ...(enforcement === undefined ? {} : { enforcement }),
    modes: Object.fromEntries(modes),
  };
  await place(dir, CHOICE_FILE, new TextEncoder().encode(`${JSON.stringify(choice, null, 2)}\n`));
  return choice;
}
