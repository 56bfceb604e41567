import type { PipelineMetrics } from "../core/wire/state.ts";
import type { LaneSet } from "../core/spool/lane-set.ts";
import type { Pipeline } from "./tail/pipeline.ts";
import type { SegmentReader } from "./tail/reader.ts";
import type { Tail } from "./tail/tail.ts";
import type { HeartbeatLoop } from "./uplink/heartbeat.ts";
import type { Outbox } from "./uplink/outbox.ts";
import type { Stream } from "./uplink/stream.ts";

export interface MetricSources {
  readonly pipeline: Pipeline;
  readonly reader: SegmentReader;
  readonly tail: Tail;
  readonly lanes: LaneSet;
  readonly outbox: Outbox;
  readonly stream: Stream;
  readonly heartbeat: HeartbeatLoop;
}

/** Counters of every step between the kernel and the Console, for the heartbeat. */
export async function pipelineMetrics(s: MetricSources): Promise<PipelineMetrics> {
  const { processes_preloaded: _p, lines_repeated: _r, events_trimmed: _t, ...counters } = s.pipeline.counters;
  const spool = s.lanes.stats;
  return {
    ...counters,
    events_spooled: s.tail.spooled,
    events_sent: s.outbox.sent,
    events_acked: s.outbox.acked,
    events_rejected: s.outbox.rejected,
    spool_depth: spool.depth,
    spool_bytes: spool.bytes,
    spool_dropped: spool.dropped,
    spool_corrupt: spool.corrupt,
    reconnects: s.stream.reconnects,
    heartbeat_failures: s.heartbeat.failures,
    stream_connected: s.stream.connected,
    alert_depth: spool.alertDepth,
    backlogs: spool.backlogs,
    epochs_renewed: spool.renewed,
    spool_max_events: spool.maxEvents,
    tail_lag_bytes: await s.reader.lagBytes().catch(() => 0),
  };
}
