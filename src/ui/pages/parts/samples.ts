import type { EventHistogram, EventRow, Lineage, LineageNode } from "../../../core/api/events.ts";

const START_MS = Date.UTC(2026, 0, 5, 9);
const iso = (ms: number): string => new Date(ms).toISOString();
export const SAMPLE_AT = iso(START_MS);

/** A histogram of `count` minutes with one blind range. */
export function sampleHistogram(count: number): EventHistogram {
  const buckets = Array.from({ length: count }, (_, i) => ({
    at: iso(START_MS + i * 60_000),
    info: 40 + ((i * 37) % 60),
    warning: (i * 7) % 9,
    high: i % 11 === 0 ? 3 : 0,
    critical: i === 40 ? 2 : 0,
    late: i > 4 && i < 12 ? 60 : 0,
  }));
  const blind =
    count === 0
      ? []
      : [
          {
            from: iso(START_MS + 20 * 60_000),
            to: iso(START_MS + 24 * 60_000),
            sensor_id: "s",
            node_name: "db-17",
            stage: "kernel",
            cause: "ring_main",
            count: 1204,
            unknown: false,
          },
        ];
  return {
    from: iso(START_MS),
    to: iso(START_MS + 3_600_000),
    step_secs: 60,
    buckets,
    blind,
    total: buckets.reduce((n, b) => n + b.info + b.warning + b.high + b.critical, 0),
  };
}

/** 10,000 rows for the table. */
export function sampleRows(): EventRow[] {
  return Array.from({ length: 10_000 }, (_, i) => ({
    event_id: `e${i}`,
    sensor_id: "s",
    node_name: `db-${i % 40}`,
    kind: "process_exec",
    severity: i % 97 === 0 ? "critical" : "info",
    observed_at: iso(START_MS - i * 1000),
    ingested_at: SAMPLE_AT,
    message: `curl was started by bash, number ${i}`,
    process_executable: "/usr/bin/curl",
    process_arguments: "",
    pid: i + 100,
    uid: 0,
    exec_id: "",
    container_id: "",
  }));
}

function node(
  id: string,
  parent: string | null,
  binary: string,
  atMs: number,
  more: Partial<LineageNode> = {},
): LineageNode {
  return {
    exec_id: id,
    parent_exec_id: parent,
    pid: 100,
    uid: 0,
    binary,
    arguments: "",
    started_at: iso(START_MS + atMs),
    ended_at: iso(START_MS + atMs + 900),
    exit_code: 0,
    exit_signal: null,
    container_id: "",
    inferred: false,
    counts: { files: 1, connections: 0, dns: 0, warnings: 0 },
    severity: "info",
    children_total: 0,
    ...more,
  };
}

/** A small tree with every kind of row. */
export function sampleLineage(): Lineage {
  const nodes = [
    node("a", null, "/usr/lib/systemd/systemd", 0, {
      started_at: null,
      ended_at: null,
      exit_code: null,
      inferred: true,
    }),
    node("b", "a", "/usr/sbin/sshd", -86_400_000, { ended_at: null, exit_code: null }),
    node("c", "b", "/usr/bin/bash", 0, {
      ended_at: iso(START_MS + 9000),
      severity: "high",
      counts: { files: 3, connections: 2, dns: 1, warnings: 2 },
    }),
    ...Array.from({ length: 14 }, (_, i) => node(`s${i}`, "c", "/usr/bin/sleep", i * 500)),
    node("d", "c", "/usr/bin/gcc", 4000, { exit_code: 1, arguments: "-O2 exploit.c -o /tmp/.x" }),
  ];
  return { sensor_id: "s", node_name: "db-17", focus_exec_id: "c", nodes, left_out: 0, took_ms: 1 };
}
