import type { SyscallName } from "../model-base.ts";
import { ENGINE_LIMITS } from "./engine-text.ts";

const ABI_OF_PREFIX: Readonly<Record<string, SyscallName["abi"]>> = {
  __x64_: "x64",
  __ia32_: "i386",
  __arm64_: "arm64",
};
const ABIS: ReadonlySet<string> = new Set<SyscallName["abi"]>(["x64", "i386", "arm64", "arm32"]);

/** The name when it can be one of a kernel function (`vfs_read`, `do_open.isra.0`). */
export function functionName(text: string): string | undefined {
  return text.length <= ENGINE_LIMITS.name && /^[A-Za-z_][A-Za-z0-9_.]*$/.test(text) ? text : undefined;
}

/** Reads `sys_dup`, `i386/sys_dup`, `__x64_sys_dup`; undefined for anything else. */
export function parseSyscall(text: string): SyscallName | undefined {
  const [first, second, more] = text.split("/", 3);
  if (first === undefined || more !== undefined) return undefined;
  const written = second ?? first;
  const prefix = Object.keys(ABI_OF_PREFIX).find((p) => written.startsWith(p));
  const name = prefix === undefined ? written : written.slice(prefix.length);
  // In a plan the name stands with its machine.
  if (functionName(name) === undefined || text.length > ENGINE_LIMITS.name) return undefined;
  if (!name.startsWith("sys_") || name === "sys_") return undefined;
  const prefixAbi = prefix === undefined ? undefined : ABI_OF_PREFIX[prefix];
  if (second === undefined) return { name, abi: prefixAbi ?? "native" };
  if (!isAbi(first) || (prefixAbi !== undefined && !fits(prefixAbi, first))) return undefined;
  return { name, abi: first };
}

function isAbi(text: string): text is SyscallName["abi"] {
  return ABIS.has(text);
}

/** 32-bit ARM calls share the functions of the 64-bit ones; i386 calls may be written with either prefix of x86. */
function fits(prefix: SyscallName["abi"], abi: SyscallName["abi"]): boolean {
  return prefix === abi || (prefix === "arm64" && abi === "arm32") || (prefix === "x64" && abi === "i386");
}
