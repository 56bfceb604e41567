/** Scenes that have an engine each: what they need is there before it, or only for them. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { ACT, DIR, type Truth } from "./case.ts";
import { CASES } from "./cases.ts";
import { Engine } from "./engine.ts";
import type { Line } from "./match.ts";
import type { Result } from "./outcome.ts";
import { directoryOf } from "./prepare.ts";

const CHANGE_MS = 60_000;
export const TOLD_MS = 30_000;
export const PINS = `${DIR}/pins`;
const plans = `${DIR}/plans/scene`;

/** As the sensor does it: written elsewhere, then renamed. */
export function control(what: object): void {
  writeFileSync(`${DIR}/coming`, JSON.stringify(what));
  renameSync(`${DIR}/coming`, `${plans}/control.json`);
}

/** What the first run of a case does. */
export const actOf = (name: string): readonly string[] => CASES.find((c) => c.name === name)?.runs[0]?.act ?? [];
export const act = (...tokens: readonly string[]): Truth =>
  JSON.parse(spawnSync(ACT, tokens, { encoding: "utf8" }).stdout) as Truth;
export const check = (holds: boolean, what: string, seen: unknown): void => {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(seen)}`);
};

export interface Scene {
  readonly name: string;
  readonly plans: readonly string[];
  readonly more?: readonly string[];
  /** What is there before the engine is; what it gives is for `play`. */
  readonly before?: () => void;
  readonly play: (engine: Engine, eventsOf: EventsOf) => Promise<void>;
}
export const nameOf = (scene: Scene): string => `scenario: ${scene.name}`;
export type EventsOf = (policy: string) => Promise<readonly Line[]>;

/** Thrown by a scene that this kernel has no stage for. */
export class NotHere extends Error {}

interface MapOf {
  readonly id: string;
  readonly type: number;
  readonly value: number;
  readonly entries: number;
  readonly frozen: boolean;
}

/** The maps a process holds descriptors of, by the kernel's numbers for types, and bytes of a value. */
export function mapsOf(pid: number): MapOf[] {
  return readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    let text = "";
    try {
      text = readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8");
    } catch {
      return []; // closed meanwhile
    }
    const number = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(text)?.[1] ?? -1);
    if (number("map_id") < 0) return [];
    const [type, value, entries] = [number("map_type"), number("value_size"), number("max_entries")];
    return [{ id: String(number("map_id")), type, value, entries, frozen: number("frozen") === 1 }];
  });
}

async function playOne(scene: Scene, binary: string, out: string, prepared: string): Promise<Result> {
  const name = nameOf(scene);
  const result: Result = { name, hook: "syscall", shows: { other: name }, outcome: "works" };
  rmSync(plans, { recursive: true, force: true });
  mkdirSync(plans, { recursive: true });
  for (const plan of scene.plans) {
    const group = CASES.find((c) => c.name === plan)?.group ?? "";
    copyFileSync(`${prepared}/plans/${directoryOf(group)}/${plan}.plan`, `${plans}/${plan}.plan`);
  }
  scene.before?.();
  const engine = new Engine(binary, out, plans, scene.more ?? []);
  const eventsOf = async (policy: string): Promise<readonly Line[]> => {
    await engine.told(act("nothing").pid, TOLD_MS);
    return engine.lines().filter((line) => line.event["policy_name"] === policy);
  };
  try {
    check((await engine.policies(scene.plans.length, CHANGE_MS)) !== undefined, "no start", engine.complaint);
    await scene.play(engine, eventsOf);
    return result;
  } catch (cause) {
    if (cause instanceof NotHere) return { ...result, outcome: "not possible", reason: cause.message };
    return { ...result, outcome: "FAILED", reason: cause instanceof Error ? cause.message : String(cause) };
  } finally {
    await engine.stop(CHANGE_MS);
    if (scene.more?.includes("--pin") === true) spawnSync(binary, ["unpin", "--pin", PINS]);
  }
}

/** One after the other. */
export async function playScenes(
  scenes: readonly Scene[],
  binary: string,
  out: string,
  prepared: string,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const scene of scenes) results.push(await playOne(scene, binary, out, prepared));
  return results;
}
