/** Calls under way: how many are awaited, and that each is counted, and counted down, once. */
import { readdirSync, readFileSync } from "node:fs";
import type { JsonObject, Truth } from "./case.ts";
import type { Engine } from "./engine.ts";
import { pidOf, type Line } from "./match.ts";
import { act, actOf, check, mapsOf, NotHere, PINS, TOLD_MS, type EventsOf, type Scene } from "./scene.ts";

const GATE = "return-gate";
const ACTED = "return-acted";
const HASH = "example-lsm-bprm-hash";
const OPEN_AWAY = "unread-open";
const USER_AWAY = "unread-uprobe";
const SKIPPED = "skipped-within";
/** Each reads one text of the process. */
const SKIPS = 5;
const CROWD = "marks-crowd";
/** Threads of connect-crowd before the last (triggers/net.c). */
const CROWDED = 700;
const EACCES = 13;
/** Calls of one hook whose return is awaited. */
const AT_ONCE = 256;

/** How many calls the programs count as under way: one too little would be very many. */
function underWay(engine: Engine): number {
  const numbers = mapsOf(engine.pid).filter((map) => map.value === 4);
  const sums = numbers.map(({ id }) => act("bpf-sum", id));
  const counts = sums.find(({ extra }) => extra["name"] === "tx_pending_coun");
  check(counts !== undefined, "nothing counts the calls under way", numbers);
  return counts?.ret ?? 0;
}

async function atOnce(engine: Engine, eventsOf: EventsOf): Promise<void> {
  const gate = async (calls: number, ends: boolean): Promise<{ calls: number; returns: number; one?: Line }> => {
    const { pid } = act("user-gate", String(calls), ends ? "1" : "0");
    // Calls that end are told once their threads are known to be gone, a second later.
    const told = async (): Promise<readonly Line[]> => (await eventsOf(GATE)).filter((line) => pidOf(line) === pid);
    let lines = await told();
    const end = performance.now() + TOLD_MS;
    while (lines.length < calls && performance.now() < end) lines = await told();
    const returned = lines.filter((line) => "return" in line.event);
    return { calls: lines.length, returns: returned.length, ...(returned[0] ? { one: returned[0] } : {}) };
  };
  const expect = async (calls: number, ends: boolean, returns: number): Promise<void> => {
    const seen = await gate(calls, ends);
    check(seen.calls === calls && seen.returns === returns, `of ${calls} calls at once, ${returns} to return`, seen);
    check(underWay(engine) === 0, "counted as under way", underWay(engine));
  };
  await expect(AT_ONCE + 44, false, AT_ONCE);
  await expect(AT_ONCE, false, AT_ONCE);
  await expect(AT_ONCE, true, 0);
  await expect(AT_ONCE, false, AT_ONCE);
  // Runs at other hooks may be skipped where the kernel preempts programs.
  const lost = engine
    .lines()
    .filter((line) => line.kind === "engine_loss" && line.event["cause"] !== "recursion");
  check(
    lost.length === 0,
    "lost",
    lost.map((line): JsonObject => line.event),
  );
}

/** What waits for its hash is no call under way, and none of it stays behind. */
async function handedOn(engine: Engine, eventsOf: EventsOf): Promise<void> {
  const state = engine.states()?.find((s) => s.name === HASH);
  if (state?.state === "rejected" || state?.hooks?.some(({ backend }) => backend !== "lsm") === true)
    throw new NotHere(state.reason ?? "no BPF LSM on this kernel");
  for (let i = 1; i <= 3; i++) {
    act(...actOf(HASH));
    const lines = await eventsOf(HASH);
    check(lines.length === i, "told otherwise than once", lines.length);
    check(underWay(engine) === 0, "counted as under way", underWay(engine));
  }
  const waiting = mapsOf(engine.pid).filter((map) => map.entries === 2.5 * AT_ONCE);
  check(waiting.length > 0, "nothing keeps what waits", waiting);
}

/** A call that is acted against is looked at twice, and makes two lines, but matches once. */
async function counted(engine: Engine, eventsOf: EventsOf): Promise<void> {
  for (let i = 0; i < 3; i++) act(...actOf(ACTED));
  const lines = await eventsOf(ACTED);
  check(lines.length === 6, "of three calls", lines.length);
  let seen: unknown;
  const isTold = await engine.comes(TOLD_MS, (states) => {
    const { matched, enforced } = states.find((s) => s.name === ACTED)?.stats ?? {};
    seen = { matched, enforced };
    return Number(matched) === 3 && Number(enforced) === 3;
  });
  check(isTold, "counted otherwise", seen);
}

/** Memory that is not in: what is told late is counted, and what is not told is a loss. */
async function unread(engine: Engine, eventsOf: EventsOf): Promise<void> {
  for (let i = 0; i < 3; i++) act(...actOf(OPEN_AWAY));
  act("open-nowhere");
  for (let i = 0; i < 2; i++) act(...actOf(USER_AWAY));
  const lines = await eventsOf(OPEN_AWAY);
  check(lines.length === 3 && lines.every((line) => line.telovix["late"] === true), "told late", lines.length);
  let seen: unknown;
  const isTold = await engine.comes(TOLD_MS, (states) => {
    const [open, user] = [OPEN_AWAY, USER_AWAY].map((name) => states.find((s) => s.name === name)?.hooks?.[0]);
    seen = { open, user };
    // Others open files, too.
    const [met, late] = [Number(open?.unread), Number(open?.readLate)];
    return late >= 3 && met > late && user?.unread === "2" && user.readLate === "0";
  });
  check(isTold, "counted otherwise", seen);
  const lost = engine.lines().filter((line) => line.kind === "engine_loss" && line.event["cause"] === "unread");
  check(lost.reduce((sum, line) => sum + Number(line.event["count"]), 0) === 2, "lost", lost.length);
}

const isStopped = (line: Line): boolean =>
  (line.telovix["enforced"] as { readonly stopped?: boolean } | undefined)?.stopped === true;

/** So many marks wait that the last finds no room: told at once, and again when its call is stopped. */
async function crowd(engine: Engine, eventsOf: EventsOf): Promise<void> {
  const state = engine.states()?.find((s) => s.name === CROWD);
  if (state?.state === "rejected") throw new NotHere(state.reason ?? "nothing here can stop a connect");
  // The engine tells of a mark that has waited for a second: not before the last one is made.
  process.kill(engine.pid, "SIGSTOP");
  let truth: Truth;
  try {
    truth = act("connect-crowd", "127.0.1.4", "17837");
  } finally {
    process.kill(engine.pid, "SIGCONT");
  }
  check(truth.ret === -1 && truth.errno === EACCES, "the last connect was not stopped", truth);
  let seen = { unanswered: 0, answered: 0 };
  const end = performance.now() + TOLD_MS;
  // The last one makes two of them.
  while (seen.unanswered < CROWDED + 1 && performance.now() < end) {
    const told = (await eventsOf(CROWD)).filter((line) => pidOf(line) === truth.pid);
    const answered = told.filter(isStopped).length;
    seen = { unanswered: told.length - answered, answered };
  }
  check(seen.unanswered === CROWDED + 1 && seen.answered === 1, "of a crowd and one that is stopped", seen);
}

/** BPF_PROG_TYPE_KPROBE. */
const KPROBE = 2;

/** Runs of its kprobes that the kernel has skipped, as the kernel itself says: others may be, too, where it preempts programs. */
function skippedOf(pid: number): number {
  const texts = readdirSync(`/proc/${pid}/fdinfo`).map((fd) => {
    try {
      return readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8");
    } catch {
      return ""; // closed meanwhile
    }
  });
  const kprobes = texts.filter((text) => Number(/^prog_type:\s*(\d+)/m.exec(text)?.[1]) === KPROBE);
  return kprobes.reduce((sum, text) => sum + Number(/^recursion_misses:\s*(\d+)/m.exec(text)?.[1] ?? 0), 0);
}

const lostToSkips = (engine: Engine): number =>
  engine
    .lines()
    .filter((line) => line.kind === "engine_loss" && line.event["cause"] === "recursion")
    .reduce((sum, line) => sum + Number(line.event["count"]), 0);

/** A kprobe in what another program calls is skipped: told as lost, to the last one. */
async function skipped(engine: Engine, eventsOf: EventsOf): Promise<void> {
  for (let i = 0; i < SKIPS; i++) act(...actOf(SKIPPED));
  const told = (await eventsOf(SKIPPED)).filter((line) => line.kind === "process_tracepoint");
  check(told.length === SKIPS, "told by the tracepoint", told.length);
  const counted = skippedOf(engine.pid);
  if (counted < SKIPS) throw new NotHere("this kernel skips none of them, or does not count them");
  await engine.stop(TOLD_MS);
  const lost = lostToSkips(engine);
  check(lost >= counted, "skipped, and told as lost", { counted, lost });
}

/** What a killed engine's programs miss is told by the next one, also where that has no use for them. */
async function skippedAlone(engine: Engine, eventsOf: EventsOf): Promise<void> {
  if (engine.complaint.includes("will not outlive"))
    throw new NotHere("perf events cannot be pinned here: hooks end with the engine");
  for (let i = 0; i < SKIPS; i++) act(...actOf(SKIPPED));
  await eventsOf(SKIPPED);
  if (skippedOf(engine.pid) < SKIPS) throw new NotHere("this kernel skips none of them, or does not count them");
  process.kill(engine.pid, "SIGKILL");
  check((await engine.ends(TOLD_MS)) === "SIGKILL", "it was not killed", engine.complaint);
  const before = lostToSkips(engine);
  for (let i = 0; i < SKIPS; i++) act(...actOf(SKIPPED));
  engine.again(false);
  await eventsOf(SKIPPED);
  await engine.stop(TOLD_MS);
  const lost = lostToSkips(engine) - before;
  check(lost >= SKIPS, "skipped without an engine, and told as lost", { lost });
}

export const callScenes: readonly Scene[] = [
  { name: "runs the kernel skips are told as lost", plans: [SKIPPED], play: skipped },
  {
    name: "runs skipped without an engine are told by one without policies",
    plans: [SKIPPED],
    more: ["--pin", PINS],
    play: skippedAlone,
  },
  { name: "more marks than are awaited", plans: [CROWD], play: crowd },
  { name: "more calls under way at once than are awaited", plans: [GATE], play: atOnce },
  { name: "what is acted against and told at its return matches once", plans: [ACTED], play: counted },
  { name: "memory that is not in is counted", plans: [OPEN_AWAY, USER_AWAY], play: unread },
  { name: "what waits for its hash is no call under way", plans: [HASH], play: handedOn },
];
