import { afterAll, describe, expect, test } from "bun:test";
import { access, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifest } from "../../embed/manifest.ts";
import { ENGINE_BINARY, ROOT } from "../../scripts/build/paths.ts";
import { randomToken } from "../../src/core/ids.ts";
import { Secret, silentLog } from "../../src/core/log.ts";
import { runEnroll, runSensor } from "../../src/sensor/app.ts";
import { sensorConfig } from "../../src/sensor/config.ts";
import { statePaths } from "../../src/sensor/state/paths.ts";
import { kernelRefusesBpf } from "../harness/kernel.ts";
import { runProgram } from "../harness/program.ts";
import { StandInConsole } from "../harness/stand-in-console.ts";

const built = await access(ENGINE_BINARY).then(
  () => true,
  () => false,
);
const refusal = built ? await kernelRefusesBpf() : `no ${ENGINE_BINARY}; run make native`;
if (refusal !== undefined) process.stderr.write(`SKIPPED: packs on this kernel: ${refusal}\n`);

const root = await mkdtemp(join(tmpdir(), "telovix-self-test-"));
afterAll(() => rm(root, { recursive: true, force: true }));

interface Report {
  readonly fired: number;
  readonly policies: readonly { readonly name: string; readonly verdict: string; readonly hooks: readonly string[] }[];
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(refusal !== undefined)("on this kernel", () => {
  test("every policy of every pack sees what it is for, or another does", async () => {
    const { code, out, err } = await runProgram(process.execPath, [
      join(ROOT, "src/main.ts"),
      "policy",
      "test",
      ...manifest.packs.map((pack) => pack.id),
      "--json",
    ]);
    expect({ code, err: err.slice(-2000) }).toMatchObject({ code: expect.any(Number) });
    const report = JSON.parse(out || "{}") as Report;
    const failed = report.policies?.filter((p) => p.verdict !== "fired" && p.verdict !== "covered");
    expect({ failed, code }).toEqual({ failed: [], code: 0 });
    expect(report.fired).toBeGreaterThan(100);
  }, 240_000);

  test("a sensor loads them, and what they see reaches the Console in the pack's words", async () => {
    await using console = await StandInConsole.start();
    const stateDir = join(root, "state");
    const config = sensorConfig({ stateDir, enginePath: ENGINE_BINARY }, {});
    const token = `tse_${randomToken(32)}`;
    console.tokens.add(token);
    const identity = { nodeName: "node-1", role: "generic_linux", flavor: "standard" as const, tags: [] };
    await runEnroll(config, { consoleUrl: console.url, token: new Secret(token), pin: console.pin, ...identity });
    const controller = new AbortController();
    const overrides = { log: silentLog, heartbeatIntervalMs: 200, embeddedPacks: manifest.packs };
    const done = runSensor(config, overrides, controller.signal);
    try {
      const states = () => console.heartbeats.at(-1)?.engine.policies ?? [];
      const watching = () =>
        states().filter((p) => p.name.startsWith("linux-shadow-read") && /^(ok|degraded)$/.test(p.state));
      await until(
        "every policy is decided",
        () => states().length > 60 && states().every((p) => p.state !== "waiting"),
      );
      // By the security hook, or, where the kernel has none for us, by what stands in for it.
      await until("password hashes are watched", () => watching().length > 0);
      await runProgram(ENGINE_BINARY, ["act", "open-read", "/etc/shadow"]);
      const seen = () =>
        [...console.events.values()].find((e) => watching().some((p) => p.name === e.hook?.policy_name));
      await until("its event has come", () => seen()?.file?.path === "/etc/shadow");
      expect(seen()).toMatchObject({ kind: "file_open", severity: "critical", tags: ["T1003.008"] });
      await until("the policy has counted it", () => watching().some((p) => p.matched > 0));
    } finally {
      controller.abort();
      await done;
    }
    // An orderly end leaves nothing at work in the kernel, and no half-written plan.
    expect((await readdir(statePaths(stateDir).enginePlans)).filter((name) => name.startsWith("."))).toEqual([]);
  }, 180_000);
});
