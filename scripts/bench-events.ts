import type { Process } from "../src/core/event/process.ts";
import type { RuntimeEvent } from "../src/core/event/event.ts";

const PROGRAMS = [
  "/usr/bin/bash",
  "/usr/bin/curl",
  "/usr/bin/python3",
  "/usr/sbin/nginx",
  "/usr/bin/grep",
  "/opt/db/bin/postgres",
  "/usr/sbin/cron",
  "/usr/bin/sed",
];

/** A run of numbers that is the same each time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}

/** Events of about 550 bytes as JSON: executions, connections and opened files, with a parent and its ancestor. */
export function makeBenchEvents(seed: number, firstSeq: number, count: number, nowUs: number): RuntimeEvent[] {
  const pick = dice(seed * 7_919 + firstSeq);
  const execId = (n: number): string => Buffer.from(`node-${seed}:${n * 7_919}:${n}`).toString("base64");
  return Array.from({ length: count }, (_, i): RuntimeEvent => {
    const seq = firstSeq + i;
    const [binary, parent] = [PROGRAMS[pick(8)]!, PROGRAMS[pick(8)]!];
    const [ppid, parentId] = [1_000 + pick(3_000), execId(pick(1_000))];
    const process: Process = {
      exec_id: execId(seq),
      parent_exec_id: parentId,
      pid: 1_000 + pick(30_000),
      ppid,
      uid: pick(3) * 500,
      binary,
      argv: [binary, "-q", String(seq)],
      cwd: "/srv/app",
      start_time_us: nowUs - 1_000,
      parent_binary: parent,
      ancestors: [{ exec_id: parentId, pid: ppid, binary: parent }],
    };
    const shared = { seq, severity: "info", observed_at_us: nowUs + i, process } as const;
    const kind = pick(10);
    if (kind < 5)
      return {
        ...shared,
        kind: "process_exec",
        message: `${binary} was started by ${parent}`,
        workload: { unit: "cron.service", cgroup: "/system.slice/cron.service" },
      };
    const remote_addr = `10.1.2.${pick(250)}`;
    if (kind < 8)
      return {
        ...shared,
        kind: "network_connect",
        message: `${binary} connected to ${remote_addr}:443`,
        network: {
          family: "inet",
          protocol: "tcp",
          direction: "outbound",
          local_addr: "10.0.0.5",
          local_port: 30_000 + pick(20_000),
          remote_addr,
          remote_port: 443,
        },
      };
    return {
      ...shared,
      kind: "file_open",
      message: `${binary} opened /etc/shadow`,
      file: { path: "/etc/shadow", flags: "O_RDONLY" },
    };
  });
}
