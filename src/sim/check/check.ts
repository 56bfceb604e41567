import type { SensorResult } from "../fleet/config.ts";
import { lanesOf } from "../fleet/fleet.ts";
import type { Behaviour } from "../options.ts";
import type { LedgerEntry, StoredEvents, StoredLane } from "./store.ts";

/** A sensor whose events do not add up. */
export interface Mismatch {
  readonly index: number;
  readonly sensor_id: string;
  readonly generated: number;
  readonly stored: number;
  readonly ledger: number;
  readonly doubled: number;
  readonly what: string;
}

export interface Verdict {
  readonly ok: boolean;
  readonly generated: number;
  readonly stored: number;
  readonly ledger: number;
  readonly ledger_by_cause: Readonly<Record<string, number>>;
  readonly doubled: number;
  /** Lanes whose stored messages were compared with what was made, by checksum. */
  readonly contents_compared: number;
  readonly mismatches: readonly Mismatch[];
  /** What came of sensors that lied about their numbers: told, not judged. */
  readonly liars: readonly Mismatch[];
}

const COMPARED = 400;

export interface CheckOptions {
  readonly behaviour: Behaviour;
  readonly run: number;
  readonly results: readonly SensorResult[];
  readonly sinceMs: number;
  readonly store: Pick<StoredEvents, "lanes" | "ledger">;
}

/** XOR of the CRC-32 of the messages of events 1 to `count`. */
function expectedCrc(behaviour: Behaviour, run: number, index: number, lane: number, count: number): number {
  const source = lanesOf(behaviour, index, run, 0)[lane]!;
  let crc = 0;
  for (let seq = 1; seq <= count; seq++) crc ^= Bun.hash.crc32(source.message(seq));
  return crc >>> 0;
}

const key = (sensorId: string, epoch: string): string => `${sensorId}/${epoch}`;

/** Compares what a fleet made with what is stored and what the loss ledger says, sensor by sensor and to the event. */
export async function checkRun(options: CheckOptions): Promise<Verdict> {
  const { behaviour, run, results, sinceMs, store } = options;
  const lanes = new Map((await store.lanes(sinceMs)).map((l) => [key(l.sensor_id, l.epoch), l]));
  const ledger = Map.groupBy(await store.ledger(sinceMs), (entry) => entry.sensor_id);
  const byCause: Record<string, number> = {};
  const verdicts = results.map((r) => judge(r, lanes, ledger.get(r.sensorId) ?? [], byCause));
  let compared = 0;
  const wrongContents: Mismatch[] = [];
  const step = Math.max(1, Math.floor(results.length / COMPARED));
  for (let i = 0; i < results.length; i += step) {
    const result = results[i]!;
    for (const [at, lane] of result.lanes.entries()) {
      const stored = lanes.get(key(result.sensorId, lane.epoch));
      if (!stored || stored.numbers !== lane.generated) continue;
      compared++;
      if (expectedCrc(behaviour, run, result.index, at, lane.generated) !== stored.crc)
        wrongContents.push({ ...verdicts[i]!, what: `what is stored of ${lane.lane} is not what was sent` });
    }
  }
  const wrong = verdicts.filter((v) => v.what !== "");
  const isLiar = (v: Mismatch): boolean =>
    ![undefined, "flood"].includes(results.find((r) => r.index === v.index)?.rogue);
  const mismatches = [...wrong.filter((v) => !isLiar(v)), ...wrongContents.filter((v) => !isLiar(v))];
  const sum = (of: (v: Mismatch) => number): number => verdicts.reduce((total, v) => total + of(v), 0);
  return {
    ok: mismatches.length === 0,
    generated: sum((v) => v.generated),
    stored: sum((v) => v.stored),
    ledger: sum((v) => v.ledger),
    ledger_by_cause: byCause,
    doubled: sum((v) => v.doubled),
    contents_compared: compared,
    mismatches: mismatches.slice(0, 50),
    liars: verdicts.filter(isLiar),
  };
}

function judge(
  result: SensorResult,
  lanes: ReadonlyMap<string, StoredLane>,
  losses: readonly LedgerEntry[],
  byCause: Record<string, number>,
): Mismatch {
  let [generated, stored, doubled, lost] = [0, 0, 0, 0];
  for (const lane of result.lanes) {
    const there = lanes.get(key(result.sensorId, lane.epoch));
    generated += lane.generated;
    stored += there?.numbers ?? 0;
    doubled += (there?.rows ?? 0) - (there?.numbers ?? 0);
  }
  for (const { epoch, stage, cause, count } of losses) {
    // What is said of sequences of runs before is none of this one's.
    if (epoch !== "" && !result.lanes.some((lane) => lane.epoch === epoch)) continue;
    lost += count;
    byCause[`${stage}/${cause}`] = (byCause[`${stage}/${cause}`] ?? 0) + count;
  }
  const off = generated - stored - lost;
  const parts = [
    off > 0 ? `${off} are neither stored nor in the ledger` : "",
    off < 0 ? `${-off} more are stored or in the ledger than were made` : "",
    doubled > 0 ? `${doubled} are stored twice` : "",
  ];
  return {
    index: result.index,
    sensor_id: result.sensorId,
    generated,
    stored,
    ledger: lost,
    doubled,
    what: parts.filter(Boolean).join("; "),
  };
}
