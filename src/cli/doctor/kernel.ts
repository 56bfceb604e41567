import { access, readFile, statfs } from "node:fs/promises";
import type { Finding } from "./finding.ts";

const BPF_FS_MAGIC = 0xcafe4a11;
/** Below the first nothing runs (no ring buffer); below the second the engine's programs for older kernels do (docs/adr/0013). */
const MIN_KERNEL = [5, 8] as const;
const FULL_KERNEL = [5, 17] as const;

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}

/** `version`: of /proc/version. The engine itself tries what the kernel can; this says what to expect before it is there. */
export function kernelFinding(version: string): Finding {
  const match = /Linux version (\d+)\.(\d+)/.exec(version);
  const [major, minor] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
  const release = version.split(" ")[2] ?? "unknown";
  const rt = /PREEMPT_RT/.test(version) ? ", real-time (PREEMPT_RT)" : "";
  const below = (least: readonly [number, number]): boolean =>
    major < least[0] || (major === least[0] && minor < least[1]);
  if (below(MIN_KERNEL))
    return {
      name: "kernel",
      status: "missing",
      message: `Linux ${release}: too old for the sensor's engine.`,
      hint: "Linux 5.8 or newer is needed; the Console runs anyway.",
    };
  if (below(FULL_KERNEL))
    return {
      name: "kernel",
      status: "limited",
      message: `Linux ${release}${rt}: served by the engine's programs for older kernels.`,
      hint: "Events are complete. Policies go without fentry programs and hashes of files, and what they probe ends with the engine.",
    };
  return { name: "kernel", status: "ok", message: `Linux ${release}${rt}.` };
}

/** What the kernel offers, read off /proc and /sys. */
export async function checkKernel(): Promise<Finding[]> {
  const version = (await readText("/proc/version")) ?? "";
  const btf = await access("/sys/kernel/btf/vmlinux").then(
    () => true,
    () => false,
  );
  const bpffs = await statfs("/sys/fs/bpf").then(
    (s) => s.type === BPF_FS_MAGIC,
    () => false,
  );
  const lsm = await readText("/sys/kernel/security/lsm");
  const lockdown = /\[(\w+)\]/.exec((await readText("/sys/kernel/security/lockdown")) ?? "")?.[1];
  return [
    kernelFinding(version),
    btf
      ? { name: "btf", status: "ok", message: "The kernel describes its types (/sys/kernel/btf/vmlinux)." }
      : {
          name: "btf",
          status: "missing",
          message: "The kernel has no BTF.",
          hint: "Use a kernel built with CONFIG_DEBUG_INFO_BTF=y; the sensor then sees no kernel events here.",
        },
    bpffs
      ? { name: "bpffs", status: "ok", message: "The BPF file system is mounted at /sys/fs/bpf." }
      : {
          name: "bpffs",
          status: "limited",
          message: "No BPF file system at /sys/fs/bpf: pinned policies cannot outlive the sensor.",
          hint: "mount -t bpf bpf /sys/fs/bpf",
        },
    lsm === undefined
      ? {
          name: "lsm",
          status: "unknown",
          message: "The list of security modules can't be read (/sys/kernel/security is not mounted).",
        }
      : lsm.split(",").includes("bpf")
        ? { name: "lsm", status: "ok", message: `BPF may deny operations (${lsm}).` }
        : {
            name: "lsm",
            status: "limited",
            message: `BPF is not among the security modules (${lsm}): operations can be watched but not denied that way.`,
            hint: "Add bpf to the lsm= boot parameter.",
          },
    ...(lockdown && lockdown !== "none"
      ? [{ name: "lockdown", status: "limited", message: `The kernel is locked down (${lockdown}).` } as Finding]
      : []),
  ];
}
