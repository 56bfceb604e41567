import { describe, expect, test } from "bun:test";
import { access } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readPacks } from "../../scripts/packs-doc.ts";

interface Action {
  readonly name: string;
  readonly args: string;
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly help: string;
}

const ENGINE = join(resolve(import.meta.dir, "../.."), "native/.output/telovix-engine");
const built = await access(ENGINE).then(
  () => true,
  () => false,
);
if (!built) process.stderr.write(`SKIPPED: actions of self-tests: no ${ENGINE}; run make native\n`);

async function run(...args: string[]): Promise<string> {
  const child = Bun.spawn([ENGINE, "act", ...args], { stdout: "pipe", stderr: "inherit" });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return text;
}

describe.skipIf(!built)("actions", () => {
  test("are listed with their arguments and a line of help", async () => {
    const list = JSON.parse(await run("--list", "--json")) as readonly Action[];
    expect(list.length).toBeGreaterThan(80);
    expect(new Set(list.map((a) => a.name)).size).toBe(list.length);
    for (const { name, args, minArgs, maxArgs, help } of list) {
      expect(name).toMatch(/^[a-z][a-z0-9-]+$/);
      expect(args.split(" ").filter((word) => word !== "")).toHaveLength(maxArgs);
      expect(minArgs).toBeLessThanOrEqual(maxArgs);
      expect(help.length).toBeGreaterThan(10);
    }
  });

  test("of every self-test exist, with as many arguments", async () => {
    const list = JSON.parse(await run("--list", "--json")) as readonly Action[];
    const known = new Map(list.map((a) => [a.name, a]));
    const steps = (await readPacks()).flatMap((pack) => pack.policies).flatMap((p) => p.metadata.selfTest);
    const wrong = steps.filter(({ act, args }) => {
      const action = known.get(act);
      const count = args?.length ?? 0;
      return !action || count < action.minArgs || count > action.maxArgs;
    });
    expect(wrong).toEqual([]);
    expect(steps.length).toBeGreaterThan(150);
  });

  test("answer with one line that says who did it and how it went", async () => {
    const answer = JSON.parse(await run("open-write-refused", "/etc/passwd")) as Record<string, unknown>;
    expect(answer).toMatchObject({ act: "open-write-refused", result: "ENOTDIR", return: -20, foreseen: true });
    expect(answer["pid"]).toBeGreaterThan(1);
    const named = JSON.parse(await run("--as", "tx-copy", "exec-copy", "masscan")) as Record<string, unknown>;
    expect(named).toMatchObject({ act: "exec-copy", result: "ok", foreseen: true });
    expect(named["target"]).toMatch(/\/telovix-act-\w{6}\/masscan$/);
  });
});
