import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodePlan } from "../core/policy/plan/decode.ts";
import { run as runPolicies } from "./policy-run.ts";
import { runCli } from "./run.ts";

const DATA = join(import.meta.dir, "../core/policy/plan/testdata");
const links = join(DATA, "links.yaml");
const facts = join(DATA, "facts-6.12.json");
const bare = join(DATA, "facts-6.18-no-kprobes.json");
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "telovix-policy-test-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function cli(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await runCli(["policy", ...argv], {
    out: (t) => void (out += t),
    err: (t) => void (err += t),
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

describe("policy convert", () => {
  test("shows a policy as JSON", async () => {
    const { code, out } = await cli("convert", links);
    expect(code).toBe(0);
    const said = JSON.parse(out) as { policy: object; hooks: { call: string; selectors: unknown[] }[] };
    expect(said.policy).toMatchObject({ name: "no-links-to-secrets" });
    expect(said.hooks.map((h) => h.call)).toEqual(["sys_symlinkat", "sys_linkat"]);
    expect(said.hooks[0]!.selectors).toEqual([
      {
        filters: [
          { kind: "str_postfix", arg: "0", values: [".key", ".pem"] },
          { kind: "binary_equal", flags: ["not", "follow"], values: ["/usr/bin/ansible"] },
        ],
        actions: [
          { kind: "override", error: -13 },
          { kind: "post", interval_ns: 300_000_000_000, scope: "process" },
        ],
      },
    ]);
  });

  test("writes a plan, and shows it again", async () => {
    const file = join(dir, "links.plan");
    expect((await cli("convert", links, "--to", "plan", "--out", file)).code).toBe(0);
    expect(decodePlan(await readFile(file)).policy.name).toBe("no-links-to-secrets");
    expect((await cli("convert", file)).out).toBe((await cli("convert", links)).out);
  });

  test("several policies become files of their names", async () => {
    const file = join(dir, "two.yaml");
    await writeFile(file, `${await readFile(links, "utf8")}---\n${await readFile(join(DATA, "secrets.yaml"), "utf8")}`);
    const out = join(dir, "plans");
    expect((await cli("convert", file, "--to", "plan", "--out", out)).code).toBe(0);
    expect((await readdir(out)).toSorted()).toEqual(["core-network_keep-secrets.plan", "no-links-to-secrets.plan"]);
    expect(JSON.parse((await cli("convert", file)).out)).toHaveLength(2);
  });

  test("says what is wrong and where", async () => {
    const file = join(dir, "bad.yaml");
    await writeFile(file, (await readFile(links, "utf8")).replace("operator: Postfix", "operator: Endfix"));
    const { code, err } = await cli("convert", file);
    expect(code).toBe(1);
    expect(err).toContain(`${file}:23:25: S1 schema.`);
    expect(err).toContain("    Did you mean 'Prefix'?");
    expect(err).toContain("policy check");
    expect((await cli("convert", links, "--to", "plan")).err).toContain("--out");
    expect((await cli("convert", links, "--to", "wasm")).code).toBe(2);
    expect((await cli("convert", join(dir, "nothing"))).err).toContain("no such file");
    expect((await cli("convert", dir)).err).toContain("is not a file");
  });

  test("tells everything that is wrong, in every policy of the file", async () => {
    const file = join(dir, "worse.yaml");
    const bad = (await readFile(links, "utf8")).replace("operator: Postfix", "operator: Endfix");
    await writeFile(file, `${bad.replace("argError: -13", "argError: 70000")}---\n${bad}`);
    for (const command of ["convert", "explain", "run"]) {
      const { code, err } = await cli(command, file);
      expect(code).toBe(1);
      expect(err.match(/:\d+:\d+: S[12] /g)?.length).toBe(3);
    }
  });

  test("a damaged plan is refused", async () => {
    const file = join(dir, "damaged.plan");
    await cli("convert", links, "--to", "plan", "--out", file);
    const bytes = await readFile(file);
    bytes[200]! ^= 1;
    await writeFile(file, bytes);
    expect((await cli("convert", file)).err).toContain("checksum");
  });

  test("a placeholder takes its value", async () => {
    const file = join(dir, "egress.yaml");
    const text = await readFile(join(DATA, "egress.yaml"), "utf8");
    await writeFile(file, text.replace("10.0.0.0/8", '"${PODS}"'));
    expect((await cli("convert", file)).err).toContain("${PODS}");
    expect((await cli("convert", file, "--set", "PODS=10.9.0.0/16")).out).toContain("10.9.0.0/16");
  });
});

describe("policy explain", () => {
  test("for a host that is described", async () => {
    const { code, out } = await cli("explain", links, "--host-facts", facts);
    expect(code).toBe(0);
    expect(out).toContain("denied in\n               the LSM hook inode_symlink");
  });

  test("exits with 3 when a part cannot work there, and not in monitor mode", async () => {
    expect((await cli("explain", links, "--host-facts", bare)).code).toBe(3);
    expect((await cli("explain", links, "--host-facts", bare, "--mode", "monitor")).code).toBe(0);
  });

  test("as JSON", async () => {
    const said = JSON.parse((await cli("explain", links, "--host-facts", facts, "--json")).out) as { groups: object[] };
    expect(said.groups).toHaveLength(1);
  });

  test("facts that are none are refused", async () => {
    expect((await cli("explain", links, "--host-facts", links)).err).toContain("does not describe a host");
  });
});

describe("policy list", () => {
  test("shows what the engine said", async () => {
    const out = join(dir, "state/engine/out");
    await mkdir(out, { recursive: true });
    const hooks = [{ hook: "file_open", kind: "lsm", backend: "lsm", status: "degraded", reason: "because" }];
    const policies = [{ name: "p", mode: "monitor", state: "degraded", hooks }];
    await writeFile(join(out, "policies.json"), JSON.stringify({ policies }));
    const { out: text } = await cli("list", "--dir", join(dir, "state"));
    expect(text.split("\n").map((l) => l.split(/\s{2,}/))).toContainEqual([
      "",
      "file_open",
      "degraded",
      "lsm",
      "because",
    ]);
    expect(JSON.parse((await cli("list", "--dir", join(dir, "state"), "--json")).out)).toEqual({ policies });
  });

  test("says when there is nothing", async () => {
    const { code, err } = await cli("list", "--dir", join(dir, "empty"));
    expect(code).toBe(1);
    expect(err).toContain("Is a sensor running here?");
  });
});

describe("policy run", () => {
  /** An engine that does what a shell can: `run --out OUT --plan PLANS …`. */
  async function engine(body: string): Promise<() => Promise<string>> {
    const file = join(await mkdtemp(join(dir, "engine-")), "engine");
    await writeFile(file, `#!/bin/sh\nout=$3 plans=$5\n${body}\n`);
    await chmod(file, 0o755);
    return () => Promise.resolve(file);
  }

  interface Ran {
    readonly code: number;
    readonly out: string;
    readonly err: string;
    readonly kept: string;
  }

  async function runWith(
    program: () => Promise<string>,
    flags: object,
    until: string,
    then: (err: string, kept: string) => void = () => undefined,
  ): Promise<Ran> {
    const kept = await mkdtemp(join(dir, "out-"));
    const stop = new AbortController();
    let out = "";
    let err = "";
    const take = (text: string): void => {
      if (text.includes(until)) stop.abort();
    };
    const call = {
      name: "policy run",
      flags: { out: kept, ...flags },
      args: [links],
      signal: stop.signal,
      out: (t: string) => take((out += t)),
      err: (t: string) => {
        take((err += t));
        then(t, kept);
      },
    };
    const code = await runPolicies(call, program);
    return { code, out, err, kept };
  }

  const status = (state: string): string =>
    `printf '{"policies":[{"name":"no-links-to-secrets","mode":"monitor","state":"${state}","hooks":[]}]}' > $out/policies.json`;
  const event = JSON.stringify({
    process_kprobe: {
      process: { binary: "/bin/ln", pid: 7 },
      function_name: "sys_symlinkat",
      policy_name: "no-links-to-secrets",
    },
    time: "2026-11-21T01:02:03Z",
  });
  const other = JSON.stringify({ process_exec: { process: { binary: "/bin/ls", pid: 8 } } });
  const works = [
    "/bin/cp $plans/* $out",
    status("ok"),
    `printf '%s\\n' '${other}' '${event}' > $out/events-1.jsonl`,
    "exec /usr/bin/tail -f /dev/null",
  ].join("\n");

  test("gives the engine plans in monitor mode and prints a policy's events", async () => {
    const { code, out, err, kept } = await runWith(await engine(works), {}, "sys_symlinkat");
    expect(code).toBe(0);
    expect(out).toBe("01:02:03  ln[7]  sys_symlinkat()\n");
    expect(err).toContain("Monitor mode");
    expect(err).toContain("1 event.");
    expect(JSON.parse(await readFile(join(kept, "control.json"), "utf8"))).toEqual({
      modes: { "no-links-to-secrets": "monitor" },
      enforcement: "off",
    });
    expect(decodePlan(await readFile(join(kept, "no-links-to-secrets.plan"))).hooks).toHaveLength(2);
  });

  test("enforces only when told to, and prints lines as they are", async () => {
    const { out, kept } = await runWith(await engine(works), { enforce: true, json: true }, "sys_symlinkat");
    expect(out).toBe(`${event}\n`);
    expect(JSON.parse(await readFile(join(kept, "control.json"), "utf8"))).toEqual({
      modes: { "no-links-to-secrets": "enforce" },
      enforcement: "on",
    });
  });

  test("says when a policy is switched off", async () => {
    const reason = "Switched off: it told of events 30000 times a second for 5 seconds; 20000 is the most it may.";
    const policy = { name: "no-links-to-secrets", state: "rejected", reason, off: true, hooks: [] };
    const { code, err } = await runWith(await engine(works), {}, "the most it may", (text, kept) => {
      if (text.includes("Ctrl-C")) writeFileSync(join(kept, "policies.json"), JSON.stringify({ policies: [policy] }));
    });
    expect(code).toBe(0);
    expect(err.split("\n").filter((line) => line.includes("Switched off"))).toEqual([
      `Policy no-links-to-secrets is rejected: ${reason}`,
    ]);
  }, 20_000);

  test("ends when no policy can be run", async () => {
    const rejected = await engine(`${status("rejected")}\nexec /usr/bin/tail -f /dev/null`);
    const { code, err } = await runWith(rejected, {}, "never");
    expect(code).toBe(1);
    expect(err).toContain("rejected");
  });

  test("says why the engine ended", async () => {
    const failing = await engine("echo 'The kernel is too old.' >&2; exit 1");
    const error: unknown = await runWith(failing, {}, "never").catch((e: unknown) => e);
    expect(String(error)).toContain("The engine ended: The kernel is too old. (exited with 1)");
  });

  test("two policies of one name are refused", async () => {
    expect((await cli("run", links, links)).err).toContain("two policies");
  });
});
