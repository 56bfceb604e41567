import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import type { TrustReport } from "../../core/wire/state.ts";
import type { StatePaths } from "../state/paths.ts";
import { writeSensorState, type SensorState } from "../state/sensor-state.ts";

/** How long to wait before asking a Console again that does not believe us: a person has to act first. */
export const DISTRUST_RETRY_MS = 5 * 60_000;

const REENROL =
  "Make a re-enrolment token on the sensor's page in the Console and use it here (telovix enroll --force): the sensor keeps its id, and the spool is delivered.";

/** Who distrusts whom. Our own check of the Console has the TLS error as its cause; the Console's refusals have none. */
function what(error: AppError): string {
  if (error.code === "sensor_revoked") return "the Console has revoked this sensor";
  return error.cause === undefined
    ? "the Console does not accept this sensor's certificate"
    : "the Console can't prove itself to this sensor: it may have changed its authority while the node was away";
}

/** How the trust between this sensor and its Console stands; kept on disk for `telovix doctor` and the next start. */
export class Trust {
  #state: SensorState;
  readonly #paths: StatePaths;
  readonly #clock: Clock;
  readonly #log: Log;
  #changed = new AbortController();
  #turn: Promise<void> = Promise.resolve();
  readonly #listeners: ((answer: HeartbeatResponse) => void)[] = [];
  /** SHA-256 of the trust bundle that is stored. */
  bundleHash: string | undefined;

  constructor(state: SensorState, paths: StatePaths, clock: Clock, log: Log) {
    this.#state = state;
    this.#paths = paths;
    this.#clock = clock;
    this.#log = log;
  }

  get report(): TrustReport {
    const { certificate_serial, certificate_expires_at, last_error, last_error_at } = this.#state;
    return {
      certificate_serial,
      certificate_expires_at,
      ...(last_error === undefined ? {} : { last_error }),
      ...(last_error_at === undefined ? {} : { last_error_at }),
      ...(this.bundleHash === undefined ? {} : { trust_bundle_hash: this.bundleHash }),
    };
  }

  get certificateExpiresMs(): number {
    return Date.parse(this.#state.certificate_expires_at);
  }

  /** Passes on what the Console answered to a heartbeat. */
  seen(answer: HeartbeatResponse): void {
    for (const listen of this.#listeners) listen(answer);
  }

  onAnswer(listen: (answer: HeartbeatResponse) => void): void {
    this.#listeners.push(listen);
  }

  /** Takes what was written to the state file with a new certificate; by it the Console took us for who we are. */
  async renewed(changed: Pick<SensorState, "certificate_serial" | "certificate_expires_at">): Promise<void> {
    await this.#save({ ...this.#state, ...changed, trust_state: "trusted" });
  }

  /** Aborts when trust is next lost or won: whoever waits because of it looks again. */
  get changed(): AbortSignal {
    return this.#changed.signal;
  }

  get trusted(): boolean {
    return this.#state.trust_state === "trusted";
  }

  /** Records that the Console took us for who we are. */
  async confirmed(): Promise<void> {
    if (this.trusted) return;
    this.#log.info("the Console trusts this sensor again");
    // The last error stays: the Console shows it for a while after it is over.
    await this.#save({ ...this.#state, trust_state: "trusted" });
  }

  /** Records a refusal; true when it was one of trust, so that only a person can help. */
  async refused(error: unknown): Promise<boolean> {
    if (!(error instanceof AppError) || (error.code !== "invalid_sensor_trust" && error.code !== "sensor_revoked"))
      return false;
    const revoked = error.code === "sensor_revoked";
    const trust_state = revoked ? "revoked" : "error";
    if (this.#state.trust_state !== trust_state)
      this.#log.error(`${what(error)}; events stay in the spool`, { said: error.message, hint: REENROL });
    const last_error_at = new Date(this.#clock.nowMs()).toISOString();
    await this.#save({ ...this.#state, trust_state, last_error: error.message.slice(0, 512), last_error_at });
    return true;
  }

  async #save(state: SensorState): Promise<void> {
    const turned = state.trust_state !== this.#state.trust_state;
    this.#state = state;
    if (turned) {
      this.#changed.abort();
      this.#changed = new AbortController();
    }
    try {
      await this.alone(() => writeSensorState(this.#paths, this.#state));
    } catch (error) {
      this.#log.error("the trust state could not be written", { error });
    }
  }

  /** Runs something that writes the state file while nobody else does. */
  alone<T>(write: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(write);
    this.#turn = done.then(
      () => {},
      () => {},
    );
    return done;
  }
}
