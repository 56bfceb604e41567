import { afterAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import { answer, StandInRuntime } from "../../../test/harness/stand-in-runtime.ts";
import { statePaths } from "../state/paths.ts";
import { WorkloadTeller } from "./workload-teller.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-teller-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let homes = 0;

interface Stage extends AsyncDisposable {
  readonly teller: WorkloadTeller;
  readonly runtime: StandInRuntime;
  readonly clock: ManualClock;
  changes: number;
  /** The engine wants to know. */
  readonly wants: (...workloads: object[]) => Promise<void>;
  /** What it was told last. */
  readonly told: () => Promise<string | undefined>;
}

async function stage(mount?: string): Promise<Stage> {
  const paths = statePaths(join(root, `home-${++homes}`));
  await mkdir(paths.engineOut, { recursive: true });
  await mkdir(paths.enginePlans, { recursive: true });
  const socket = join(paths.dir, "cri.sock");
  const runtime = await StandInRuntime.start(socket);
  const file = join(paths.enginePlans, "workloads.json");
  await writeFile(file, "of another boot");
  const clock = new ManualClock();
  const controller = new AbortController();
  const onChange = (): void => void made.changes++;
  const teller = new WorkloadTeller({
    sockets: [socket],
    node: {},
    paths,
    clock,
    log: silentLog,
    onChange,
    ...(mount === undefined ? {} : { mount }),
  });
  await teller.prepare();
  const done = teller.run(controller.signal);
  const made: Stage = {
    teller,
    runtime,
    clock,
    changes: 0,
    wants: async (...workloads) => {
      const status = join(paths.engineOut, "policies.json");
      await writeFile(`${status}.new`, JSON.stringify({ policies: [], workloads }));
      await rename(`${status}.new`, status);
    },
    told: () => readFile(file, "utf8").catch(() => undefined),
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await done;
      await runtime[Symbol.asyncDispose]();
    },
  };
  return made;
}

/** Lets time pass until it holds. */
async function until(made: Stage, what: string, holds: () => boolean | Promise<boolean>, stepMs = 100): Promise<void> {
  // What is waited for is files and sockets: how many turns they take depends on who else is at work. The test's own limit ends it.
  for (let turn = 0; turn < 5_000_000; turn++) {
    if (await holds()) return;
    await made.clock.advance(stepMs);
    // Turns enough for an answer: while one is waited for, little time passes.
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never happened: ${what}`);
}

const WISH = { namespace: "shop", selector: '{"podSelector":{"matchExpressions":[]}}' };
const entry = (cgroups = ""): string =>
  `[{"namespace":"shop","selector":${JSON.stringify(WISH.selector)},"cgroups":[${cgroups}]}]`;

test("nothing is asked and nothing told while no policy is about pods; what another boot left is gone", async () => {
  await using made = await stage();
  expect(await made.told()).toBeUndefined();
  await made.wants();
  await made.clock.advance(120_000);
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
  expect([made.runtime.asked, await made.told(), made.teller.hasLooked]).toEqual([0, undefined, false]);
});

test("a policy about pods nobody runs is told of none, and nothing is wrong with it; when it goes, so does the asking", async () => {
  await using made = await stage();
  await made.wants(WISH);
  // The file is there a moment before the teller says so.
  await until(made, "it is told", async () => made.teller.hasLooked && (await made.told()) === entry());
  expect(made.teller.problem).toBeUndefined();
  const { asked } = made.runtime;
  await until(made, "it is asked again", () => made.runtime.asked > asked + 2);
  // Told once: it has not changed.
  expect(made.changes).toBe(1);
  await made.wants();
  await until(made, "it is taken back", async () => (await made.told()) === "[]" && !made.teller.hasLooked, 1_000);
});

test("what is told is private, and comes whole", async () => {
  await using made = await stage();
  await made.wants(WISH);
  await until(made, "it is told", async () => (await made.told()) === entry());
  const file = join(root, `home-${homes}`, "engine/plans/workloads.json");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("a runtime that stops answering is told of at once; what was known stays a minute, and is known again when it answers", async () => {
  await using made = await stage();
  await made.wants(WISH);
  await until(made, "it is told", async () => (await made.told()) === entry());
  made.runtime.instead = (stream) => answer(stream, Buffer.alloc(0), "14", "away");
  const sinceMs = made.clock.monotonicMs();
  await until(made, "it is noticed", () => made.teller.problem !== undefined);
  expect(made.teller.problem).toMatch(/^No container runtime answers on this node: .*status 14: away\.$/);
  expect(await made.told()).toBe(entry());
  await until(made, "it is forgotten", async () => (await made.told()) === "[]", 1_000);
  expect(made.clock.monotonicMs() - sinceMs).toBeGreaterThan(55_000);
  made.runtime.instead = undefined;
  await until(made, "it is well again", () => made.teller.problem === undefined);
  expect(await made.told()).toBe(entry());
});

test("containers are told with their groups: new ones at the next look, new groups of theirs within ten seconds", async () => {
  const mount = join(root, "groups");
  const idOf = async (path: string): Promise<string> => String((await stat(join(mount, path), { bigint: true })).ino);
  const scopeOf = (digit: string): string => `kubepods.slice/cri-containerd-${digit.repeat(64)}.scope`;
  for (const digit of ["a", "b"]) await mkdir(join(mount, scopeOf(digit)), { recursive: true });
  await using made = await stage(mount);
  made.runtime.pods = [{ id: "p1", namespace: "shop", labels: {} }];
  const of = (digit: string) => ({ id: digit.repeat(64), podId: "p1", name: digit, image: "b" });
  made.runtime.containers = [of("a")];
  const tells = async (...paths: string[]): Promise<boolean> => {
    const ids = (await Promise.all(paths.map(idOf))).toSorted((a, b) => Number(BigInt(a) - BigInt(b)));
    return (await made.told()) === entry(ids.join(","));
  };
  await made.wants(WISH);
  await until(made, "it is told", () => tells(scopeOf("a")));
  made.runtime.containers = [of("a"), of("b")];
  let sinceMs = made.clock.monotonicMs();
  await until(made, "the new one is told", () => tells(scopeOf("a"), scopeOf("b")));
  expect(made.clock.monotonicMs() - sinceMs).toBeLessThan(5_000);
  const below = `${scopeOf("a")}/made by itself`;
  await mkdir(join(mount, below));
  sinceMs = made.clock.monotonicMs();
  await until(made, "the new group is told", () => tells(scopeOf("a"), scopeOf("b"), below));
  expect(made.clock.monotonicMs() - sinceMs).toBeLessThan(15_000);
  expect(made.teller.problem).toBeUndefined();
});

test("containers without control groups of their own are told of: their policies match nothing", async () => {
  await using made = await stage();
  made.runtime.pods = [{ id: "p1", namespace: "shop", labels: {} }];
  made.runtime.containers = [{ id: "nowhere-to-be-found", podId: "p1", name: "a", image: "b" }];
  await made.wants(WISH);
  await until(made, "it is noticed", () => made.teller.problem !== undefined);
  expect(made.teller.problem).toContain("of the 1 containers that run here are not to be found");
});

test("a selector that is none costs the others nothing", async () => {
  await using made = await stage();
  await made.wants({ namespace: "", selector: "{" }, WISH);
  await until(made, "the other is told", async () => (await made.told()) === entry());
  await until(made, "it is told of", () => made.teller.problem !== undefined);
  expect(made.teller.problem).toMatch(/^A selector of pods is not understood \(.*\): \{$/);
});
