/** What guards: processes nothing is enforced against, our own objects; and processes older than the engine. */
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { ACT, DIR, type Truth } from "./case.ts";
import type { Engine } from "./engine.ts";
import { pidOf } from "./match.ts";
import { act, actOf, check, control, mapsOf, PINS, TOLD_MS, type EventsOf, type Scene } from "./scene.ts";

/** Types of maps. */
const HASH = 1;
const ARRAY = 2;
/** Where a server must lie to count as the host's own. */
const SSHD_DIR = "/usr/local/tx-policy-guard";
export const KILL = "syscall-sigkill";
const UNKNOWN = "hooks-unknown";
const PARENT = "syscall-parent-in";
const FOLLOW = "syscall-binary-follow";

type Server = ChildProcessByStdio<Writable, Readable, null>;

/** What its policy kills for, in perl. */
const SEEK = `sysseek(F, 0, ${actOf(KILL).at(-1) ?? ""})`;
/** Once a line that it is given. */
const ONCE = `while (<STDIN>) { ${SEEK}; print "alive\\n"; }`;
/** From one line until another, again and again; then it says how often. */
export const ALL_THE_TIME = `<STDIN>; vec($in, 0, 1) = 1; until (select($ready = $in, undef, undef, 0.002)) { ${SEEK}; $times++; } print "$times\\n";`;

/** What it says next, or that it has ended. */
export const said = (server: Server): Promise<string> =>
  Promise.race([once(server.stdout, "data").then(String), once(server, "exit").then(() => "ended")]);

/** The host's own server, for a while, with something to do. */
export async function withServer(
  engine: Engine,
  does: string,
  play: (server: Server) => Promise<void>,
): Promise<void> {
  mkdirSync(SSHD_DIR, { recursive: true });
  copyFileSync("/usr/bin/perl", `${SSHD_DIR}/sshd`);
  spawnSync("chmod", ["755", `${SSHD_DIR}/sshd`]);
  const program = `open(F, "<", "/dev/zero"); $| = 1; ${does}`;
  const server = spawn(`${SSHD_DIR}/sshd`, ["-e", program], { stdio: ["pipe", "pipe", "ignore"] });
  try {
    // It counts as one once its start has been told of.
    const started = await engine.says(TOLD_MS, new RegExp(`"process_exec".*"pid":${server.pid},.*${SSHD_DIR}/sshd`));
    check(started, "its start is not told", server.pid);
    await play(server);
  } finally {
    server.kill("SIGKILL");
    rmSync(SSHD_DIR, { recursive: true, force: true });
  }
}

async function guarded(engine: Engine, eventsOf: EventsOf): Promise<void> {
  let pid: number | undefined;
  await withServer(engine, ONCE, async (server) => {
    pid = server.pid;
    server.stdin.write("\n");
    const answer = await said(server);
    check(answer === "alive\n", "the host's own server was acted against", answer);
  });
  const told = (await eventsOf(KILL)).filter((line) => pidOf(line) === pid);
  check(
    told.length === 1 && told[0]?.telovix["guarded"] === true,
    "not told as guarded",
    told.map((l) => l.telovix),
  );
  check(act(...actOf(KILL)).signal === 9, "nobody is killed", KILL);
}

/** The list of those that programs of an engine spare. It is there as long as they are. */
export function guardList(pid: number): { readonly id: string; readonly holds: (pid?: number) => boolean } {
  const lists = mapsOf(pid).filter((map) => map.type === HASH && map.value === 4);
  const id = lists.find((map) => act("bpf-watch", map.id, "0", "0").extra["name"] === "tx_guard")?.id ?? "";
  return { id, holds: (who = 0) => act("bpf-watch", id, String(who), "0").ret === 0 };
}

/** The list is made anew whenever a wish changes: who stays on it is never off it meanwhile. */
async function rebuilt(engine: Engine): Promise<void> {
  const list = guardList(engine.pid);
  await withServer(engine, ONCE, async (server) => {
    let times = 0;
    // Once more, where everything takes twenty times as long.
    for (let watches = 0; watches < 10 && times <= 3; watches++) {
      const watch = spawn(ACT, ["bpf-watch", list.id, String(engine.pid), "3000"], { stdio: ["ignore", "pipe", "ignore"] });
      const told = once(watch.stdout, "data").then(String);
      while (watch.exitCode === null) {
        const wanted = times % 2 === 1;
        control({ allowSshd: !wanted });
        for (const end = performance.now() + TOLD_MS; list.holds(server.pid) !== wanted; await pause(5))
          check(performance.now() < end, `the server is ${wanted ? "not " : ""}guarded`, times);
        times++;
      }
      const truth = JSON.parse(await told) as Truth;
      check(truth.ret === 0, "the engine was not on it while it was made anew", { times, truth });
    }
    check(times > 3, "the list was hardly made anew", times);
  });
}

async function tampered(engine: Engine): Promise<void> {
  const maps = mapsOf(engine.pid).filter((map) => map.type === ARRAY);
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

async function unknown(engine: Engine, eventsOf: EventsOf): Promise<void> {
  const state = engine.states()?.find((s) => s.name === UNKNOWN);
  const bad = state?.hooks?.filter((hook) => hook.status === "rejected") ?? [];
  check(state?.state === "degraded" && bad.length === 5, "not five of its hooks are rejected", state);
  check(
    bad.every((hook) => (hook.reason ?? "") !== "" && (hook.line ?? 0) > 0),
    "without a reason, or a place",
    bad,
  );
  check(/^no such function on this kernel: tx_no_such_function/.test(bad[0]?.reason ?? ""), "another reason", bad);
  const reasons = bad.map(({ reason = "" }) => reason);
  const has = (what: RegExp): boolean => reasons.some((reason) => what.test(reason));
  check(has(/^argument 3: the tracepoint has 3 arguments$/), "of a tracepoint's argument", reasons);
  // Where there are no LSM programs and no probes the hook is refused before.
  check(has(/^argument 1: the hook has 1 arguments$|^no BPF LSM on this kernel/), "of an LSM hook's argument", reasons);
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

async function elders(_: Engine, eventsOf: EventsOf): Promise<void> {
  for (const name of [PARENT, FOLLOW]) {
    writeFileSync(`${DIR}/${name}.fifo`, "");
    const told = await eventsOf(name);
    check(told.length === 1, `of a process older than the engine: ${name}`, told.length);
  }
}

export const guardScenes: readonly Scene[] = [
  { name: "what is guarded is not acted against, and told so", plans: [KILL], play: guarded },
  { name: "who is guarded stays so while the list is made anew", plans: [KILL], play: rebuilt },
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

