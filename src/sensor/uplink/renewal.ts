import type { Clock } from "../../core/clock.ts";
import { compile } from "../../core/check.ts";
import { AppError } from "../../core/error.ts";
import { sha256Hex } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import type { HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import { RenewResponse, TrustBundle } from "../../core/wire/renew.ts";
import { PROTOCOL_VERSION } from "../../core/wire/version.ts";
import {
  commitStaged,
  dropStaged,
  finishSwitch,
  readStaged,
  stageIdentity,
  type NewIdentity,
} from "../enroll/identity-files.ts";
import type { StatePaths } from "../state/paths.ts";
import { writeState } from "../state/sensor-state.ts";
import type { SensorClient } from "./client.ts";
import { DUE_MS, firstTry, nextTry } from "./renewal-times.ts";
import { uplinkTls, type UplinkCredentials } from "./tls.ts";
import type { Trust } from "./trust.ts";

const renewResponse = compile(RenewResponse);
const trustBundle = compile(TrustBundle);
/** Asked for by the Console, a fleet renews within this. */
const ASKED_SPREAD_MS = 5 * 60_000;
const PROVE_RETRY_MS = 30_000;
const LOOK_MS = 60_000;

export interface RenewalOptions {
  readonly client: SensorClient;
  readonly credentials: UplinkCredentials;
  readonly trust: Trust;
  readonly paths: StatePaths;
  readonly clock: Clock;
  readonly log: Log;
  readonly sensorId: string;
  readonly nodeName: string;
  /** Between 0 and 1. */
  readonly dice?: () => number;
  readonly askedSpreadMs?: number;
  /** Called when the new certificate is in place: what waits because the old one was refused need wait no longer. */
  readonly onRenewed?: () => void;
  /** Called after each step that a crash may follow. */
  readonly onStep?: (step: "asked" | "staged" | "proven" | "committed") => void;
}

/** Keeps the certificate and the trust bundle fresh for as long as the sensor runs. */
export class Renewal implements Service {
  readonly name = "renewal";
  readonly #o: RenewalOptions;
  readonly #log: Log;
  readonly #dice: () => number;
  #woken = new AbortController();
  /** The Console's clock minus ours. */
  #skewMs = 0;
  #dueMs: number;
  #askedMs = Infinity;
  #wantedBundle: string | undefined;
  #failing = false;
  #warned: string | undefined;

  constructor(options: RenewalOptions) {
    this.#o = options;
    this.#log = options.log.child("renewal");
    this.#dice = options.dice ?? Math.random;
    this.#dueMs = firstTry(options.trust.certificateExpiresMs, this.#dice());
    options.trust.bundleHash = sha256Hex(options.credentials.current.caPem);
    options.trust.onAnswer((answer) => this.#seen(answer));
  }

  /** Renews at once: the Console asked over the stream. */
  hurry(): void {
    this.#askedMs = this.#nowMs();
    this.#woken.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#o;
    while (!signal.aborted) {
      this.#woken = new AbortController();
      try {
        await this.#turn(signal);
      } catch (error) {
        if (signal.aborted) break;
        this.#log.error("renewal failed", { error });
      }
      if (this.#woken.signal.aborted) continue;
      const staged = (await readStaged(this.#o.paths)) !== undefined;
      const leftMs = Math.min(this.#dueMs, this.#askedMs) - this.#nowMs();
      // The clock may be set meanwhile: it is looked at again every minute.
      const waitMs = Math.max(0, Math.min(leftMs, staged ? PROVE_RETRY_MS : LOOK_MS));
      await clock.sleep(waitMs, AbortSignal.any([signal, this.#woken.signal]));
    }
  }

  /** By the Console's clock, which is the one that certificates are judged by. */
  #nowMs(): number {
    return this.#o.clock.nowMs() + this.#skewMs;
  }

  #seen(answer: HeartbeatResponse): void {
    const skewMs = Math.round(answer.server_time_us / 1000 - this.#o.clock.nowMs());
    const isOther = Math.abs(skewMs - this.#skewMs) > LOOK_MS;
    this.#skewMs = skewMs;
    if (isOther) this.#clockChanged();
    const { trust_bundle_hash: hash, renew_now: now } = answer;
    if (now && this.#askedMs === Infinity) {
      const spreadMs = this.#o.askedSpreadMs ?? ASKED_SPREAD_MS;
      this.#askedMs = this.#nowMs() + this.#dice() * spreadMs;
      this.#woken.abort();
    }
    if (hash !== undefined && hash !== this.#o.trust.bundleHash) {
      this.#wantedBundle = hash;
      this.#woken.abort();
    }
  }

  /** What is due is another question when a clock turns out to be wrong: what was put off by it may lie behind the certificate's end. */
  #clockChanged(): void {
    const nowMs = this.#nowMs();
    if (this.#failing)
      this.#dueMs = Math.min(this.#dueMs, nextTry(this.#o.trust.certificateExpiresMs, nowMs, this.#dice()));
    if (this.#askedMs !== Infinity) this.#askedMs = Math.min(this.#askedMs, nowMs + ASKED_SPREAD_MS * 1.5);
    this.#woken.abort();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#wantedBundle !== undefined) await this.#takeBundle(signal);
    const staged = await readStaged(this.#o.paths);
    if (staged) return this.#prove(staged, signal);
    const nowMs = this.#nowMs();
    if (nowMs < Math.min(this.#dueMs, this.#askedMs)) return;
    try {
      await this.#renew(signal);
    } catch (error) {
      if (signal.aborted) return;
      await this.#failed(error);
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client, sensorId, nodeName, paths, onStep } = this.#o;
    // Only this needs the certificate library: a running sensor does without its memory.
    const { createSensorRequest } = await import("../../core/pki/csr.ts");
    const { readIssued } = await import("../enroll/issued.ts");
    const { keyPem, csrPem } = await createSensorRequest(nodeName);
    const body = { protocol_version: PROTOCOL_VERSION, csr_pem: csrPem };
    const answer = renewResponse.parse(await client.post("/sensors/renew", body, signal));
    onStep?.("asked");
    const { serial } = await readIssued(answer.control_plane_certificate_pem, keyPem, sensorId);
    const identity: NewIdentity = {
      key_pem: keyPem,
      cert_pem: answer.control_plane_certificate_pem,
      ca_pem: answer.control_plane_ca_certificate_pem,
      state: { certificate_serial: serial, certificate_expires_at: answer.certificate_expires_at },
    };
    await stageIdentity(paths, identity);
    onStep?.("staged");
    await this.#prove(identity, signal);
  }

  /** The Console takes the new certificate, and proves itself by the new bundle: only then does it replace the old one. */
  async #prove(identity: NewIdentity, signal: AbortSignal): Promise<void> {
    const { client, credentials, paths, trust, onStep } = this.#o;
    const { key_pem: keyPem, cert_pem: certPem, ca_pem: caPem } = identity;
    try {
      await client.by({ tls: uplinkTls({ keyPem, certPem, caPem }) }).get("/sensors/trust", signal);
    } catch (error) {
      const refused = error instanceof AppError && ["invalid_sensor_trust", "sensor_revoked"].includes(error.code);
      // Nothing was said about it: the old certificate serves meanwhile.
      if (!refused) return this.#warnOnce("the new certificate could not be tried yet; the old one serves", error);
      await dropStaged(paths);
      throw error;
    }
    onStep?.("proven");
    await commitStaged(paths);
    onStep?.("committed");
    await trust.alone(() => finishSwitch(paths));
    credentials.replace({ keyPem, certPem, caPem });
    const { certificate_serial, certificate_expires_at } = identity.state;
    await trust.renewed({ certificate_serial: certificate_serial!, certificate_expires_at: certificate_expires_at! });
    trust.bundleHash = sha256Hex(caPem);
    this.#dueMs = firstTry(trust.certificateExpiresMs, this.#dice());
    this.#askedMs = Infinity;
    this.#failing = false;
    this.#warned = undefined;
    this.#o.onRenewed?.();
    this.#log.info("the certificate was renewed", { serial: certificate_serial, until: certificate_expires_at });
  }

  /** What is tried every few seconds is told once, until something works. */
  #warnOnce(message: string, error: unknown): void {
    if (this.#warned !== message) this.#log.warn(message, { error });
    this.#warned = message;
  }

  async #failed(error: unknown): Promise<void> {
    const { trust } = this.#o;
    const nowMs = this.#nowMs();
    const expiresMs = trust.certificateExpiresMs;
    const retryMs = nextTry(expiresMs, nowMs, this.#dice());
    // What was asked for is tried again a little later, like what is late.
    if (this.#askedMs !== Infinity) this.#askedMs = Math.min(retryMs, nowMs + ASKED_SPREAD_MS * (0.5 + this.#dice()));
    if (nowMs >= this.#dueMs) this.#dueMs = retryMs;
    await trust.refused(error);
    const hours = Math.max(0, Math.floor((expiresMs - nowMs) / 3_600_000));
    const again = new Date(Math.min(this.#dueMs, this.#askedMs) - this.#skewMs).toISOString();
    if (expiresMs <= nowMs) {
      if (!this.#failing) this.#log.error("the certificate has ended: only a re-enrolment helps", { error });
    } else if (expiresMs - nowMs <= DUE_MS)
      this.#log.error("the certificate ends soon and could not be renewed", { hours_left: hours, again, error });
    else this.#log.warn("the certificate could not be renewed yet", { hours_left: hours, again, error });
    this.#failing = true;
  }

  async #takeBundle(signal: AbortSignal): Promise<void> {
    const { client, credentials, paths, trust } = this.#o;
    this.#wantedBundle = undefined;
    try {
      const answer = trustBundle.parse(await client.get("/sensors/trust", signal));
      const caPem = answer.control_plane_ca_certificate_pem;
      // A bundle by which the Console can't prove itself would cut this sensor off.
      await client.by({ tls: uplinkTls({ ...credentials.current, caPem }) }).get("/sensors/trust", signal);
      await writeState(paths.consoleCa, caPem);
      credentials.replace({ caPem });
      trust.bundleHash = sha256Hex(caPem);
      this.#warned = undefined;
      this.#log.info("the Console's trust bundle was renewed", { hash: trust.bundleHash });
    } catch (error) {
      if (!signal.aborted)
        this.#warnOnce("the Console's trust bundle could not be taken; it is tried with each heartbeat", error);
    }
  }
}
