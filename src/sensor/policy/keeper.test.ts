import { afterAll, describe, expect, spyOn, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import { checkPolicyText } from "../../core/policy/check.ts";
import { encodePlan } from "../../core/policy/plan/encode.ts";
import type { EmbeddedPack } from "../../core/payload/embedded-files.ts";
import { MAX_POLICY_STATES } from "../../core/wire/state.ts";
import { statePaths, type StatePaths } from "../state/paths.ts";
import { testPack, testPolicy } from "../../../test/harness/packs.ts";
import { PolicyKeeper, type KeeperOptions } from "./keeper.ts";
import { listPlans } from "./plan-files.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-keeper-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let homes = 0;

const pack = await testPack(root, "guards", [
  testPolicy("first", { coveredBy: ["other"] }),
  testPolicy("other", { fallbackOf: "first" }),
  testPolicy("guard", { mode: "enforce" }),
]);

const KNOWN = { hasLooked: true, problem: undefined };

interface Stage extends AsyncDisposable {
  readonly keeper: PolicyKeeper;
  readonly paths: StatePaths;
  readonly clock: ManualClock;
  changes: number;
  /** The engine speaks. */
  readonly says: (...policies: object[]) => Promise<void>;
}

/** A keeper at work in a state directory of its own. */
async function stage(
  options: { packs?: readonly EmbeddedPack[]; enforce?: boolean; workloads?: KeeperOptions["workloads"] } = {},
): Promise<Stage> {
  const paths = statePaths(join(root, `home-${++homes}`));
  await mkdir(paths.engineOut, { recursive: true });
  const clock = new ManualClock();
  const controller = new AbortController();
  const { packs = [pack], enforce = false, workloads = KNOWN } = options;
  const keeper = new PolicyKeeper({
    packs,
    enforce,
    node: {},
    workloads,
    paths,
    clock,
    log: silentLog,
    onChange: () => void made.changes++,
  });
  await keeper.prepare();
  const done = keeper.run(controller.signal);
  const made: Stage = {
    keeper,
    paths,
    clock,
    changes: 0,
    says: async (...policies) => {
      const file = join(paths.engineOut, "policies.json");
      await writeFile(`${file}.new`, JSON.stringify({ policies }));
      await rename(`${file}.new`, file);
    },
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await done;
    },
  };
  return made;
}

/** Lets time pass until it holds. */
async function until(made: Stage, what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  // What is waited for is files: how many turns they take depends on who else is at work. The test's own limit ends it.
  for (let turn = 0; turn < 5_000_000; turn++) {
    if (await holds()) return;
    await made.clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never happened: ${what}`);
}

const states = ({ keeper }: Stage, runs = true): string[] =>
  (keeper.report(runs).policies ?? []).map((p) => `${p.name} ${p.mode} ${p.state}`);
const control = async ({ paths }: Stage): Promise<unknown> =>
  JSON.parse(await readFile(join(paths.enginePlans, "control.json"), "utf8"));

describe("policies of packs", () => {
  test("are there before the engine starts, in monitor mode, without those that stand in", async () => {
    await using made = await stage();
    expect((await listPlans(made.paths.enginePlans)).toSorted()).toEqual(["first", "guard"]);
    expect(new Uint8Array(await readFile(join(made.paths.enginePlans, "guard.plan")))).toEqual(pack.planOf("guard"));
    expect(await control(made)).toEqual({
      modes: { first: "monitor", other: "monitor", guard: "monitor" },
      enforcement: "off",
    });
    expect(states(made)).toEqual(["first monitor waiting", "other monitor standby", "guard monitor waiting"]);
  });

  test("have the state the engine gives them, and none while it does not run", async () => {
    await using made = await stage();
    const stats = { matched: 3, enforced: 0, lost: 1 };
    await made.says({ name: "first", state: "ok", stats }, { name: "guard", state: "degraded", reason: "late" });
    await until(made, "the engine is heard", () => states(made)[0] === "first monitor ok");
    expect(made.keeper.report(true).policies).toEqual([
      { name: "first", pack: "guards", mode: "monitor", state: "ok", matched: 3, enforced: 0, lost: 1 },
      {
        name: "other",
        pack: "guards",
        mode: "monitor",
        state: "standby",
        reason: "first sees the same.",
        matched: 0,
        enforced: 0,
        lost: 0,
      },
      {
        name: "guard",
        pack: "guards",
        mode: "monitor",
        state: "degraded",
        reason: "late",
        matched: 0,
        enforced: 0,
        lost: 0,
      },
    ]);
    expect(states(made, false)[0]).toBe("first monitor waiting");
    expect(made.changes).toBe(1);
    await made.says(
      { name: "first", state: "ok", stats: { ...stats, matched: 9 } },
      { name: "guard", state: "degraded", reason: "late" },
    );
    await until(made, "the counter", () => made.keeper.report(true).policies?.[0]?.matched === 9);
    expect(made.changes).toBe(1);
  });

  test("are looked at every five seconds at most, however often the engine says something", async () => {
    await using made = await stage();
    const slept = spyOn(made.clock, "sleep");
    await made.says({ name: "first", mode: "monitor", state: "loaded", backend: "kprobe" });
    await until(made, "the pause after a look", () => slept.mock.calls.some(([ms]) => ms === 5_000));
    // As long as there is no file to watch, nothing is waited for but that pause.
    expect(slept.mock.calls.map(([ms]) => ms).filter((ms) => ms > 0 && ms < 5_000)).toEqual([]);
  });

  test("get a stand-in where the kernel refuses one, and lose it where it does not", async () => {
    await using made = await stage();
    const has = async (): Promise<boolean> => (await listPlans(made.paths.enginePlans)).includes("other");
    await made.says({ name: "first", state: "rejected", reason: "no kprobes" }, { name: "guard", state: "ok" });
    await until(made, "the stand-in is loaded", () => states(made)[1] === "other monitor waiting");
    expect(await has()).toBe(true);
    // What a sensor before had loaded stays until the engine has spoken again.
    const next = new PolicyKeeper({
      packs: [pack],
      enforce: false,
      node: {},
      workloads: KNOWN,
      paths: made.paths,
      clock: made.clock,
      log: silentLog,
      onChange: () => {},
    });
    await next.prepare();
    expect(await has()).toBe(true);
    await made.says({ name: "first", state: "ok" }, { name: "other", state: "ok" }, { name: "guard", state: "ok" });
    await until(made, "the stand-in is gone", async () => !(await has()));
  });

  test("stop something only where that is switched on, and as long as somebody says that it still is", async () => {
    await using made = await stage({ enforce: true });
    expect(await control(made)).toEqual({
      modes: { first: "monitor", other: "monitor", guard: "enforce" },
      enforcement: "on",
      leaseSeconds: 300,
    });
    const lease = join(made.paths.enginePlans, "lease");
    await rm(lease);
    await until(made, "the lease is renewed", () =>
      stat(lease).then(
        () => true,
        () => false,
      ),
    );
    expect(states(made)[2]).toBe("guard enforce waiting");
  });

  test("that can't be given to the engine say why, and are tried again", async () => {
    const broken = await testPack(root, "broken", [testPolicy("p")]);
    const whole = await Bun.file(broken.file.file).bytes();
    await Bun.write(broken.file.file, "x");
    await using made = await stage({ packs: [broken] });
    expect(made.keeper.report(true).policies?.[0]).toMatchObject({
      state: "rejected",
      reason: expect.stringContaining("damaged"),
    });
    await Bun.write(broken.file.file, whole);
    await until(made, "it is whole again", () => states(made)[0] === "p monitor waiting");
  });

  test("about pods wait until it was looked who they are, and say why they match less than they should", async () => {
    const workloads: { hasLooked: boolean; problem: string | undefined } = { hasLooked: false, problem: undefined };
    await using made = await stage({ workloads });
    const text = `apiVersion: cilium.io/v1alpha1
kind: TracingPolicyNamespaced
metadata: {name: pods, namespace: shop}
spec: {tracepoints: [{subsystem: syscalls, event: sys_enter_sync}]}
`;
    const { policy } = checkPolicyText(text).documents[0]!;
    const plan = join(made.paths.localPolicies, "pods.plan");
    await writeFile(`${plan}.new`, encodePlan(policy!));
    await rename(`${plan}.new`, plan);
    const told = (): unknown => made.keeper.report(true).policies?.find(({ name }) => name === "shop/pods");
    await made.says({ name: "first", state: "ok" }, { name: "pods", namespace: "shop", state: "ok" });
    await until(made, "the engine is heard", () => states(made)[0] === "first monitor ok");
    await until(made, "it is taken", () => told() !== undefined);
    expect(told()).toMatchObject({ state: "waiting" });
    workloads.hasLooked = true;
    await until(made, "it is well", () => (told() as { state: string }).state === "ok");
    workloads.problem = "No runtime.";
    expect(told()).toMatchObject({ state: "degraded", reason: "No runtime." });
    // Those that are not about pods have nothing to do with it, and what the engine itself finds wrong goes before.
    await made.says(
      { name: "first", state: "degraded" },
      { name: "pods", namespace: "shop", state: "rejected", reason: "no tracepoint" },
    );
    await until(made, "the engine is heard again", () => states(made)[0] === "first monitor degraded");
    expect(told()).toMatchObject({ state: "rejected", reason: "no tracepoint" });
  });

  test("of packs no longer chosen are taken away", async () => {
    await using made = await stage();
    const next = new PolicyKeeper({
      packs: [],
      enforce: false,
      node: {},
      workloads: KNOWN,
      paths: made.paths,
      clock: made.clock,
      log: silentLog,
      onChange: () => {},
    });
    await next.prepare();
    expect(await listPlans(made.paths.enginePlans)).toEqual([]);
    expect(next.report(true)).toEqual({ policies: [] });
  });

  test("beyond what a heartbeat holds are counted", async () => {
    const names = Array.from({ length: MAX_POLICY_STATES + 3 }, (_, i) => testPolicy(`p-${i}`));
    const many = await testPack(root, "many", names.slice(0, 1));
    const keeper = new PolicyKeeper({
      packs: [{ ...many, policies: names }],
      enforce: false,
      node: {},
      workloads: KNOWN,
      paths: statePaths(join(root, "many")),
      clock: new ManualClock(),
      log: silentLog,
      onChange: () => {},
    });
    const report = keeper.report(true);
    expect([report.policies?.length, report.policies_left_out]).toEqual([MAX_POLICY_STATES, 3]);
  });
});
