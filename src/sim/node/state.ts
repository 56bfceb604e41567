import { sha256Hex } from "../../core/ids.ts";
import type { Heartbeat } from "../../core/wire/heartbeat.ts";
import type { Inventory } from "../../core/wire/inventory.ts";
import type { SystemInfo } from "../../core/wire/state.ts";
import { PROTOCOL_VERSION } from "../../core/wire/version.ts";
import { mix } from "../mix.ts";
import type { NodeFacts } from "./facts.ts";
import { processCount, processesOf } from "./processes.ts";
import { socketsOf } from "./sockets.ts";

export const SIM_VERSION = "0.1.0-sim";

const BACKENDS: Heartbeat["engine"]["backends"] = [
  { sensor: "process", hook: "sched_process_exec", backend: "tp_btf", status: "ok" },
  { sensor: "process", hook: "sched_process_exit", backend: "tp_btf", status: "ok" },
  { sensor: "network", hook: "tcp_connect", backend: "fentry", status: "ok" },
  {
    sensor: "file",
    hook: "security_file_open",
    backend: "fentry",
    status: "degraded",
    reason: "no BPF LSM on this kernel",
  },
];

/** What the node says of itself in a heartbeat. */
export interface NodeFigures {
  readonly generated: number;
  readonly sent: number;
  readonly acked: number;
  readonly missing: number;
  readonly rejected: number;
  readonly waiting: number;
  readonly reconnects: number;
  readonly heartbeatFailures: number;
  readonly connected: boolean;
}

export function machineHash(seed: number, index: number): string {
  return sha256Hex(`telovix-sim-machine:${seed}:${index}`);
}

export function systemOf(facts: NodeFacts): SystemInfo {
  const { seed, index, nodeName } = facts;
  return {
    hostname: nodeName,
    os: "Debian GNU/Linux 12 (bookworm)",
    kernel: facts.profile === "5gcore" ? "6.12.9-rt" : "6.1.0-31-amd64",
    arch: "x86_64",
    preempt_rt: facts.profile === "5gcore",
    btf: true,
    lsm: ["lockdown", "capability", "apparmor", "bpf"],
    boot_id: `${mix(seed, index, 41).toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`,
    boot_at: "2026-01-01T00:00:00Z",
    ip_addresses: [`10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`],
  };
}

/** A heartbeat as the sensor makes it; `full` adds what rarely changes. */
export function heartbeatOf(facts: NodeFacts, f: NodeFigures, nowUs: number, full: boolean): Heartbeat {
  const { seed, index } = facts;
  const wobble = mix(seed, index, Math.floor(nowUs / 15_000_000)) % 100;
  return {
    protocol_version: PROTOCOL_VERSION,
    sensor_version: SIM_VERSION,
    sent_at_us: nowUs,
    runtime_mode: "simulated",
    started_at_us: facts.startedUs,
    engine: {
      state: "running",
      version: SIM_VERSION,
      run_id: mix(seed, index, 42).toString(16),
      pid: 812,
      restarts: 0,
      rss_bytes: 14_000_000,
      events: f.generated,
      lost: 0,
      backends: BACKENDS,
      policies: [
        {
          name: "watched-files",
          pack: "linux-baseline",
          mode: "monitor",
          state: "ok",
          matched: f.generated,
          enforced: 0,
          lost: 0,
        },
      ],
    },
    trust: { certificate_serial: facts.serial, certificate_expires_at: facts.certificateExpiresAt },
    pipeline: {
      lines_read: f.generated,
      lines_malformed: 0,
      lines_unknown: 0,
      events_normalized: f.generated,
      events_folded: 0,
      events_spooled: f.generated,
      events_sent: f.sent,
      events_acked: f.acked,
      events_rejected: f.rejected,
      spool_depth: f.waiting,
      spool_bytes: f.waiting * 300,
      spool_dropped: f.missing,
      spool_corrupt: 0,
      reconnects: f.reconnects,
      heartbeat_failures: f.heartbeatFailures,
      stream_connected: f.connected,
      tail_lag_bytes: 0,
      kernel_lost: 0,
    },
    resources: {
      cpu_percent: wobble / 2,
      cpu_count: 4,
      load_1m: wobble / 50,
      memory_total_bytes: 8_000_000_000,
      memory_used_bytes: 2_000_000_000 + wobble * 10_000_000,
      disk_total_bytes: 100_000_000_000,
      disk_used_bytes: 40_000_000_000,
      network_rx_bytes: f.generated * 1_000,
      network_tx_bytes: f.generated * 400,
      process_count: processCount(facts),
      sensor_rss_bytes: 70_000_000,
      sensor_cpu_percent: 0.4,
      engine_rss_bytes: 14_000_000,
      engine_cpu_percent: 0.2,
    },
    ...(full ? { system: systemOf(facts) } : {}),
  };
}

/** What runs on the host at its `look`th look: all of it, or the processes, which are what the sensor sends by itself. */
export function inventoryOf(facts: NodeFacts, look: number, nowUs: number, full: boolean): Inventory {
  const sockets = full ? socketsOf(facts, look, nowUs) : {};
  return { is_full_snapshot: full, observed_at_us: nowUs, processes: processesOf(facts, look), ...sockets };
}
