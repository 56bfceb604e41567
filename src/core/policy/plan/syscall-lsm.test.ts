import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DENIALS, lsmHookOfSyscall } from "./syscall-lsm.ts";
import { canDeny, functionOfLsmHook, lsmHookOfFunction } from "./lsm-name.ts";

/** The strings of a piece of C, neighbours joined. */
function strings(text: string): string[] {
  return [...text.matchAll(/"[^"]*"(?:\s*"[^"]*")*/g)].map(([run]) => run.replaceAll(/"\s*"/g, "").slice(1, -1));
}

test("the table is the engine's", () => {
  const source = readFileSync(join(import.meta.dir, "../../../../native/policy/resolve_deny.c"), "utf8");
  const table = /denials\[\] = \{([\s\S]*?)\n\};/.exec(source)![1]!.replace(/\/\*[\s\S]*?\*\//g, "");
  const rows = [...table.matchAll(/\{((?:\s*"[^"]*")+),\s*\{([^}]*)\}\s*\}/g)].map(([, calls, hooks]) => [
    strings(calls!)[0]!,
    ...strings(hooks!),
  ]);
  expect(rows.length).toBeGreaterThan(50);
  expect(DENIALS.map((row) => [...row])).toEqual(rows);
});

test("each call stands once, and each hook can deny", () => {
  const calls = DENIALS.flatMap(([names]) => names.split(" "));
  expect(calls.length).toBe(new Set(calls).size);
  for (const [, ...hooks] of DENIALS) for (const hook of hooks) expect(canDeny(hook.replace("|", ""))).toBe(true);
});

test("a call's hook", () => {
  expect(lsmHookOfSyscall("sys_symlinkat")).toEqual({ hook: "inode_symlink" });
  expect(lsmHookOfSyscall("sys_unshare")?.only).toContain("user namespace");
  expect(lsmHookOfSyscall("sys_getpid")).toBeUndefined();
});

test("functions and their hooks", () => {
  expect(lsmHookOfFunction("security_bprm_check")).toBe("bprm_check_security");
  expect(lsmHookOfFunction("security_file_open")).toBe("file_open");
  expect(lsmHookOfFunction("tcp_connect")).toBeUndefined();
  for (const hook of ["bprm_check_security", "userns_create", "file_open"])
    expect(lsmHookOfFunction(functionOfLsmHook(hook))).toBe(hook);
  expect(canDeny("bprm_committing_creds")).toBe(false);
});
