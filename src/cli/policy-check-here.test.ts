import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPolicyText } from "../core/policy/check.ts";
import { lowerPlan } from "../core/policy/plan/lower.ts";
import type { PolicyReport } from "../core/policy/report.ts";
import { checkHere } from "./policy-check-here.ts";
import { resolvePlans } from "./policy-resolve.ts";

const HEAD = "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n  name: sample\nspec:\n";
const TEXT = `${HEAD}  kprobes:\n  - call: sys_dup\n  - call: sys_opneat\n  - call: vfs_read\n    syscall: false\n`;
const ANSWER = {
  tried: true,
  hooks: [
    { index: 0, line: 7, column: 5, state: "ok", mechanism: "kprobe", reason: "" },
    {
      index: 1,
      line: 8,
      column: 5,
      state: "rejected",
      mechanism: "",
      reason: "no such system call on this kernel: sys_opneat (nearest: sys_openat)",
      nearest: "sys_openat",
    },
    { index: 2, line: 9, column: 5, state: "degraded", mechanism: "fentry", reason: "only reported" },
  ],
};
const ENGINE = join(import.meta.dir, "../../native/.output/telovix-engine");
if (!existsSync(ENGINE)) process.stderr.write(`SKIPPED: no engine at ${ENGINE}\n`);
let dir = "";

beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), "telovix-here-"))));
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Asks an engine that does what a shell can: `resolve --plan FILE --json`. */
async function here(text: string, body: string): Promise<PolicyReport> {
  const engine = join(await mkdtemp(join(dir, "engine-")), "engine");
  await writeFile(engine, `#!/bin/sh\n${body}\n`);
  await chmod(engine, 0o755);
  const { signal } = new AbortController();
  return checkHere(checkPolicyText(text), signal, (plans, stop) =>
    resolvePlans(plans, stop, () => Promise.resolve(engine)),
  );
}

const says = (answer: unknown): string =>
  `[ "$1 $2 $4" = "resolve --plan --json" ] && [ -s "$3" ] && /bin/cat <<'END'\n${JSON.stringify(answer)}\nEND`;

describe("a policy on this host", () => {
  test("is refused where a hook can't be had, with the nearest name", async () => {
    const { verdict, documents } = await here(TEXT, says(ANSWER));
    expect(verdict).toBe("invalid");
    expect(documents[0]!.policy).toBeUndefined();
    expect(documents[0]!.problems).toEqual([
      {
        stage: "S3",
        rule: "host.rejected",
        severity: "error",
        line: 8,
        column: 5,
        path: "",
        message: "No such system call on this kernel: sys_opneat.",
        hint: "Did you mean 'sys_openat'?",
      },
      expect.objectContaining({ rule: "host.degraded", severity: "warning", line: 9, message: "Only reported." }),
    ]);
  });

  test("is told at the name in a list, whether called or compared with", async () => {
    const long = `sys_${"x".repeat(70)}`;
    const text = `${HEAD}  lists:
  - {name: calls, type: syscalls, values: [sys_dup, __x64_sys_nothing, ${long}]}
  kprobes:
  - call: list:calls
  - call: sys_nothing
  tracepoints:
  - {subsystem: raw_syscalls, event: sys_enter, args: [{index: 4, type: syscall64}], selectors: [{matchArgs: [{operator: InMap, values: ["list:calls"]}]}]}
`;
    const missing = (index: number, line: number, name: string): object => ({
      index,
      line,
      column: 5,
      state: "rejected",
      mechanism: "",
      reason: `no such system call on this kernel: ${name}`,
    });
    const hooks = [missing(0, 9, "sys_nothing"), missing(1, 9, long.slice(0, 60)), missing(2, 10, "sys_nothing")];
    const { documents } = await here(text, says({ tried: true, hooks: [...hooks, missing(3, 12, "sys_nothing")] }));
    const told = documents[0]!.problems.filter((p) => p.stage === "S3");
    expect(told.map((p) => `${p.line}:${p.column}`)).toEqual(["7:53", "7:72", "10:5"]);
  });

  test("is told S4 where a feature is missing, at the argument where one is at fault", async () => {
    const text = `${TEXT}    args:\n    - index: 0\n      type: file\n    - index: 9\n      type: int\n`;
    const hook = { index: 0, line: 9, column: 5, state: "rejected", mechanism: "" };
    const answers = [
      { ...hook, reason: "no kprobes on this kernel", feature: true },
      { ...hook, index: 1, reason: "argument 9: the function has 4 arguments", argument: 1 },
      { ...hook, index: 2, reason: "by kprobe: no trampoline can be built here", state: "degraded", feature: true },
      { ...hook, index: 3, reason: "exit_group: a name stays as it is" },
      { ...hook, index: 4, reason: "maxData: at most 8192 bytes are told", argument: 200 },
    ];
    const { documents } = await here(text, says({ tried: true, hooks: answers }));
    expect(documents[0]!.problems.map((p) => [p.stage, p.rule, p.line, p.column, p.message])).toEqual([
      ["S4", "host.rejected", 9, 5, "No kprobes on this kernel."],
      ["S4", "host.degraded", 9, 5, "By kprobe: no trampoline can be built here."],
      ["S3", "host.rejected", 9, 5, "exit_group: a name stays as it is."],
      ["S3", "host.rejected", 9, 5, "maxData: at most 8192 bytes are told."],
      ["S3", "host.rejected", 14, 7, "Argument 9: the function has 4 arguments."],
    ]);
  });

  test.skipIf(!existsSync(ENGINE))("is told what the engine itself says", async () => {
    const { signal } = new AbortController();
    const { documents } = checkPolicyText(TEXT);
    const [answer] = await resolvePlans([lowerPlan(documents[0]!.policy!)], signal, () => Promise.resolve(ENGINE));
    expect(answer?.hooks[1]).toEqual(ANSWER.hooks[1] as never);
  });

  test.skipIf(!existsSync(ENGINE))("is refused for an argument that a raw tracepoint does not have", async () => {
    const hook = "  tracepoints:\n  - subsystem: sched\n    event: sched_process_exec\n    raw: true\n    args:\n";
    const text = `${HEAD}${hook}    - index: 2\n      type: auto\n    - index: 3\n      type: int\n`;
    const { signal } = new AbortController();
    const { documents } = await checkHere(checkPolicyText(text), signal, (plans, stop) =>
      resolvePlans(plans, stop, () => Promise.resolve(ENGINE)),
    );
    expect(documents[0]!.problems).toMatchObject([
      {
        stage: "S3",
        rule: "host.rejected",
        line: 13,
        column: 7,
        message: "Argument 3: the tracepoint has 3 arguments.",
      },
    ]);
  });

  test("stays valid with losses, and when nothing is amiss", async () => {
    const [fine, , less] = ANSWER.hooks;
    const { verdict, documents } = await here(TEXT, says({ tried: true, hooks: [fine, less] }));
    expect([verdict, documents[0]!.policy?.name, documents[0]!.problems.length]).toEqual(["valid", "sample", 1]);
    expect((await here(TEXT, says({ tried: true, hooks: [fine] }))).documents[0]!.problems).toEqual([]);
  });

  test("hooks of a list with one reason are told once; those of the loader at the document", async () => {
    const hook = { index: 0, line: 0, column: 0, state: "rejected", mechanism: "", reason: "no" };
    const { documents } = await here(TEXT, says({ tried: true, hooks: [hook, { ...hook, index: 1 }] }));
    expect(documents[0]!.problems).toMatchObject([{ line: 1, column: 1, message: "No." }]);
  });

  test("isn't asked about what is invalid or open", async () => {
    const broken = TEXT.replace("syscall: false", "syscal: false");
    expect((await here(broken, "exit 1")).documents[0]!.problems.map((p) => p.stage)).toEqual(["S1"]);
  });

  test("an engine that fails says why", async () => {
    const failed = (body: string): Promise<unknown> => here(TEXT, body).catch((error: unknown) => error);
    expect(String(await failed("echo 'The kernel has no BTF.' >&2; exit 1"))).toContain("The kernel has no BTF.");
    expect(String(await failed("echo '{}'"))).toContain("cannot be read");
  });
});
