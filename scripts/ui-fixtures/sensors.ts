import type { SensorDetail, SensorInventory, SensorResources } from "../../src/core/api/sensors.ts";
import { CLONE, CLONE_DETAIL, CLONED, health, REASONS } from "./health.ts";
import { makePolicies } from "./policies.ts";
import { Dice } from "../../test/harness/dice.ts";

const random = new Dice(7);
const iso = (ms: number): string => new Date(ms).toISOString();
const NAMES = ["db", "web", "edge", "amf", "upf", "bastion", "build", "kafka", "vault", "mon"];

function makeSensor(i: number, nowMs: number): SensorDetail {
  const state = health(i);
  const silentMs = state === "offline" ? 3 * 3600e3 : state === "degraded" ? 130e3 : random.int(1, 14) * 1000;
  const name = `${NAMES[i % NAMES.length]}-${String(Math.floor(i / NAMES.length) * 7 + 11).padStart(2, "0")}`;
  const read = random.int(400_000, 9_000_000);
  const lost = state === "degraded" ? 1204 : 0;
  const telecom = name.startsWith("amf") || name.startsWith("upf");
  return {
    sensor_id: random.uuid(),
    node_name: i === 33 ? "edge-router-frankfurt-am-main-rack-17-unit-04.prod.example-telecom.internal" : name,
    declared_role: telecom ? name.slice(0, 3) : "generic_linux",
    flavor: telecom ? "telecom" : "standard",
    cluster: i % 3 === 0 ? "fra-1" : null,
    tags: i % 4 === 0 ? ["pci", "prod"] : ["prod"],
    lifecycle_status: i === 17 ? "disabled" : state === "offline" || state === "degraded" ? "stale" : "healthy",
    health_state: state,
    health_reasons: i === CLONE ? CLONED : state === "healthy" ? [] : REASONS[state],
    trust_state: i % 5 === 0 ? "rotated" : "trusted",
    trust_health: state === "watch" ? "renewal_recommended" : state === "degraded" ? "renewal_due" : "healthy",
    runtime_mode: "live",
    runtime_state: state === "critical" ? "failed" : "running",
    enforcement_state: "observe",
    assigned_pack_id: i % 2 === 0 ? "base-linux" : null,
    sensor_version: "0.1.0",
    kernel: telecom ? "6.12.9-rt4-amd64" : "6.1.0-29-amd64",
    os: "Debian GNU/Linux 12 (bookworm)",
    stream_connected: state === "healthy" || state === "watch",
    enrolled_at: iso(nowMs - random.int(1, 40) * 86_400e3),
    last_seen_at: iso(nowMs - silentMs),
    certificate_expires_at: iso(nowMs + (state === "watch" ? 6 : 24) * 86_400e3),
    events_per_sec: state === "offline" || state === "critical" ? 0 : random.int(2, 900) / 10,
    events_lost: lost,
    engine: {
      state: state === "critical" ? "failed" : "running",
      version: "0.1.0",
      run_id: random.hex(16),
      pid: 812,
      restarts: state === "critical" ? 5 : 0,
      rss_bytes: 19_400_000,
      events: read,
      lost,
      // One runs no policy, and one is too old to say.
      ...(i === 2 ? {} : { policies: i === 1 ? [] : makePolicies(random, state === "critical", telecom) }),
      ...(state === "critical" ? { reason: "every hook was refused by the kernel" } : {}),
      backends: [
        ["telovix-process", "sched_process_exec", "tp_btf"],
        ["telovix-process", "sched_process_exit", "tp_btf"],
        ["telovix-process", "sched_process_fork", "tp_btf"],
        ["telovix-network-baseline", "tcp_connect", "fentry"],
        ["telovix-network-baseline", "inet_csk_accept", "fexit"],
        ["telovix-network-baseline", "tcp_close", "fentry"],
        ["telovix-file-open", "sys_openat", "raw_tp"],
        ["telovix-privilege-baseline", "sys_setuid", "raw_tp"],
        ["telovix-dns", "udp_sendmsg", "fentry"],
        ["telovix-syscall", "sys_ptrace", "raw_tp"],
      ].map(([sensor, hook, backend], n) => ({
        sensor: sensor!,
        hook: hook!,
        backend: backend!,
        status: state === "critical" ? ("rejected" as const) : n === 6 ? ("degraded" as const) : ("ok" as const),
        ...(state === "critical"
          ? { reason: "the kernel carries no type information" }
          : n === 6
            ? {
                reason:
                  "security_file_open can't be hooked here: paths are read from user memory and may be changed by the caller",
              }
            : {}),
      })),
    },
    pipeline: {
      lines_read: read,
      lines_malformed: 0,
      lines_unknown: i === 0 ? 3 : 0,
      events_normalized: read - 3,
      events_folded: 18_422,
      events_spooled: read - 18_425,
      events_sent: read - 18_425 - 12,
      events_acked: read - 18_437,
      events_rejected: 0,
      spool_depth: state === "degraded" ? 4_120 : 12,
      spool_bytes: state === "degraded" ? 2_100_000 : 6_600,
      spool_dropped: 0,
      spool_corrupt: 0,
      reconnects: 2,
      heartbeat_failures: 0,
      stream_connected: state === "healthy",
      tail_lag_bytes: 0,
      kernel_lost: lost,
      alert_depth: state === "degraded" ? 14 : 0,
      backlogs: state === "degraded" ? 1 : 0,
      epochs_renewed: i === CLONE ? 2 : 0,
    },
    resources: {
      cpu_percent: 14,
      cpu_count: 8,
      load_1m: 1.2,
      memory_total_bytes: 33e9,
      memory_used_bytes: 12e9,
      disk_total_bytes: 4e11,
      disk_used_bytes: 1.4e11,
      network_rx_bytes: 1e12,
      network_tx_bytes: 4e11,
      process_count: 312,
      sensor_rss_bytes: 71e6,
      sensor_cpu_percent: 0.8,
      engine_rss_bytes: 19e6,
      engine_cpu_percent: 0.3,
    },
    system: {
      hostname: name,
      os: "Debian GNU/Linux 12 (bookworm)",
      kernel: "6.1.0-29-amd64",
      arch: "x86_64",
      preempt_rt: telecom,
      btf: state !== "critical",
      lsm: ["lockdown", "capability", "yama", "apparmor", "bpf"],
      boot_id: random.uuid(),
      boot_at: iso(nowMs - 41 * 86_400e3),
      timezone: "Europe/Berlin",
      ip_addresses: [`10.20.${i}.17`, "fe80::5054:ff:fe12:3456"],
    },
    clock_skew_ms: i === CLONE ? -86_340_000 : 12,
    clone_suspected_at: i === CLONE ? iso(nowMs - 90_000) : null,
    clone_detail: i === CLONE ? CLONE_DETAIL : null,
    events_rejected: 0,
    delivery: state === "offline" ? "none" : state === "degraded" ? "heartbeat" : "stream",
    trust_error:
      state === "degraded" ? { message: "The sensor certificate has expired.", at: iso(nowMs - 3 * 3600e3) } : null,
    certificates: [
      {
        serial: random.hex(40),
        not_before: iso(nowMs - 6 * 86_400e3),
        not_after: iso(nowMs + 24 * 86_400e3),
        status: "active",
        valid_until: null,
        created_at: iso(nowMs - 4 * 86_400e3),
        issuer_id: null,
      },
      {
        serial: random.hex(40),
        not_before: iso(nowMs - 26 * 86_400e3),
        not_after: iso(nowMs + 86_400e3),
        status: "previous",
        valid_until: iso(nowMs + 8 * 3600e3),
        created_at: iso(nowMs - 24 * 86_400e3),
        issuer_id: null,
      },
    ],
  };
}

/** A fleet of 34 with a few that are not well. */
export function makeFleet(nowMs: number): SensorDetail[] {
  return Array.from({ length: 34 }, (_, i) => makeSensor(i, nowMs));
}

/** Processes, connections and services of one host. */
export function makeInventory(nowMs: number): SensorInventory {
  const r = new Dice(11);
  const binaries = [
    "/usr/sbin/nginx",
    "/usr/lib/postgresql/16/bin/postgres",
    "/usr/bin/node",
    "/usr/sbin/sshd",
    "/usr/lib/systemd/systemd-journald",
    "/usr/bin/containerd-shim-runc-v2",
    "/usr/bin/python3.11",
  ];
  return {
    observed_at: iso(nowMs - 6000),
    processes_observed_at: iso(nowMs - 6000),
    processes: Array.from({ length: 412 }, (_, i) => {
      const binary = r.pick(binaries);
      return {
        pid: 300 + i * 13,
        ppid: i % 6 === 0 ? 1 : 300 + (i - 1) * 13,
        name: binary.split("/").at(-1)!.slice(0, 15),
        binary_path: binary,
        cmdline: `${binary} --config /etc/${binary.split("/").at(-1)}/main.conf --worker ${i}`,
        uid: i % 5 === 0 ? 0 : 33,
        euid: i === 40 ? 0 : i % 5 === 0 ? 0 : 33,
        state: "S",
        threads: r.int(1, 40),
        rss_bytes: r.int(2e6, 9e8),
        cpu_percent: i < 6 ? r.int(10, 900) / 10 : r.int(0, 12) / 10,
        start_time_us: (nowMs - 3600e3) * 1000,
        ...(i % 7 === 0 ? { container_id: r.hex(64) } : {}),
      };
    }),
    connections: Array.from({ length: 86 }, (_, i) => ({
      local_addr: "10.20.4.17",
      local_port: 30_000 + i,
      remote_addr: i % 9 === 0 ? "2001:db8:85a3::8a2e:370:7334" : `93.184.${i}.34`,
      remote_port: r.pick([443, 5432, 9092, 22]),
      state: i % 11 === 0 ? "TIME_WAIT" : "ESTABLISHED",
      pid: 300 + i * 13,
      binary: r.pick(binaries),
      uid: 33,
      ...(i % 2 === 0 ? { dns_hostname: `api-${i}.example.net` } : {}),
      ...(i % 4 === 0 ? {} : { duration_secs: r.int(1, 80_000) }),
    })),
    listening: [22, 53, 80, 443, 5432, 9100, 15483].map((port, i) => ({
      protocol: port === 53 ? ("udp" as const) : ("tcp" as const),
      addr: i % 2 ? "0.0.0.0" : "::",
      port,
      pid: 400 + i,
      binary: r.pick(binaries),
      uid: 0,
    })),
    flows: Array.from({ length: 24 }, (_, i) => ({
      protocol: "tcp" as const,
      direction: i % 3 === 0 ? ("inbound" as const) : ("outbound" as const),
      remote_addr: `93.184.${i}.34`,
      remote_port: 443,
      binary: r.pick(binaries),
      count: r.int(1, 400),
      bytes_sent: r.int(1e3, 1e8),
      bytes_received: r.int(1e3, 1e9),
    })),
  };
}

/** Measures of an hour, with a gap. */
export function makeResources(nowMs: number): SensorResources {
  const r = new Dice(3);
  const points = [];
  let cpu = 14;
  for (let i = 240; i > 0; i--) {
    cpu = Math.max(2, Math.min(96, cpu + r.int(-4, 4) + (i === 90 ? 50 : 0) - (cpu > 40 ? 3 : 0)));
    if (i > 150 && i < 168) continue;
    points.push({
      at: iso(nowMs - i * 15_000),
      cpu_percent: cpu,
      memory_percent: 37 + r.next() * 2,
      disk_percent: 35,
      load_1m: cpu / 12,
      network_rx_bytes_per_sec: 4e6 * r.next() + 1e6,
      network_tx_bytes_per_sec: 9e5 * r.next() + 2e5,
      sensor_rss_bytes: 68e6 + r.next() * 4e6,
      engine_rss_bytes: 19e6,
      sensor_cpu_percent: 0.5 + r.next(),
      engine_cpu_percent: 0.2 + r.next() / 3,
      events_per_sec: 20 + cpu * 1.4,
      spool_depth: i > 168 && i < 175 ? 900 : r.int(0, 20),
    });
  }
  return { step_secs: 15, points };
}
