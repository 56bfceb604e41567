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
import { knownPolicies, type KnownPolicies, type KnownPolicy } from "./known.ts";
import { listPlans, placePlans, renewLease, type Control } from "./plan-files.ts";
import { policiesToLoad } from "./stand-in.ts";
import { readPolicies, type EnginePolicy } from "./status.ts";
import { FileChange } from "./watch.ts";

/** Between two looks at what the engine says, however often it says something. */
const REST_MS = 5_000;
/** A look without a change told: on file systems that tell none. */
const LOOK_MS = 30_000;
/** Enforcement ends by itself when no sensor has said for so long that it lives. */
const LEASE_SECONDS = 300;

export interface KeeperOptions {
  readonly packs: readonly EmbeddedPack[];
  /** Policies that can stop something do. */
  readonly enforce: boolean;
  readonly paths: StatePaths;
  readonly clock: Clock;
  readonly log: Log;
  /** A policy's state, not only its counters, has changed. */
  readonly onChange: () => void;
}

/**
 * Gives the engine the policies of the chosen packs as files in a directory it watches, and follows what becomes of them.
 * A policy that stands in for another is given only where that one's hooks are not to be had.
 */
export class PolicyKeeper implements Service {
  readonly name = "policies";
  readonly known: KnownPolicies;
  readonly #o: KeeperOptions;
  readonly #log: Log;
  readonly #control: Control;
  #status: ReadonlyMap<string, EnginePolicy> = new Map();
  #loaded: ReadonlySet<string> = new Set();
  #text = "";
  #fault: string | undefined;
  #wake = (): void => {};

  constructor(options: KeeperOptions) {
    this.#o = options;
    this.#log = options.log.child("policies");
    this.known = knownPolicies(options.packs);
    const modes = [...this.known.values()].map((p) => [p.name, options.enforce ? p.mode : "monitor"] as const);
    this.#control = {
      modes: Object.fromEntries(modes),
      ...(options.enforce
        ? { enforcement: "on" as const, leaseSeconds: LEASE_SECONDS }
        : { enforcement: "off" as const }),
    };
  }

  /** Puts the plans where the engine finds them. Called before it starts; a failure is told in the policies' states. */
  async prepare(): Promise<void> {
    this.#loaded = new Set(await listPlans(this.#o.paths.enginePlans));
    await this.#place();
  }

  async #place(): Promise<void> {
    const { packs, paths } = this.#o;
    const wanted = policiesToLoad(this.known, this.#status, this.#loaded);
    try {
      const plans = new Map<string, Uint8Array>();
      for (const pack of packs)
        for (const { name, plan } of await packPlans(pack)) if (wanted.has(name)) plans.set(name, plan);
      if (this.#o.enforce) await renewLease(paths.enginePlans);
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
    while (!signal.aborted && this.known.size > 0) {
      // Armed before the look: what changes after it wakes us.
      using change = new FileChange(file);
      await this.#look(file);
      await this.#renewLease();
      await this.#pause([change.happened], change.isArmed ? LOOK_MS : 0, signal);
      await this.#pause([], REST_MS, signal);
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
    if (!this.#o.enforce) return;
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
    const wanted = policiesToLoad(this.known, this.#status, this.#loaded);
    const isOther = wanted.size !== this.#loaded.size || [...wanted].some((name) => !this.#loaded.has(name));
    if (isOther || this.#fault !== undefined) await this.#place();
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
    const states = [...this.known.values()].map((policy) => this.#stateOf(policy, isRunning));
    const left = states.length - MAX_POLICY_STATES;
    return { policies: states.slice(0, MAX_POLICY_STATES), ...(left > 0 ? { policies_left_out: left } : {}) };
  }

  #stateOf({ name, pack, mode, fallbackOf }: KnownPolicy, isRunning: boolean): PolicyState {
    const none = { matched: 0, enforced: 0, lost: 0 };
    const told = isRunning ? this.#status.get(name) : undefined;
    const base = { name, pack, mode: this.#control.enforcement === "on" ? mode : ("monitor" as const) };
    if (this.#fault !== undefined) return { ...base, ...none, state: "rejected", reason: clip(this.#fault, 512) };
    if (!this.#loaded.has(name)) return { ...base, ...none, state: "standby", reason: `${fallbackOf} sees the same.` };
    if (!told) return { ...base, ...none, state: "waiting" };
    const { state, reason, matched, enforced, lost } = told;
    return defined({ ...base, mode: told.mode, state, reason, matched, enforced, lost });
  }
}
