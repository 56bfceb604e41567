import { access, readFile } from "node:fs/promises";
import { arch, hostname, networkInterfaces } from "node:os";
import type { SystemInfo } from "../../core/wire/state.ts";
import { defined } from "../normalize/fields.ts";

const read = (path: string): Promise<string> =>
  readFile(path, "utf8").then(
    (t) => t.trim(),
    () => "",
  );

/** PRETTY_NAME of an os-release file. */
export function parseOsRelease(text: string): string {
  const value = /^PRETTY_NAME=(.*)$/m.exec(text)?.[1] ?? "";
  return value.replace(/^["']|["']$/g, "").slice(0, 256) || "Linux";
}

/** Milliseconds since 1970 at which the kernel started. */
export async function bootTimeMs(): Promise<number> {
  const seconds = Number(/^btime (\d+)$/m.exec(await read("/proc/stat"))?.[1] ?? 0);
  return seconds * 1000;
}

/** What rarely changes about a host. */
export async function readSystemInfo(): Promise<SystemInfo> {
  const [version, osRelease, lsm, bootId, bootMs, timezone, btf] = await Promise.all([
    read("/proc/version"),
    read("/etc/os-release"),
    read("/sys/kernel/security/lsm"),
    read("/proc/sys/kernel/random/boot_id"),
    bootTimeMs(),
    read("/etc/timezone"),
    access("/sys/kernel/btf/vmlinux").then(
      () => true,
      () => false,
    ),
  ]);
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).filter((i) => !i.internal).map((i) => i.address),
  );
  return defined({
    hostname: hostname().slice(0, 253),
    os: parseOsRelease(osRelease),
    kernel: (/^Linux version (\S+)/.exec(version)?.[1] ?? "unknown").slice(0, 256),
    arch: arch(),
    preempt_rt: /\bPREEMPT[_ ]RT\b/.test(version),
    btf,
    lsm: lsm
      .split(",")
      .filter((name) => name !== "")
      .slice(0, 32),
    boot_id: bootId.slice(0, 64),
    boot_at: new Date(bootMs).toISOString(),
    timezone: timezone === "" ? undefined : timezone.slice(0, 64),
    ip_addresses: addresses.slice(0, 64),
  });
}
