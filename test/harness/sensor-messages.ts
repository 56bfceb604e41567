import type { RuntimeEvent } from "../../src/core/event/event.ts";
import type { EventsBatch } from "../../src/core/wire/events.ts";
import type { Heartbeat } from "../../src/core/wire/heartbeat.ts";
import type { ProcessEntry } from "../../src/core/wire/inventory.ts";

export const EPOCH = "00000000000000aa";

/** An event of a sensor; `more` overrides. */
export function testEvent(seq: number, more: Partial<RuntimeEvent> = {}): RuntimeEvent {
  return {
    seq,
    kind: "process_exec",
    severity: "info",
    observed_at_us: Date.now() * 1000 - 1_000_000 + seq,
    message: `/usr/bin/id started (${seq})`,
    process: {
      exec_id: `exec-${seq}`,
      pid: 1000 + seq,
      uid: 0,
      binary: "/usr/bin/id",
      argv: ["/usr/bin/id", "-u"],
      ancestors: [],
    },
    ...more,
  };
}

export function testBatch(from: number, to: number, more: Partial<EventsBatch> = {}): EventsBatch {
  const events = Array.from({ length: to - from + 1 }, (_, i) => testEvent(from + i));
  return { epoch: EPOCH, first_seq: from, last_seq: to, events, ...more };
}

/** A process of an inventory. */
export function testProcess(more: Partial<ProcessEntry> = {}): ProcessEntry {
  return {
    pid: 1,
    ppid: 0,
    name: "init",
    cmdline: "/sbin/init",
    uid: 0,
    euid: 0,
    state: "S",
    threads: 1,
    rss_bytes: 1,
    cpu_percent: 0,
    start_time_us: 1,
    ...more,
  };
}

export function testHeartbeat(more: Partial<Heartbeat> = {}): Heartbeat {
  return {
    protocol_version: 1,
    sensor_version: "0.0.0-test",
    sent_at_us: Date.now() * 1000,
    runtime_mode: "live",
    started_at_us: 1_700_000_000_000_000,
    engine: {
      state: "running",
      restarts: 0,
      events: 5,
      lost: 0,
      backends: [{ sensor: "exec", hook: "sched_process_exec", backend: "tracepoint", status: "ok" }],
    },
    trust: { certificate_serial: "ab", certificate_expires_at: "2027-01-01T00:00:00Z" },
    pipeline: {
      lines_read: 0,
      lines_malformed: 0,
      lines_unknown: 0,
      events_normalized: 0,
      events_folded: 0,
      events_spooled: 0,
      events_sent: 0,
      events_acked: 0,
      events_rejected: 0,
      spool_depth: 0,
      spool_bytes: 0,
      spool_dropped: 0,
      spool_corrupt: 0,
      reconnects: 0,
      heartbeat_failures: 0,
      stream_connected: false,
      tail_lag_bytes: 0,
      kernel_lost: 0,
    },
    resources: {
      cpu_percent: 12.5,
      cpu_count: 2,
      load_1m: 0.5,
      memory_total_bytes: 1000,
      memory_used_bytes: 400,
      disk_total_bytes: 1000,
      disk_used_bytes: 250,
      network_rx_bytes: 10,
      network_tx_bytes: 20,
      process_count: 50,
      sensor_rss_bytes: 90,
      sensor_cpu_percent: 1,
      engine_rss_bytes: 25,
      engine_cpu_percent: 1,
    },
    ...more,
  };
}
