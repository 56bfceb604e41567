import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import { clip } from "../normalize/fields.ts";
import type { Labels } from "../policy/node-selector.ts";
import type { StatePaths } from "../state/paths.ts";
import { cgroupMount, walkGroups, type Groups } from "./cgroups.ts";
import { groupsOf, type Wish } from "./match.ts";
import type { Running } from "./runtime.ts";
import { fileOf, wishesOf, type Answer } from "./workloads-file.ts";

/** Between two questions to the container runtime. */
const ASK_MS = 2_000;
/** Between two looks at all control groups, while the same containers run: one may make groups of its own. */
const WALK_MS = 10_000;
/** So long what was known last counts while the runtime does not answer. */
const KEEP_MS = 60_000;
/**
 * Between two looks whether the engine wants something else. Nothing is watched: of two watchers of one file in a process the later
 * is given the earlier's, which may hold a file that was exchanged since.
 */
const LOOK_MS = 1_000;

export interface TellerOptions {
  /** Of container runtimes, in the order they are tried. */
  readonly sockets: readonly string[];
  /** Labels of this node. */
  readonly node: Labels;
  readonly paths: Pick<StatePaths, "engineOut" | "enginePlans">;
  /** Where control groups are mounted; without it, where this process finds them. */
  readonly mount?: string;
  readonly clock: Clock;
  readonly log: Log;
  /** For tests: between two questions, instead of two seconds; what the engine wants is looked at as often. */
  readonly askMs?: number;
  /** What is wrong has changed. */
  readonly onChange: () => void;
}

interface Known {
  readonly running: Running;
  readonly groups: Groups;
  readonly walkedMs: number;
}

/** Every container and pod, whatever is said of them. */
function idsOf({ pods, containers }: Running): string {
  return [...pods, ...containers].map(({ id }) => id).join(" ");
}

function lackOf({ running: { containers }, groups }: Known): string | undefined {
  if (groups.isCut) return "This node has more control groups than are looked at: some containers are not matched.";
  if (containers.length > 0 && !containers.some(({ id }) => groups.containers.has(id)))
    return `The control groups (version 2) of the ${containers.length} containers that run here are not to be found.`;
  return undefined;
}

/**
 * Tells the engine who the pods and containers are that its policies speak of: which control groups they run in. Works only while
 * some policy does; what the container runtime says is looked at each two seconds, and at once for a policy that is new.
 */
export class WorkloadTeller implements Service {
  readonly name = "workloads";
  readonly #o: TellerOptions;
  readonly #log: Log;
  readonly #file: string;
  /** Of the engine's file that was read last. */
  #version: string | undefined;
  #wishes: readonly Wish[] = [];
  #known: Known | undefined;
  #answeredMs = -Infinity;
  /** What stands in the file; undefined: there is none. */
  #written: string | undefined;
  #problem: string | undefined;
  #hasLooked = false;

  constructor(options: TellerOptions) {
    this.#o = options;
    this.#log = options.log.child("workloads");
    this.#file = join(options.paths.enginePlans, "workloads.json");
  }

  /** Why policies about pods match less than they should; undefined: they match what is there, or it was not looked yet. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** False: it is not known yet whom they are about. */
  get hasLooked(): boolean {
    return this.#hasLooked;
  }

  /** Forgets what was true before: another boot's numbers are other groups'. Called before the engine starts. */
  async prepare(): Promise<void> {
    await rm(this.#file, { force: true });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, paths, askMs = ASK_MS } = this.#o;
    const file = join(paths.engineOut, "policies.json");
    let dueMs = -Infinity;
    while (!signal.aborted) {
      const isNew = await this.#readWishes(file);
      if (isNew || (this.#wishes.length > 0 && clock.monotonicMs() >= dueMs)) {
        await this.#look(signal);
        dueMs = clock.monotonicMs() + askMs;
      }
      await clock.sleep(Math.min(LOOK_MS, askMs), signal);
    }
  }

  /** Looks what the engine wants to know; true when that is something else than before. */
  async #readWishes(file: string): Promise<boolean> {
    const found = await stat(file, { bigint: true }).catch(() => undefined);
    const version = found && `${found.ino} ${found.mtimeNs}`;
    if (version === this.#version) return false;
    this.#version = version;
    const text = await readFile(file, "utf8").catch(() => "");
    const wishes = wishesOf(text);
    if (!wishes || JSON.stringify(wishes) === JSON.stringify(this.#wishes)) return false;
    this.#wishes = wishes;
    return true;
  }

  async #look(signal: AbortSignal): Promise<void> {
    if (this.#wishes.length === 0) {
      this.#known = undefined;
      this.#hasLooked = false;
      await this.#tell([], undefined);
      return;
    }
    const problem = await this.#learn(signal);
    const { answers, fault } = this.#answers();
    if (!signal.aborted) await this.#tell(answers, problem ?? fault);
  }

  /** Learns what runs and where; what is wrong with it, if something is. */
  async #learn(signal: AbortSignal): Promise<string | undefined> {
    const { clock, sockets, mount } = this.#o;
    let failure = "No container runtime answers on this node";
    try {
      // Most nodes have no policies about pods, and no need of the client.
      const { askAny } = await import("./cri.ts");
      const running = await askAny(sockets, clock, signal);
      failure = "The control groups of this node cannot be read";
      const isSame = this.#known !== undefined && idsOf(this.#known.running) === idsOf(running);
      const isFresh = isSame && clock.monotonicMs() - this.#known!.walkedMs < WALK_MS;
      this.#known = isFresh
        ? { ...this.#known!, running }
        : { running, groups: await walkGroups(mount ?? (await cgroupMount())), walkedMs: clock.monotonicMs() };
      this.#answeredMs = clock.monotonicMs();
      return lackOf(this.#known);
    } catch (error) {
      if (clock.monotonicMs() - this.#answeredMs >= KEEP_MS) this.#known = undefined;
      return `${failure}: ${errorMessage(error)}.`;
    }
  }

  /** Who the wishes are about, as far as that is known and they are understood. */
  #answers(): { answers: readonly Answer[]; fault: string | undefined } {
    const answers: Answer[] = [];
    let fault: string | undefined;
    const known = this.#known;
    for (const wish of known ? this.#wishes : [])
      try {
        answers.push({ wish, groups: groupsOf(wish, known!.running, known!.groups, this.#o.node) });
      } catch (error) {
        fault = `A selector of pods is not understood (${errorMessage(error)}): ${clip(wish.selector, 200)}`;
      }
    return { answers, fault };
  }

  /** Writes who they are, when that is something else than before, and keeps what is wrong with it. */
  async #tell(answers: readonly Answer[], problem: string | undefined): Promise<void> {
    const { text, leftOut } = fileOf(answers);
    let said = leftOut > 0 ? `${leftOut} selectors of pods are about more than the engine takes.` : problem;
    if (text !== this.#written && !(text === "[]" && this.#written === undefined))
      try {
        const draft = join(this.#o.paths.enginePlans, ".workloads.json.tmp");
        await writeFile(draft, text, { mode: 0o600 });
        await rename(draft, this.#file);
        this.#written = text;
      } catch (error) {
        said = `Which pods there are could not be told to the engine: ${errorMessage(error)}`;
      }
    if (said !== undefined && said !== this.#problem)
      this.#log.error("policies about pods do not match as they should", { reason: said });
    const isOther = said !== this.#problem || !this.#hasLooked;
    this.#problem = said;
    this.#hasLooked = this.#wishes.length > 0;
    if (isOther) this.#o.onChange();
  }
}
