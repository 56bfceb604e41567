import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { EmbeddedPack } from "../../core/payload/embedded-files.ts";
import { packPlans } from "../../core/payload/packs.ts";
import type { Service } from "../../core/service.ts";
import { MAX_POLICY_STATES, type EngineState, type PolicyState } from "../../core/wire/state.ts";
import { clip, defined } from "../normalize/fields.ts";
import type { StatePaths } from "../state/paths.ts";
import { controlOf, isWanted, withLocal } from "./control.ts";
import { knownPolicies, LOCAL_PACK, type KnownPolicies, type KnownPolicy } from "./known.ts";
import type { Labels } from "./node-selector.ts";
import { LocalDirectory, type Local } from "./local.ts";
import { listPlans, placePlans, renewLease, type Control } from "./plan-files.ts";
import { policiesToLoad } from "./stand-in.ts";
import { readPolicies, type EnginePolicy } from "./status.ts";
import { FileChange } from "./watch.ts";

/** Between two looks at what the engine says, however often it says something. */
const REST_MS = 5_000;
/** A look without a change told: on file systems that tell none. */
const LOOK_MS = 30_000;
const NONE = { matched: 0, enforced: 0, lost: 0 };

export interface KeeperOptions {
  readonly packs: readonly EmbeddedPack[];
  /** Policies that can stop something do. */
  readonly enforce: boolean;
  /** Labels of this node, for what is meant for some nodes only. */
  readonly node: Labels;
  /** What is known of pods and containers, which some policies are about. */
  readonly workloads: { readonly hasLooked: boolean; readonly problem: string | undefined };
  readonly paths: StatePaths;
  readonly clock: Clock;
  readonly log: Log;
  /** For tests: between two looks, instead of five seconds. */
  readonly restMs?: number;
  /** A policy's state, not only its counters, has changed. */
  readonly onChange: () => void;
}

/**
 * Gives the engine the policies of the chosen packs, and those that were added on the node, as files in a directory it watches, and
 * follows what becomes of them. A policy that stands in for another is given only where that one's hooks are not to be had.
 */
export class PolicyKeeper implements Service {
  readonly name = "policies";
  /** Changes with what is added on the node. */
  readonly known = new Map<string, KnownPolicy>();
  readonly #o: KeeperOptions;
  readonly #log: Log;
  readonly #packs: KnownPolicies;
  readonly #directory: LocalDirectory;
  #local: Local = { policies: [], choice: undefined, faults: [] };
  #control: Control = { modes: {}, enforcement: "off" };
  #status: ReadonlyMap<string, EnginePolicy> = new Map();
  #loaded: ReadonlySet<string> = new Set();
  #text = "";
  #fault: string | undefined;
  #wake = (): void => {};

  constructor(options: KeeperOptions) {
    this.#o = options;
    this.#log = options.log.child("policies");
    this.#packs = knownPolicies(options.packs);
    this.#directory = new LocalDirectory(options.paths.localPolicies);
    this.#adopt({ policies: [], choice: { modes: {} }, faults: [] });
  }

  /** What the node's operator wants from now on; a choice that cannot be read leaves the last one in force. */
  #adopt(local: Local): void {
    this.#local = { ...local, choice: local.choice ?? this.#local.choice };
    this.known.clear();
    for (const [name, policy] of withLocal(this.#packs, local, this.#o.node)) this.known.set(name, policy);
    this.#control = controlOf(this.known, this.#o.enforce, this.#local.choice);
  }

  /** Looks what the operator wants; true when it is something else than before. */
  async #readLocal(): Promise<boolean> {
    try {
      const local = await this.#directory.look();
      if (!local) return false;
      for (const { file, reason } of local.faults)
        this.#log.error("a file of the node's own policies was not taken", { file, reason });
      this.#adopt(local);
      return true;
    } catch (error) {
      this.#log.error("the node's own policies could not be read", { error });
      return false;
    }
  }

  /** Names that are to be loaded now. */
  #wanted(): ReadonlySet<string> {
    const { choice } = this.#local;
    const all = policiesToLoad(this.known, this.#status, this.#loaded);
    return new Set(
      [...all].filter((name) => this.known.get(name)?.isElsewhere !== true && (!choice || isWanted(name, choice))),
    );
  }

  /** Puts the plans where the engine finds them. Called before it starts; a failure is told in the policies' states. */
  async prepare(): Promise<void> {
    await this.#readLocal();
    this.#loaded = new Set(await listPlans(this.#o.paths.enginePlans));
    await this.#place();
  }

  async #place(): Promise<void> {
    const { packs, paths } = this.#o;
    const wanted = this.#wanted();
    try {
      const plans = new Map<string, Uint8Array>();
      for (const pack of packs)
        for (const { name, plan } of await packPlans(pack)) if (wanted.has(name)) plans.set(name, plan);
      for (const { name, stem, plan } of this.#local.policies)
        if (wanted.has(name) && !this.#packs.has(name)) plans.set(stem, plan);
      if (this.#control.enforcement === "on") await renewLease(paths.enginePlans);
      await placePlans(paths.enginePlans, plans, this.#control);
      this.#loaded = wanted;
      this.#fault = undefined;
      this.#log.info("the engine is given policies", {
        packs: packs.map((pack) => pack.id),
        policies: plans.size,
        enforcement: this.#control.enforcement,
      });
    } catch (error) {
      this.#fault = errorMessage(error);
      this.#log.error("the policies could not be given to the engine; it is tried again", { error });
    }
  }

  /** The engine has started: it will soon say what became of them. */
  hurry(): void {
    this.#wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    const file = join(this.#o.paths.engineOut, "policies.json");
    while (!signal.aborted) {
      // Armed before the look: what changes after it wakes us.
      using change = new FileChange(file);
      using own = new FileChange(this.#directory.dir);
      await this.#look(file);
      await this.#renewLease();
      await this.#pause([change.happened, own.happened], change.isArmed ? LOOK_MS : 0, signal);
      // An operator who switches something off waits for it.
      await this.#pause([own.happened], this.#o.restMs ?? REST_MS, signal);
    }
  }

  /** Until something happens, the engine starts, or the time is over. */
  async #pause(events: readonly Promise<void>[], ms: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    const late = this.#o.clock.sleep(ms, AbortSignal.any([signal, over.signal]));
    await Promise.race([...events, woken, late]);
    over.abort();
    await late;
  }

  async #renewLease(): Promise<void> {
    if (this.#control.enforcement === "off") return;
    await renewLease(this.#o.paths.enginePlans).catch((error: unknown) =>
      this.#log.error("enforcement will end: its lease could not be renewed", { error }),
    );
  }

  async #look(file: string): Promise<void> {
    const text = await readFile(file, "utf8").catch(() => "");
    if (text !== this.#text) {
      this.#text = text;
      const status = readPolicies(text);
      if (status) this.#take(status);
    }
    const isNew = await this.#readLocal();
    const wanted = this.#wanted();
    const isOther = wanted.size !== this.#loaded.size || [...wanted].some((name) => !this.#loaded.has(name));
    if (isNew || isOther || this.#fault !== undefined) await this.#place();
    if (isNew) this.#o.onChange();
  }

  #take(status: ReadonlyMap<string, EnginePolicy>): void {
    const before = this.#status;
    this.#status = status;
    const isNew = (p: EnginePolicy): boolean => {
      const old = before.get(p.name);
      return old?.state !== p.state || old.mode !== p.mode || old.reason !== p.reason;
    };
    const changed = [...status.values()].filter(isNew);
    if (changed.length === 0 && status.size === before.size) return;
    const lesser = changed.filter((p) => p.state !== "ok");
    this.#log.info("the engine has taken up policies", {
      ok: [...status.values()].filter((p) => p.state === "ok").length,
      of: status.size,
      lesser: lesser.slice(0, 20).map((p) => `${p.name}: ${p.state}${p.reason === undefined ? "" : ` (${p.reason})`}`),
    });
    this.#o.onChange();
  }

  /** The policies for the heartbeat; without an engine that runs none of them works. */
  report(isRunning: boolean): Pick<EngineState, "policies" | "policies_left_out"> {
    const taken = [...this.known.values()].map((policy) => this.#stateOf(policy, isRunning));
    const states = [...taken, ...this.#refused()];
    const left = states.length - MAX_POLICY_STATES;
    return { policies: states.slice(0, MAX_POLICY_STATES), ...(left > 0 ? { policies_left_out: left } : {}) };
  }

  /** What was put on the node and is no policy that can be given to the engine. */
  #refused(): PolicyState[] {
    const { faults, policies } = this.#local;
    const twice = policies.filter(({ name }) => this.#packs.has(name));
    const all = [
      ...faults.map(({ file, reason }) => ({ name: clip(file, 253), reason: clip(reason, 512) })),
      ...twice.map(({ name }) => ({
        name,
        reason: `The pack ${this.#packs.get(name)!.pack} has a policy of this name.`,
      })),
    ];
    return all.map((one) => ({ ...one, ...NONE, pack: LOCAL_PACK, mode: "monitor", state: "rejected" }));
  }

  /** Of policies about pods that are truly attached. */
  #stateOfWorkloads(): Pick<EnginePolicy, "state" | "reason"> {
    const { hasLooked, problem } = this.#o.workloads;
    if (problem !== undefined) return { state: "degraded", reason: clip(problem, 512) };
    return { state: hasLooked ? "ok" : "waiting" };
  }

  #stateOf({ name, pack, fallbackOf, isElsewhere, needsWorkloads }: KnownPolicy, isRunning: boolean): PolicyState {
    const { enforcement, modes } = this.#control;
    const { choice } = this.#local;
    const told = isRunning ? this.#status.get(name) : undefined;
    const base = { name, pack, mode: enforcement === "on" ? modes[name]! : ("monitor" as const) };
    if (this.#fault !== undefined) return { ...base, ...NONE, state: "rejected", reason: clip(this.#fault, 512) };
    if (choice && !isWanted(name, choice))
      return { ...base, ...NONE, state: "off", reason: "It was switched off on the node." };
    if (isElsewhere) return { ...base, ...NONE, state: "standby", reason: "Its nodeSelector names other nodes." };
    // Known, but its file is still being written.
    const isLoaded = this.#loaded.has(name);
    if (!isLoaded && fallbackOf !== undefined)
      return { ...base, ...NONE, state: "standby", reason: `${fallbackOf} sees the same.` };
    if (!told || !isLoaded) return { ...base, ...NONE, state: "waiting" };
    const { matched, enforced, lost } = told;
    const { state, reason } = needsWorkloads === true && told.state === "ok" ? this.#stateOfWorkloads() : told;
    return defined({ ...base, mode: told.mode, state, reason, matched, enforced, lost });
  }
}
