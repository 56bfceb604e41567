/** An engine killed with -9 while it makes the list of those anew that nothing is enforced against. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { ACT, DIR } from "./case.ts";
import type { Engine } from "./engine.ts";
import { pidOf } from "./match.ts";
import { ALL_THE_TIME, guardList, KILL, said, withServer } from "./play-guards.ts";
import { act, actOf, check, NotHere, PINS, TOLD_MS, type EventsOf, type Scene } from "./scene.ts";

const OWNER = `${DIR}/owner`;
/** Where everything takes twenty times as long. */
const START_MS = 60_000;
/** So many deaths, and more until one came at the right moment. */
const DEATHS = 3;
const MOST_DEATHS = 20;

/** Two that the engine works for in turns, and the file that says for whom. */
class Owners implements Disposable {
  readonly #two = [0, 1].map(() => spawn("sleep", ["1800"], { stdio: "ignore" }));
  #turn = 0;

  constructor() {
    this.#tell();
  }

  get now(): number {
    return this.#two[this.#turn]?.pid ?? 0;
  }

  get other(): number {
    return this.#two[1 - this.#turn]?.pid ?? 0;
  }

  #tell(): void {
    const start = readFileSync(`/proc/${this.now}/stat`, "utf8").split(") ")[1]?.split(" ")[19];
    writeFileSync(`${OWNER}.coming`, `${this.now} ${start}`);
    renameSync(`${OWNER}.coming`, OWNER);
  }

  change(): void {
    this.#turn = 1 - this.#turn;
    this.#tell();
  }

  [Symbol.dispose](): void {
    for (const one of this.#two) one.kill("SIGKILL");
  }
}

/** There before the engine is: without anybody to work for it ends. */
let waiting: Owners | undefined;

/**
 * The next owner comes onto the list first, and the one before is taken off on the way through all processes: where both are on it,
 * the engine was not done. Its programs go on with the list as it was left, those of the next engine have their own.
 */
async function killed(engine: Engine, eventsOf: EventsOf): Promise<void> {
  if (engine.complaint.includes("will not outlive"))
    throw new NotHere("perf events cannot be pinned here: hooks end with the engine");
  const others = (when: string): void => check(act(...actOf(KILL)).signal === 9, "nobody is killed", when);
  using owners = waiting ?? new Owners();
  await withServer(engine, ALL_THE_TIME, async (server) => {
    const answer = said(server);
    server.stdin.write("\n");
    let amid = 0;
    for (let death = 1; death <= DEATHS || (amid === 0 && death <= MOST_DEATHS); death++) {
      const list = guardList(engine.pid);
      for (const end = performance.now() + TOLD_MS; !list.holds(owners.now); await pause(5))
        check(performance.now() < end, "the owner is not on the list", death);
      const killer = spawn(ACT, ["bpf-kill", list.id, String(owners.other), String(engine.pid)], { stdio: "ignore" });
      const done = once(killer, "exit");
      owners.change();
      check((await engine.ends(TOLD_MS)) === "SIGKILL", "it was not killed", engine.complaint);
      await done;
      if (list.holds(owners.other)) amid++;
      check(list.holds(owners.now) && list.holds(server.pid) && list.holds(1), "the list lacks somebody", death);
      others("without an engine");
      engine.again();
      check((await engine.policies(1, START_MS)) !== undefined, "no start", engine.complaint);
      const next = guardList(engine.pid);
      check(next.id !== list.id && next.holds(server.pid) && next.holds(1), "the next list lacks somebody", death);
      others("under the next engine");
    }
    check(amid > 0, "the engine was always done with the list", amid);
    server.stdin.write("\n");
    const times = Number(await answer);
    check(times > 0, "the host's own server was acted against", times);
    const told = (await eventsOf(KILL)).filter((line) => pidOf(line) === server.pid);
    const bare = told.filter((line) => line.telovix["guarded"] !== true);
    check(told.length > 0 && bare.length === 0, "not told as guarded", { told: told.length, bare: bare[0]?.telovix });
  });
}

export const killedScenes: readonly Scene[] = [
  {
    name: "who is guarded stays so when the engine is killed while the list is made anew",
    plans: [KILL],
    more: ["--pin", PINS, "--owner-pidfile", OWNER, "--owner-grace-s", "4"],
    before: () => void (waiting = new Owners()),
    play: killed,
  },
];
