import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Type } from "typebox";
import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import { Supervisor, type ChildState } from "../../core/supervise.ts";
import { EngineBackend, type EngineState } from "../../core/wire/state.ts";
import type { EventDraft } from "../normalize/draft.ts";
import type { EngineStart, EngineStats } from "../normalize/engine-events.ts";
import { clip, defined } from "../normalize/fields.ts";
import type { StatePaths } from "../state/paths.ts";
import { writeState } from "../state/sensor-state.ts";
import { AwayTime } from "./away.ts";
import { endProcess, findOrphan, goneOrAborted, servesPlans } from "./orphan.ts";
import { engineObstacle } from "./preflight.ts";

const RECHECK_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

const checkStart = compile(
  Type.Object({
    runId: Type.String({ maxLength: 32 }),
    version: Type.Optional(Type.String({ maxLength: 64 })),
    kernel: Type.Optional(Type.String({ maxLength: 256 })),
    backends: Type.Array(EngineBackend, { maxItems: 256 }),
    pinned: Type.Optional(Type.Boolean()),
  }),
);

async function readStart(path: string): Promise<EngineStart | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (!checkStart.is(value)) return undefined;
    const { runId, version, kernel, backends, pinned = false } = value;
    return { runId, version, kernel, backends, pinned, adopted: false, atUs: 0 };
  } catch {
    return undefined;
  }
}

export interface EngineOptions {
  readonly enginePath: string;
  readonly paths: StatePaths;
  /** Directory of plans it runs; undefined: none. */
  readonly planDir: string;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes the event of an engine that ended. */
  readonly emit: (draft: EventDraft) => void;
}

/**
 * Keeps the engine running. It is started so that it outlives a sensor that is killed: what happens until the next
 * sensor comes is then recorded, and that sensor takes the running engine over. An orderly stop ends the engine too.
 * An engine that is killed leaves its programs at work in the kernel, and the next one goes on with what they kept.
 */
export class Engine implements Service {
  readonly name = "engine";
  readonly #o: EngineOptions;
  readonly #log: Log;
  readonly #startFile: string;
  #child: ChildState = { status: "starting", pid: undefined, restarts: 0, reason: undefined };
  #obstacle: string | undefined;
  #start: EngineStart | undefined;
  #stats: EngineStats | undefined;
  /** The engine at work has said what it sees: until then it sees nothing. */
  #hasStarted = false;
  #said = "";
  #blind = false;
  readonly #away = new AwayTime();

  constructor(options: EngineOptions) {
    this.#o = options;
    this.#log = options.log.child("engine");
    this.#startFile = join(options.paths.engine, "engine-start.json");
  }

  /** Told by the pipeline when it reads the engine's own lines. */
  onStart(start: EngineStart): void {
    this.#start = start;
    this.#hasStarted = true;
    const lost = this.#away.over(start);
    if (lost) this.#o.emit(lost);
    // A sensor that takes this engine over does not get its first line again.
    void writeState(this.#startFile, JSON.stringify(start)).catch((error: unknown) =>
      this.#log.warn("what the engine can do could not be written down", { error }),
    );
    this.#stats = undefined;
    const { backends } = start;
    const lesser = backends.filter((b) => b.status !== "ok");
    this.#log.info("the engine sees", {
      version: start.version,
      hooks: backends.length - lesser.length,
      degraded: lesser.map((b) => `${b.sensor}/${b.hook}: ${b.reason ?? b.status}`).slice(0, 20),
    });
  }

  onStats(stats: EngineStats): void {
    this.#stats = stats;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** State for the heartbeat. */
  get state(): EngineState {
    const { pid, restarts, reason } = this.#child;
    const status = this.#child.status === "running" && !this.#hasStarted ? "starting" : this.#child.status;
    const state = this.#obstacle === undefined ? status : "failed";
    const why = this.#obstacle ?? (status === "running" ? undefined : reason);
    return defined({
      state,
      reason: why === undefined ? undefined : clip(why, 512),
      version: this.#start?.version,
      run_id: this.#start?.runId,
      pid,
      restarts,
      rss_bytes: this.#stats?.rssBytes,
      events: this.#stats?.events ?? 0,
      lost: this.#stats?.lost ?? 0,
      backends: this.#start?.backends ?? [],
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { enginePath, paths, planDir, clock } = this.#o;
    const orphan = await findOrphan(paths.engineOut);
    if (orphan !== undefined && (await servesPlans(orphan, planDir))) await this.#adopt(orphan, signal);
    else if (orphan !== undefined) await endProcess(orphan, clock, STOP_TIMEOUT_MS);
    while (!signal.aborted) {
      const obstacle = await engineObstacle(enginePath);
      if (obstacle === undefined) {
        this.#obstacle = undefined;
        await this.#supervise(signal);
        continue;
      }
      if (obstacle !== this.#obstacle) this.#log.error("no kernel events can be seen", { why: obstacle });
      this.#obstacle = obstacle;
      await clock.sleep(RECHECK_MS, signal);
    }
  }

  async #adopt(pid: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#o;
    this.#log.info("the engine of the sensor before is still running; it is taken over", { pid });
    this.#child = { status: "running", pid, restarts: 0, reason: undefined };
    this.#hasStarted = true;
    this.#blind = false;
    this.#start ??= await readStart(this.#startFile);
    await goneOrAborted(pid, clock, signal);
    if (signal.aborted) await endProcess(pid, clock, STOP_TIMEOUT_MS);
    this.#ended(signal.aborted ? "the sensor was stopped" : "it ended", signal.aborted);
    this.#child = { status: signal.aborted ? "stopped" : "backoff", pid: undefined, restarts: 0, reason: "it ended" };
  }

  async #supervise(signal: AbortSignal): Promise<void> {
    const { enginePath, paths, planDir, nodeName, clock } = this.#o;
    const supervisor = new Supervisor(
      {
        name: "engine",
        command: [
          enginePath,
          "run",
          "--standalone",
          "--out",
          paths.engineOut,
          "--node-name",
          nodeName,
          "--plan",
          planDir,
          "--pin",
          paths.enginePins,
          "--owner-pidfile",
          resolve(paths.lock),
          "--self-pid",
          String(process.pid),
        ],
        stopTimeoutMs: STOP_TIMEOUT_MS,
        // Every moment without it is blind.
        backoffMinMs: 50,
        ready: async () => {
          this.#hasStarted = false;
          this.#blind = false;
        },
        onLine: (line, stream) => {
          if (stream === "stderr") this.#said = line;
          this.#log.info(clip(line, 1024));
        },
        onState: (state) => {
          // What the engine said last explains more than its exit code.
          const reason =
            state.reason === undefined
              ? undefined
              : this.#said === ""
                ? state.reason
                : `${state.reason}: ${this.#said}`;
          this.#child = { ...state, reason };
          if (state.status === "backoff") this.#ended(reason ?? "it ended", false);
        },
      },
      clock,
      this.#log,
    );
    await supervisor.run(signal);
    if (signal.aborted) this.#ended("the sensor was stopped", true);
  }

  /** Says once per blind time that it began. */
  #ended(reason: string, orderly: boolean): void {
    if (this.#blind) return;
    this.#blind = true;
    if (!orderly) this.#away.began(this.#o.clock.nowMs() * 1000);
    const kept = !orderly && this.#start?.pinned === true;
    this.#o.emit({
      kind: "engine_stop",
      severity: orderly || kept ? "info" : "warning",
      observed_at_us: this.#o.clock.nowMs() * 1000,
      message: clip(
        kept
          ? `The engine ended: ${reason}. The kernel keeps what happens until the next one reads it.`
          : `The engine ended: ${reason}. This host is blind until it is back.`,
        2048,
      ),
      detail: defined({ reason: clip(reason, 1024), run_id: this.#start?.runId }),
    });
    this.#said = "";
  }
}
