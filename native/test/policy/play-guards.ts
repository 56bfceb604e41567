/** What guards: processes nothing is enforced against, our own objects in the kernel, the budgets; and processes older than the engine. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { ACT, DIR, type Truth } from "./case.ts";
import { CASES } from "./cases.ts";
import { Engine } from "./engine.ts";
import { pidOf, type Line } from "./match.ts";
import type { Result } from "./outcome.ts";
import { directoryOf } from "./prepare.ts";

const CHANGE_MS = 60_000;
const TOLD_MS = 30_000;
const plans = `${DIR}/plans/guards`;
/** Where a server must lie to count as the host's own. */
const SSHD_DIR = "/usr/local/tx-policy-guard";
const KILL = "syscall-sigkill";
const UNKNOWN = "hooks-unknown";
const PARENT = "syscall-parent-in";
const FOLLOW = "syscall-binary-follow";

const actOf = (name: string): readonly string[] => CASES.find((c) => c.name === name)?.runs[0]?.act ?? [];
const act = (...tokens: readonly string[]): Truth =>
  JSON.parse(spawnSync(ACT, tokens, { encoding: "utf8" }).stdout) as Truth;
const check = (holds: boolean, what: string, seen: unknown): void => {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(seen)}`);
};

interface Scene {
  readonly name: string;
  readonly plans: readonly string[];
  readonly more?: readonly string[];
  /** What is there before the engine is; what it gives is for `play`. */
  readonly before?: () => void;
  readonly play: (engine: Engine, eventsOf: (policy: string) => Promise<readonly Line[]>) => Promise<void>;
}

/** The maps the engine holds descriptors of: number, bytes of a value, whether frozen. */
function mapsOf(pid: number): { id: string; value: number; frozen: boolean }[] {
  return readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    let text = "";
    try {
      text = readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8");
    } catch {
      return []; // closed meanwhile
    }
    const word = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(text)?.[1] ?? "";
    if (word("map_id") === "" || word("map_type") !== "2") return [];
    return [{ id: word("map_id"), value: Number(word("value_size")), frozen: word("frozen") === "1" }];
  });
}

async function guarded(engine: Engine, eventsOf: (policy: string) => Promise<readonly Line[]>): Promise<void> {
  const whence = actOf(KILL).at(-1) ?? "";
  mkdirSync(SSHD_DIR, { recursive: true });
  copyFileSync("/usr/bin/perl", `${SSHD_DIR}/sshd`);
  spawnSync("chmod", ["755", `${SSHD_DIR}/sshd`]);
  const seek = `open(F, "<", "/dev/zero"); $| = 1; while (<STDIN>) { sysseek(F, 0, ${whence}); print "alive\\n"; }`;
  const server = spawn(`${SSHD_DIR}/sshd`, ["-e", seek], { stdio: ["pipe", "pipe", "ignore"] });
  try {
    // It counts as the host's server once its start has been told of.
    const started = await engine.says(TOLD_MS, new RegExp(`"process_exec".*"pid":${server.pid},.*${SSHD_DIR}/sshd`));
    check(started, "its start is not told", server.pid);
    server.stdin.write("\n");
    const said = await Promise.race([
      once(server.stdout, "data").then(String),
      once(server, "exit").then(() => "ended"),
    ]);
    check(said === "alive\n", "the host's own server was acted against", said);
  } finally {
    server.kill("SIGKILL");
    rmSync(SSHD_DIR, { recursive: true, force: true });
  }
  const told = (await eventsOf(KILL)).filter((line) => pidOf(line) === server.pid);
  check(
    told.length === 1 && told[0]?.telovix["guarded"] === true,
    "not told as guarded",
    told.map((l) => l.telovix),
  );
  check(act(...actOf(KILL)).signal === 9, "nobody is killed", KILL);
}

async function tampered(engine: Engine): Promise<void> {
  const maps = mapsOf(engine.pid);
  const rows = maps.find((map) => map.value === 128 && map.frozen);
  check(rows !== undefined && !maps.some((map) => map.value === 128 && !map.frozen), "rows are not frozen", maps);
  const frozen = act("bpf-write", rows?.id ?? "");
  check(frozen.ret === -1 && frozen.errno === 1, "a frozen row was written", frozen);
  // 32 bytes: the control of all enforcement, which its owner must be able to change.
  const control = maps.find((map) => map.value === 32 && !map.frozen);
  const written = act("bpf-write", control?.id ?? "");
  check(written.ret === 0, "the control cannot be written", { maps, written });
  const nothing = act("nothing");
  check(await engine.told(nothing.pid, TOLD_MS), "it no longer tells", engine.complaint);
  const of = (truth: Truth): unknown[] =>
    engine
      .lines()
      .filter((line) => pidOf(line) === truth.pid)
      .flatMap((line) => line.telovix["tamper"] ?? []);
  const opened = (truth: Truth, word: string): boolean =>
    of(truth).some((t) => (t as { act: string; object: string }).act === word);
  check(opened(frozen, "opened"), "opening our map is not told", of(frozen));
  check(opened(written, "opened") && opened(written, "changed"), "changing our map is not told", of(written));
}

const PINS = `${DIR}/pins`;
/** What pins are of, as their names and as the engine's words have it. */
const KINDS = [
  ["map_control", "map"],
  ["prog_", "program"],
  ["link_", "link"],
] as const;
async function pinned(engine: Engine): Promise<void> {
  const names = readdirSync(PINS, { recursive: true, encoding: "utf8" });
  const opened = KINDS.map(([prefix, object]) => {
    const truth = act("bpf-pin", `${PINS}/${names.find((name) => name.startsWith(prefix)) ?? ""}`);
    check(truth.ret === 0, `the pin of a ${object} cannot be opened`, truth);
    return { object, pid: truth.pid };
  });
  const nothing = act("nothing");
  check(await engine.told(nothing.pid, TOLD_MS), "it no longer tells", engine.complaint);
  for (const { object, pid } of opened) {
    const told = engine.lines().filter((line) => pidOf(line) === pid && line.kind === "process_kprobe");
    const words = told.map((line) => line.telovix["tamper"] as { act?: string; object?: string } | undefined);
    check(
      words.some((w) => w?.act === "opened" && w.object === object),
      `opening a ${object}'s pin is not told`,
      words,
    );
  }
}

async function unknown(engine: Engine, eventsOf: (policy: string) => Promise<readonly Line[]>): Promise<void> {
  const state = engine.states()?.find((s) => s.name === UNKNOWN);
  const bad = state?.hooks?.filter((hook) => hook.status === "rejected") ?? [];
  check(state?.state === "degraded" && bad.length === 3, "not three of its hooks are rejected", state);
  check(
    bad.every((hook) => (hook.reason ?? "") !== "" && (hook.line ?? 0) > 0),
    "without a reason, or a place",
    bad,
  );
  check(/^no such function on this kernel: tx_no_such_function/.test(bad[0]?.reason ?? ""), "another reason", bad);
  act(...actOf(UNKNOWN));
  check((await eventsOf(UNKNOWN)).length === 1, "the rest does not work", state);
}

/** A process that was there before, and does what the case's first run does when the FIFO is opened. */
function elder(name: string): void {
  const [exec = "", ...rest] = actOf(name);
  spawnSync("mkfifo", [`${DIR}/${name}.fifo`]);
  const tokens = [exec, "hold", `${DIR}/${name}.fifo`, "+", ...rest].join(" ");
  spawn("bash", ["-c", `exec 200>/dev/null; exec ${ACT} child ${tokens}`], { stdio: "ignore", detached: true }).unref();
}

async function elders(_: Engine, eventsOf: (policy: string) => Promise<readonly Line[]>): Promise<void> {
  for (const name of [PARENT, FOLLOW]) {
    writeFileSync(`${DIR}/${name}.fifo`, "");
    const told = await eventsOf(name);
    check(told.length === 1, `of a process older than the engine: ${name}`, told.length);
  }
}

const SCENES: readonly Scene[] = [
  { name: "what is guarded is not acted against, and told so", plans: [KILL], play: guarded },
  { name: "who opens or changes our maps is told of, and rows are frozen", plans: [KILL], play: tampered },
  { name: "who opens our pins is told of", plans: [KILL], more: ["--pin", PINS], play: pinned },
  { name: "hooks this kernel does not have are rejected, the others work", plans: [UNKNOWN], play: unknown },
  {
    name: "parents and followed processes older than the engine",
    plans: [PARENT, FOLLOW],
    before: () => [PARENT, FOLLOW].forEach(elder),
    play: elders,
  },
];

async function playOne(scene: Scene, binary: string, out: string, prepared: string): Promise<Result> {
  const name = `scenario: ${scene.name}`;
  const result: Result = { name, hook: "syscall", shows: { other: name }, outcome: "works" };
  rmSync(plans, { recursive: true, force: true });
  mkdirSync(plans, { recursive: true });
  for (const plan of scene.plans) {
    const group = CASES.find((c) => c.name === plan)?.group ?? "";
    copyFileSync(`${prepared}/plans/${directoryOf(group)}/${plan}.plan`, `${plans}/${plan}.plan`);
  }
  scene.before?.();
  const engine = new Engine(binary, out, plans, scene.more ?? []);
  const eventsOf = async (policy: string): Promise<readonly Line[]> => {
    await engine.told(act("nothing").pid, TOLD_MS);
    return engine.lines().filter((line) => line.event["policy_name"] === policy);
  };
  try {
    check((await engine.policies(scene.plans.length, CHANGE_MS)) !== undefined, "no start", engine.complaint);
    await scene.play(engine, eventsOf);
    return result;
  } catch (cause) {
    return { ...result, outcome: "FAILED", reason: cause instanceof Error ? cause.message : String(cause) };
  } finally {
    await engine.stop(CHANGE_MS);
    if (scene.more?.includes("--pin") === true) spawnSync(binary, ["unpin", "--pin", PINS]);
  }
}

/** One engine each: what they need is there before it, or only for them. */
export async function playGuards(binary: string, out: string, prepared: string): Promise<Result[]> {
  const results: Result[] = [];
  for (const scene of SCENES) results.push(await playOne(scene, binary, out, prepared));
  return results;
}
