import { readFile } from "node:fs/promises";
import { randomHex, sha256Hex } from "../../core/ids.ts";
import { readIfThere } from "../../core/spool/meta.ts";
import type { SensorInstance } from "../../core/wire/stream.ts";
import type { StatePaths } from "./paths.ts";
import { writeState } from "./sensor-state.ts";

/** What is kept of the node and its boot from one start to the next. */
type Place = Pick<SensorInstance, "machine_hash" | "boot_id">;

/** Where a node tells who it is; tests bring their own. */
export interface PlaceFiles {
  readonly machineId: string;
  readonly bootId: string;
}

const FILES: PlaceFiles = { machineId: "/etc/machine-id", bootId: "/proc/sys/kernel/random/boot_id" };

const text = (path: string): Promise<string> =>
  readFile(path, "utf8").then(
    (t) => t.trim(),
    () => "",
  );

/** The machine id hashed with the product's name, the same at enrolment and in every hello; undefined where there is none. */
function machineHash(machineId: string): string | undefined {
  // An image that was never started says "uninitialized": that is no machine.
  return /^[0-9a-f]{32}$/.test(machineId) ? sha256Hex(`telovix-machine:${machineId}`) : undefined;
}

/** This node, this boot of it and this start of the sensor. The machine id itself never leaves the node. */
export async function readInstance(files: PlaceFiles = FILES): Promise<SensorInstance> {
  const [machineId, bootId] = await Promise.all([text(files.machineId), text(files.bootId)]);
  const machine_hash = machineHash(machineId);
  return {
    ...(machine_hash === undefined ? {} : { machine_hash }),
    ...(bootId === "" ? {} : { boot_id: bootId.slice(0, 64) }),
    start_id: randomHex(8),
  };
}

/** How the place differs from the one the state directory was used in last; undefined: it does not, or nothing is known of it. */
export type Moved = "machine" | "boot" | undefined;

function movedFrom(before: Place, now: Place): Moved {
  const differs = (key: keyof Place): boolean =>
    before[key] !== undefined && now[key] !== undefined && before[key] !== now[key];
  if (differs("machine_hash")) return "machine";
  return differs("boot_id") ? "boot" : undefined;
}

/** Compares with what the last start left in the state directory. */
export async function findMove(paths: StatePaths, now: SensorInstance): Promise<Moved> {
  try {
    const value: unknown = JSON.parse((await readIfThere(paths.instance)) ?? "null");
    return typeof value === "object" && value !== null ? movedFrom(value as Place, now) : undefined;
  } catch {
    return undefined;
  }
}

/** Leaves word of this place for the next start; called once what a move asks for was done. */
export function keepInstance(paths: StatePaths, now: SensorInstance): Promise<void> {
  const { machine_hash, boot_id } = now;
  return writeState(paths.instance, `${JSON.stringify({ machine_hash, boot_id })}\n`);
}
