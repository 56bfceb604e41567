import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readStdin } from "./policy-stdin.ts";
import { runCli } from "./run.ts";

const HEAD = "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n  name: NAME\nspec:\n";
const VALID = `${HEAD.replace("NAME", "good")}  loader: true\n`;
const INVALID = `${HEAD.replace("NAME", "bad")}  kprobes:\n  - call: vfs_read\n    syscal: false\n`;
const EGRESS = `${HEAD.replace("NAME", "egress")}  kprobes:\n  - {call: tcp_connect, syscall: false, args: [{index: 0, type: sock}], selectors: [{matchArgs: [{operator: NotDAddr, values: ["\${NET}"]}]}]}\n`;

let dir = "";

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "policy-check-"));
  await mkdir(join(dir, "deep/er"), { recursive: true });
  await mkdir(join(dir, "none"));
  await writeFile(join(dir, "good.yaml"), VALID);
  await writeFile(join(dir, "deep/bad.yml"), INVALID);
  await writeFile(join(dir, "deep/er/two.YAML"), `${VALID}---\napiVersion: v1\nkind: Pod\n`);
  await writeFile(join(dir, "deep/readme.txt"), "not a policy");
  await writeFile(join(dir, "egress"), EGRESS);
  await writeFile(join(dir, "large"), "#".repeat(1_048_577));
  await writeFile(join(dir, "latin"), Uint8Array.of(0xe9));
  await symlink(dir, join(dir, "deep/loop"));
});

afterAll(() => rm(dir, { recursive: true }));

async function check(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await runCli(["policy", "check", ...words], {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    signal: new AbortController().signal,
  });
  return { code, out: out.replaceAll(dir, "DIR"), err: err.replaceAll(dir, "DIR") };
}

describe("telovix policy check", () => {
  test("a valid file: exit 0", async () => {
    expect(await check(join(dir, "good.yaml"))).toEqual({
      code: 0,
      out: "DIR/good.yaml: valid: TracingPolicy good\npolicies: 1 valid, 0 invalid\n",
      err: "",
    });
  });

  test("walks a directory, and shows each problem as a compiler does: exit 1", async () => {
    const { code, out } = await check(dir);
    expect(code).toBe(1);
    expect(out).toBe(
      [
        "DIR/deep/bad.yml:8:5: S1 schema.unknown-field: No field is called 'syscal' here.",
        "    Did you mean 'syscall'? Known: return, syscall, message, args, data, returnArg, returnArgAction, selectors, tags, ignore.",
        "DIR/deep/bad.yml: invalid: TracingPolicy bad",
        "DIR/deep/er/two.YAML:1: valid: TracingPolicy good",
        "DIR/deep/er/two.YAML:9:7: S0 warning kind.unknown: 'Pod' is an unknown kind: no tracing policy. It is skipped.",
        "DIR/deep/er/two.YAML:8: skipped: Pod",
        "DIR/good.yaml: valid: TracingPolicy good",
        "policies: 2 valid, 1 invalid, 1 skipped",
        "",
      ].join("\n"),
    );
  });

  test("JSON has the same", async () => {
    const { code, out } = await check(dir, "--json");
    const report = JSON.parse(out);
    expect(code).toBe(1);
    expect(report).toMatchObject({ valid: 2, invalid: 1, skipped: 1, unreadable: 0 });
    expect(report.files.map((f: { verdict: string }) => f.verdict)).toEqual(["invalid", "valid", "valid"]);
    expect(report.files[0].documents[0]).toMatchObject({
      index: 0,
      line: 1,
      name: "bad",
      kind: "TracingPolicy",
      verdict: "invalid",
      problems: [
        {
          stage: "S1",
          rule: "schema.unknown-field",
          severity: "error",
          line: 8,
          column: 5,
          path: "/spec/kprobes/0/syscal",
        },
      ],
    });
  });

  test("values of placeholders", async () => {
    expect((await check(join(dir, "egress"))).out).toContain("S2 warning filter.placeholder");
    expect(await check(join(dir, "egress"), "--set", "NET=10.0.0.0/8")).toMatchObject({ code: 0 });
    const wrong = await check(join(dir, "egress"), "--set", "NET=10");
    expect(wrong.code).toBe(1);
    expect(wrong.out).toContain("S2 filter.address");
  });

  test("what can't be a policy is invalid, whatever it is", async () => {
    expect((await check(join(dir, "large"))).out).toContain("S0 yaml.too-large");
    expect((await check(join(dir, "latin"))).out).toContain("S0 yaml.encoding");
  });

  test("one name in two files of a directory is told, and in one file refused", async () => {
    const two = await mkdtemp(join(dir, "none/two-"));
    await writeFile(join(two, "a.yaml"), VALID);
    await writeFile(join(two, "b.yaml"), VALID);
    const apart = await check(two);
    expect(apart.code).toBe(0);
    expect(apart.out).toMatch(
      /b\.yaml:1:1: S2 warning policy\.duplicate-name: A policy named 'good' stands in \S+a\.yaml/,
    );
    await writeFile(join(two, "b.yaml"), `${VALID}---\n${VALID}`);
    expect(await check(join(two, "b.yaml"))).toMatchObject({
      code: 1,
      out: expect.stringContaining("S2 policy.duplicate-name: A policy named 'good' begins on line 1 already."),
    });
    await rm(two, { recursive: true });
  });

  test("a wrong call, and what can't be read: exit 2", async () => {
    expect(await check()).toMatchObject({ code: 2, err: expect.stringContaining("needs a file") });
    expect(await check(join(dir, "egress"), "--set", "NET")).toMatchObject({ code: 2 });
    const typo = await check(join(dir, "egress"), join(dir, "good.yaml"), "--set", "NET=10.0.0.0/8", "--set", "NETT=1");
    expect([typo.code, typo.err]).toEqual([
      2,
      expect.stringMatching(/placeholder '\$\{NETT\}'.*\n.*Did you mean 'NET'/),
    ]);
    const broken = await check(join(dir, "deep/bad.yml"), "--set", "NET=1");
    expect([broken.code, broken.err]).toEqual([1, ""]);
    const { code, out, err } = await check(
      join(dir, "missing"),
      join(dir, "none"),
      "/dev/null",
      join(dir, "good.yaml"),
    );
    expect(code).toBe(2);
    expect(err).toBe(
      "DIR/missing: does not exist\nDIR/none: holds no *.yaml or *.yml file\n/dev/null: is not a file\n",
    );
    expect(out).toContain("policies: 1 valid, 0 invalid, 3 not readable");
  });
});

describe("a policy that another command writes", () => {
  async function piped(words: readonly string[], text: string): Promise<{ code: number; out: string; err: string }> {
    const main = join(import.meta.dir, "../main.ts");
    const child = Bun.spawn([process.execPath, main, "policy", ...words], {
      stdin: Buffer.from(text),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err] = [await new Response(child.stdout).text(), await new Response(child.stderr).text()];
    return { code: await child.exited, out, err };
  }

  test.each(["-", "/dev/stdin"])("is checked by the name %s", async (name) => {
    expect((await piped(["check", name], VALID)).out).toStartWith("<stdin>: valid: TracingPolicy good\n");
    const bad = await piped(["check", name], INVALID);
    expect([bad.code, bad.out.split("\n")[0]]).toEqual([1, expect.stringContaining("<stdin>:8:5: S1 ")]);
    expect((await piped(["check", name], "#".repeat(1_048_577))).out).toContain("<stdin>: invalid");
  });

  test("is converted, too", async () => {
    expect(JSON.parse((await piped(["convert", "-"], VALID)).out)).toMatchObject({ policy: { name: "good" } });
    expect((await piped(["convert", "-"], INVALID)).err).toContain("<stdin>:8:5: S1 ");
  });
});

test("what never ends is not read to its end", async () => {
  let given = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      given++;
      yield new Uint8Array(64);
    }
  }
  expect((await readStdin(1000, endless())).length).toBe(1024);
  expect(given).toBe(16);
});
