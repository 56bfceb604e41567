import type { LaneResult, SensorResult } from "../fleet/config.ts";
import { lanesOf } from "../fleet/fleet.ts";
import type { Behaviour } from "../options.ts";
import { accountFor, faultsOf, sizeOf, type NumberRange } from "./ranges.ts";
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
  readonly store: Pick<StoredEvents, "lanes" | "islands" | "ledger">;
}

/** XOR of the CRC-32 of the messages of events 1 to `count`. */
function expectedCrc(behaviour: Behaviour, run: number, index: number, lane: number, count: number): number {
  const source = lanesOf(behaviour, index, run, 0)[lane]!;
  let crc = 0;
  for (let seq = 1; seq <= count; seq++) crc ^= Bun.hash.crc32(source.message(seq));
  return crc >>> 0;
}

const key = (sensorId: string, epoch: string): string => `${sensorId}/${epoch}`;

/** What store and ledger say. */
interface Books {
  readonly lanes: ReadonlyMap<string, StoredLane>;
  readonly islands: ReadonlyMap<string, readonly NumberRange[]>;
  /** By sensor. */
  readonly ledger: ReadonlyMap<string, readonly LedgerEntry[]>;
}

/** Reads the books; number by number where it is not plain that all of a sequence is stored. */
async function readBooks({ results, sinceMs, store }: CheckOptions): Promise<Books> {
  const lanes = new Map((await store.lanes(sinceMs)).map((l) => [key(l.sensor_id, l.epoch), l]));
  const entries = await store.ledger(sinceMs);
  const told = new Set(entries.filter((e) => e.numbered).map((e) => key(e.sensor_id, e.epoch)));
  const unclear = results.flatMap(({ sensorId, lanes: made }) =>
    made.filter(({ epoch, generated }) => {
      const there = lanes.get(key(sensorId, epoch));
      return told.has(key(sensorId, epoch)) || (there && !isWhole(there, generated));
    }),
  );
  const rows = await store.islands(
    unclear.map(({ epoch }) => epoch),
    sinceMs,
  );
  const islands = Map.groupBy(rows, (row) => key(row.sensor_id, row.epoch));
  return {
    lanes,
    islands: new Map([...islands].map(([k, own]) => [k, own.map((i) => ({ from: i.first, to: i.last }))])),
    ledger: Map.groupBy(entries, (entry) => entry.sensor_id),
  };
}

/** As many different numbers as were given out, none below the first or above the last: every one of them. */
function isWhole({ numbers, first, last }: StoredLane, generated: number): boolean {
  return numbers === generated && first >= 1 && last <= generated;
}

/** Compares what a fleet made with what is stored and what the loss ledger says, sensor by sensor and to the event. */
export async function checkRun(options: CheckOptions): Promise<Verdict> {
  const { behaviour, run, results } = options;
  const books = await readBooks(options);
  const { lanes } = books;
  const byCause: Record<string, number> = {};
  const verdicts = results.map((r) => judge(r, books, byCause));
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

function judge(result: SensorResult, books: Books, byCause: Record<string, number>): Mismatch {
  let [generated, stored, doubled, lost] = [0, 0, 0, 0];
  const faults: string[] = result.up ? [] : ["it was never up"];
  const losses = books.ledger.get(result.sensorId) ?? [];
  for (const lane of result.lanes) {
    const own = key(result.sensorId, lane.epoch);
    const there = books.lanes.get(own);
    generated += lane.generated;
    stored += there?.numbers ?? 0;
    doubled += (there?.rows ?? 0) - (there?.numbers ?? 0);
    const whole = there && isWhole(there, lane.generated) ? [{ from: 1, to: lane.generated }] : [];
    const told = losses.filter((entry) => entry.numbered && entry.epoch === lane.epoch);
    faults.push(...faultsOfLane(lane, books.islands.get(own) ?? whole, told).map((fault) => `${lane.lane}: ${fault}`));
  }
  for (const { epoch, stage, cause, count, numbered } of losses) {
    // What is said of sequences of runs before is none of this one's.
    if (epoch !== "" && !result.lanes.some((lane) => lane.epoch === epoch)) continue;
    lost += count;
    byCause[`${stage}/${cause}`] = (byCause[`${stage}/${cause}`] ?? 0) + count;
    // A simulated node loses nothing before it has a number.
    if (!numbered || epoch === "") faults.push(`${stage}/${cause}: ${count} are in the ledger without a number`);
  }
  if (doubled > 0) faults.push(`${doubled} are stored twice`);
  return {
    index: result.index,
    sensor_id: result.sensorId,
    generated,
    stored,
    ledger: lost,
    doubled,
    what: faults.join("; "),
  };
}

/** What is wrong with the numbers of one sequence. */
function faultsOfLane(
  { generated }: LaneResult,
  stored: readonly NumberRange[],
  told: readonly LedgerEntry[],
): string[] {
  const lost = told.map(({ from_seq: from, to_seq: to }) => ({ from, to }));
  const faults = faultsOf(accountFor({ from: 1, to: generated }, stored, lost));
  const never = accountFor({ from: generated + 1, to: Number.MAX_SAFE_INTEGER }, stored, lost);
  if (never.stored + never.lost > 0) faults.push(`${never.stored + never.lost} were never given out`);
  const miscounted = told.filter((entry, i) => entry.count !== sizeOf([lost[i]!]));
  for (const { stage, cause, count, from_seq, to_seq } of miscounted)
    faults.push(`${stage}/${cause}: the ledger counts ${count} from ${from_seq} to ${to_seq}`);
  return faults;
}
