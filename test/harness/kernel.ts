import { access } from "node:fs/promises";

/** Why the running kernel can't run the engine at all, or undefined when it can. */
export async function kernelRefusesBpf(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "not root";
  return access("/sys/kernel/btf/vmlinux").then(
    () => undefined,
    () => "the kernel has no BTF",
  );
}
