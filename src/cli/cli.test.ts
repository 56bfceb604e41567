import { describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS } from "./table.ts";
import { runCli } from "./run.ts";
import { editDistance, nearest } from "../core/nearest.ts";
import { parseFlags } from "./parse.ts";

async function cli(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await runCli(argv, {
    out: (t) => void (out += t),
    err: (t) => void (err += t),
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

describe("the command line", () => {
  test("without a command shows help and exits 2", async () => {
    const { code, out } = await cli();
    expect(code).toBe(2);
    expect(out).toContain("console serve");
  });

  test("answers --help for every command", async () => {
    for (const command of COMMANDS.filter((c) => !c.hidden)) {
      const { code, out } = await cli(...command.name.split(" "), "--help");
      expect(code).toBe(0);
      expect(out).toContain(command.summary);
      for (const flag of command.flags) expect(out).toContain(`--${flag.name}`);
    }
  });

  test("answers --help for the commands that share their first words, and so does help", async () => {
    for (const words of [["policy"], ["console", "store"]]) {
      const members = COMMANDS.filter((c) => !c.hidden && c.name.startsWith(`${words.join(" ")} `));
      for (const call of [
        [...words, "--help"],
        [...words, "-h"],
        ["help", ...words],
      ]) {
        const { code, out } = await cli(...call);
        expect(code).toBe(0);
        for (const { name, summary } of members)
          expect(out).toMatch(new RegExp(`^  ${name} .*${RegExp.escape(summary)}$`, "m"));
        expect(out).not.toContain("completion");
      }
    }
    expect((await cli("policy")).code).toBe(2);
    expect((await cli("polcy", "--help")).code).toBe(2);
  });

  test("backup and restore have short names that do the same", async () => {
    for (const name of ["backup", "restore"]) {
      const [short, long] = [name, `console ${name}`].map((n) => COMMANDS.find((c) => c.name === n)!);
      expect(short).toMatchObject({ flags: long!.flags, args: long!.args!, load: long!.load });
      const { code, out } = await cli(name, "--help");
      expect(code).toBe(0);
      expect(out).toContain(`Usage: telovix ${name} <file`);
      expect(out).toContain(`telovix ${name} `);
      for (const called of [name, `console ${name}`]) {
        const { code: wrong, err } = await cli(...called.split(" "));
        expect(wrong).toBe(2);
        expect(err).toContain(`For example: telovix ${called} `);
      }
    }
  });

  test("a wrong flag names the nearest right one and exits 2", async () => {
    const { code, err } = await cli("console", "serve", "--locl-sensor");
    expect(code).toBe(2);
    expect(err).toContain("Did you mean --local-sensor?");
  });

  test("a wrong command names the nearest right one and exits 2", async () => {
    const { code, err } = await cli("versoin");
    expect(code).toBe(2);
    expect(err).toContain("'telovix version'");
  });

  test("a fault without advice of its own points to help that there is, whatever stands behind the command", async () => {
    const none = join(tmpdir(), "telovix-no-such-directory");
    const calls = [
      ["enroll", "--console", "https://127.0.0.1:1", "--token", "x", "--state-dir", none],
      ["console", "token", "create", "--cluster", "x", "--expires-days", "no", "--data-dir", none],
    ];
    let hinted = 0;
    for (const words of calls) {
      const { err } = await cli(...words);
      const [, topic] = /^See 'telovix help ?(.*)'\.$/m.exec(err) ?? [];
      if (topic === undefined) continue;
      hinted++;
      expect(words.join(" ")).toStartWith(topic);
      expect((await cli("help", ...topic.split(" "))).code).toBe(0);
    }
    expect(hinted).toBeGreaterThan(0);
  });

  test("half a command lists how it goes on", async () => {
    const { code, err } = await cli("sensor");
    expect(code).toBe(2);
    expect(err).toContain("sensor run");
  });

  test("a flag without its value, and a switch with one, are refused", async () => {
    expect((await cli("console", "serve", "--port")).err).toContain("--port needs a value");
    expect((await cli("version", "--json=yes")).err).toContain("--json takes no value");
  });

  test("version --json is JSON", async () => {
    const { code, out } = await cli("version", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ version: expect.any(String), commit: expect.any(String) });
  });

  test("completions name every visible command and no hidden one", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { out } = await cli("completion", shell);
      for (const command of COMMANDS.filter((c) => !c.hidden)) expect(out).toContain(command.name.split(" ").at(-1)!);
      expect(out).not.toContain("internal");
    }
  });

  test("repeatable flags gather, -- ends flags", () => {
    const enroll = COMMANDS.find((c) => c.name === "enroll")!;
    const { flags } = parseFlags(enroll, ["--tag", "a:1", "--tag=b:2", "--token", "x"]);
    expect(flags["tag"]).toEqual(["a:1", "b:2"]);
    expect(flags["token"]).toBe("x");
  });

  test("edit distance", () => {
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(nearest("servr", ["server", "sensor"])).toBe("server");
  });
});
