import { spawn, type ChildProcess } from "node:child_process";
import { systemClock } from "../core/clock.ts";

const STOP_TIMEOUT_MS = 10_000;
const MAX_SAID_CHARS = 2_048;

/** An engine of this call's own. It ends with this process whatever happens, since it watches who started it. */
export class EngineRun {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #said = "";
  #reason: string | undefined;

  constructor(program: string, words: readonly string[]) {
    this.#child = spawn(program, words, {
      stdio: ["ignore", "ignore", "pipe"],
      // A group of its own: Ctrl-C reaches us alone.
      detached: true,
      env: {},
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-MAX_SAID_CHARS);
    });
    this.#gone = new Promise((resolve) => {
      const end = (reason: string): void => {
        this.#reason ??= reason;
        resolve();
      };
      this.#child.once("error", (error) => end(`it could not be started: ${error.message}`));
      this.#child.once("close", (code, signal) => end(signal ? `ended by ${signal}` : `exited with ${code}`));
    });
  }

  get ended(): boolean {
    return this.#reason !== undefined;
  }

  /** What it wrote to stderr last. */
  get said(): string {
    return this.#said.trim().split("\n").slice(-2).join(" ");
  }

  /** Why it ended, with its own words where there are any. */
  get reason(): string {
    return this.said === "" ? (this.#reason ?? "it runs") : `${this.said} (${this.#reason ?? "it runs"})`;
  }

  /** Ends it in order; by force when it does not. */
  async stop(): Promise<void> {
    if (!this.ended) this.#child.kill("SIGTERM");
    const patience = new AbortController();
    const late = systemClock.sleep(STOP_TIMEOUT_MS, patience.signal).then(() => {
      if (!patience.signal.aborted) this.#child.kill("SIGKILL");
    });
    await this.#gone;
    patience.abort();
    await late;
  }
}
