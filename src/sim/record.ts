import { readFile, writeFile } from "node:fs/promises";
import { Type } from "typebox";
import { compile } from "../core/check.ts";
import { AppError, errorMessage } from "../core/error.ts";
import { sha256Hex } from "../core/ids.ts";
import type { SensorResult } from "./fleet/config.ts";
import { PROFILES, type Behaviour } from "./options.ts";

const share = Type.Number({ minimum: 0, maximum: 1 });
const count = Type.Integer({ minimum: 0 });
const RecordedBehaviour = Type.Object({
  n: Type.Integer({ minimum: 1, maximum: 100_000 }),
  seed: Type.Integer({ minimum: 0, maximum: 2 ** 31 }),
  profiles: Type.Array(Type.Union(PROFILES.map((p) => Type.Literal(p))), { minItems: 1, maxItems: 16 }),
  eps: Type.Number({ minimum: 0, maximum: 10_000 }),
  alertShare: share,
  burst: Type.Object({ probability: share, size: Type.Integer({ minimum: 0, maximum: 100_000 }) }),
  clockSkew: share,
  rogue: share,
  flap: share,
  rampMs: count,
  durationMs: count,
  queueEvents: Type.Integer({ minimum: 1 }),
});
const recording = compile(
  Type.Object({
    version: Type.Literal(1),
    behaviour: RecordedBehaviour,
    counts: Type.Object({ generated: count, bulk: count, alert: count, by_sensor_sha256: Type.String() }),
  }),
);

/** What a fleet made: in all, by lane, and a fingerprint of how much each sensor made in each. */
export interface Counts {
  readonly generated: number;
  readonly bulk: number;
  readonly alert: number;
  readonly by_sensor_sha256: string;
}

/** How a fleet behaved and what it made: enough to play it again and to say whether it was the same. */
export interface Recording {
  readonly behaviour: Behaviour;
  readonly counts: Counts;
}

/** The fleet's own counts, which nothing that the Console does can change. */
export function countsOf(results: readonly Pick<SensorResult, "index" | "lanes">[]): Counts {
  const of = (name: string): number =>
    results.reduce((sum, { lanes }) => sum + (lanes.find(({ lane }) => lane === name)?.generated ?? 0), 0);
  const each = results.map(({ index, lanes }) => [
    index,
    ...lanes.map(({ lane, generated }) => `${lane} ${generated}`),
  ]);
  const [bulk, alert] = [of("bulk"), of("alert")];
  return { generated: bulk + alert, bulk, alert, by_sensor_sha256: sha256Hex(JSON.stringify(each)) };
}

/** How two plays differ, a sentence; undefined when they are the same. */
export function differenceOf(was: Counts, is: Counts): string | undefined {
  for (const name of ["bulk", "alert"] as const)
    if (was[name] !== is[name]) return `${was[name]} events of ${name} were recorded, and ${is[name]} made now`;
  return was.by_sensor_sha256 === is.by_sensor_sha256
    ? undefined
    : "as many events were made as were recorded, but not by the same sensors";
}

export async function writeRecording(path: string, { behaviour, counts }: Recording): Promise<void> {
  await writeFile(path, `${JSON.stringify({ version: 1, behaviour, counts }, null, 2)}\n`);
}

/** Reads what `writeRecording` wrote; AppError that says what to do for anything else. */
export async function readRecording(path: string): Promise<Recording> {
  const hint = "Name a file that 'telovix sim sensors --record' wrote.";
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new AppError("invalid_request", `${path} cannot be read: ${errorMessage(error)}`, { hint });
  }
  if (!recording.is(value)) throw new AppError("invalid_request", `${path} is no recording of a fleet.`, { hint });
  return value;
}
