import { join } from "node:path";
import { Unpackr } from "msgpackr";
import { ManualClock } from "../../src/core/clock.ts";
import type { RuntimeEvent } from "../../src/core/event/event.ts";
import { silentLog } from "../../src/core/log.ts";
import { LANE_KINDS, type LaneKind } from "../../src/core/spool/lane-dirs.ts";
import { LaneSet } from "../../src/core/spool/lane-set.ts";
import { DEFAULT_SPOOL_LIMITS } from "../../src/core/spool/limits.ts";
import { Enricher } from "../../src/sensor/enrich/enrich.ts";
import { PodNames } from "../../src/sensor/enrich/pod-names.ts";
import { LineProgram } from "../../src/sensor/normalize/line-program.ts";
import { Pipeline } from "../../src/sensor/tail/pipeline.ts";
import { startOf } from "../../src/sensor/tail/position.ts";
import { SegmentReader } from "../../src/sensor/tail/reader.ts";
import { Tail } from "../../src/sensor/tail/tail.ts";

const unpackr = new Unpackr({ useRecords: false });
const never = new AbortController().signal;

export interface Life extends AsyncDisposable {
  readonly tail: Tail;
  readonly lanes: LaneSet;
  readonly pipeline: Pipeline;
  readonly clock: ManualClock;
}

/** One life of a sensor's tail, on the state in `home`; `append` may stand in front of the spool and fail. */
export async function live(home: string, before: (kind: LaneKind) => void = () => {}): Promise<Life> {
  const clock = new ManualClock(Date.now());
  const limits = { ...DEFAULT_SPOOL_LIMITS, segmentBytes: 8192, ackDelayMs: 0 };
  const lanes = await LaneSet.open(join(home, "spool"), limits, clock, silentLog);
  const start = startOf(lanes.live("bulk").position, lanes.live("alert").position);
  const enricher = new Enricher(new PodNames(join(home, "none")));
  const pipeline = new Pipeline(enricher, start.position, {}, new Map(), new LineProgram());
  const { segment, offset, skipping } = start.position;
  const reader = new SegmentReader(join(home, "out"), segment, offset, skipping);
  const guarded = {
    append: (...args: Parameters<LaneSet["append"]>) => {
      before(args[0]);
      return lanes.append(...args);
    },
  };
  const tail = new Tail({ reader, pipeline, lanes: guarded, start, clock, log: silentLog, onSpooled: () => {} });
  return {
    tail,
    lanes,
    pipeline,
    clock,
    [Symbol.asyncDispose]: async () => {
      await reader.close();
      await lanes[Symbol.asyncDispose]();
    },
  };
}

/** Takes steps until there is nothing to read. */
export async function drain(life: Life): Promise<void> {
  while (await life.tail.step(never));
}

/** Events of one lane, or of all: alerts first. Numbers have no gaps in any. */
export async function stored(life: Life, ...kinds: LaneKind[]): Promise<RuntimeEvent[]> {
  const found: RuntimeEvent[] = [];
  for (const kind of kinds.length > 0 ? kinds : LANE_KINDS) {
    const { records, missing } = await life.lanes.live(kind).read(1, 1e6, 1e9);
    if (missing.length > 0) throw new Error(`numbers are missing: ${JSON.stringify(missing)}`);
    const events = records.map((r) => unpackr.unpack(r.payload) as RuntimeEvent);
    for (const [i, event] of events.entries())
      if (event.seq !== i + 1) throw new Error(`number ${event.seq} stands at place ${i + 1} of the ${kind} lane`);
    found.push(...events);
  }
  return found;
}
