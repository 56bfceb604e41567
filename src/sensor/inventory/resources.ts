import { readdir, readFile, statfs } from "node:fs/promises";
import { cpus } from "node:os";
import type { ResourceMetrics } from "../../core/wire/state.ts";
import { readStat, TICKS_PER_SEC } from "./proc-pid.ts";

const PAGE_BYTES = 4096;

interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

/** The first line of /proc/stat: time busy and altogether, in ticks. */
export function parseCpu(text: string): CpuTimes {
  const f = text.slice(0, text.indexOf("\n")).trim().split(/\s+/).slice(1, 9).map(Number);
  const total = f.reduce((sum, n) => sum + n, 0);
  return { total, busy: total - (f[3] ?? 0) - (f[4] ?? 0) };
}

export function parseMeminfo(text: string): { total: number; used: number } {
  const kb = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) * 1024;
  const total = kb("MemTotal");
  return { total, used: Math.max(0, total - kb("MemAvailable")) };
}

/** Bytes in and out over all interfaces but the loopback. */
export function parseNetDev(text: string): { rx: number; tx: number } {
  let rx = 0;
  let tx = 0;
  for (const line of text.split("\n").slice(2)) {
    const [name, rest] = line.split(":");
    if (!rest || name!.trim() === "lo") continue;
    const f = rest.trim().split(/\s+/).map(Number);
    rx += f[0] ?? 0;
    tx += f[8] ?? 0;
  }
  return { rx, tx };
}

const percent = (part: number, whole: number): number =>
  whole > 0 ? Math.max(0, Math.round((part / whole) * 1000) / 10) : 0;

/** Load of the host and our own share of it; rates are since the call before. */
export class ResourceMeter {
  #cpu: CpuTimes | undefined;
  #own = new Map<string, { pid: number; ticks: number; atMs: number }>();

  async read(monotonicMs: number, enginePid: number | undefined, diskPath: string): Promise<ResourceMetrics> {
    const text = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
    const [stat, meminfo, netdev, loadavg, disk, entries] = await Promise.all([
      text("/proc/stat"),
      text("/proc/meminfo"),
      text("/proc/net/dev"),
      text("/proc/loadavg"),
      statfs(diskPath).catch(() => undefined),
      readdir("/proc").catch(() => []),
    ]);
    const cpu = parseCpu(stat);
    const before = this.#cpu;
    this.#cpu = cpu;
    const memory = parseMeminfo(meminfo);
    const net = parseNetDev(netdev);
    const sensor = this.#process("sensor", process.pid, monotonicMs);
    const engine = enginePid === undefined ? { rss: 0, cpu: 0 } : this.#process("engine", enginePid, monotonicMs);
    const blocks = disk ? disk.blocks * disk.bsize : 0;
    return {
      cpu_percent: before ? percent(cpu.busy - before.busy, cpu.total - before.total) : 0,
      cpu_count: cpus().length,
      load_1m: Math.max(0, Number.parseFloat(loadavg) || 0),
      memory_total_bytes: memory.total,
      memory_used_bytes: memory.used,
      disk_total_bytes: blocks,
      disk_used_bytes: disk ? Math.max(0, blocks - disk.bfree * disk.bsize) : 0,
      network_rx_bytes: net.rx,
      network_tx_bytes: net.tx,
      process_count: entries.filter((name) => /^\d+$/.test(name)).length,
      sensor_rss_bytes: sensor.rss,
      sensor_cpu_percent: sensor.cpu,
      engine_rss_bytes: engine.rss,
      engine_cpu_percent: engine.cpu,
    };
  }

  #process(name: string, pid: number, nowMs: number): { rss: number; cpu: number } {
    const stat = readStat(pid);
    if (!stat) return { rss: 0, cpu: 0 };
    const before = this.#own.get(name);
    this.#own.set(name, { pid, ticks: stat.cpuTicks, atMs: nowMs });
    const usedMs = before?.pid === pid ? ((stat.cpuTicks - before.ticks) * 1000) / TICKS_PER_SEC : 0;
    return { rss: stat.rssPages * PAGE_BYTES, cpu: before ? percent(usedMs, nowMs - before.atMs) : 0 };
  }
}
