import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Metrics } from "../../core/metrics.ts";
import { verifySensorCertificate, type Verdict } from "../../core/pki/verify.ts";
import type { x509 } from "../../core/pki/x509.ts";
import type { PeerAuthenticator } from "../http/auth.ts";
import type { ConnectionPeer, SensorPeer } from "../http/env.ts";
import type { RateLimiter } from "../http/limits.ts";
import { RATES } from "../http/limits.ts";
import type { Db } from "../stores/contract.ts";
import { findPeer, type PeerRow } from "./store.ts";

/**
 * How long an answer of the database is good for. A revocation made by this process empties the cache at once; with several
 * Consoles on one database this bounds how late the others see it.
 */
const FRESH_MS = 10_000;
const MAX_CACHED = 50_000;

interface Cached {
  readonly untilMs: number;
  readonly row: Promise<PeerRow | undefined>;
}

export interface PeerDeps {
  readonly db: Db;
  readonly anchors: readonly x509.X509Certificate[];
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  readonly metrics: Metrics;
}

function untrusted(reason: string): AppError {
  return new AppError("invalid_sensor_trust", reason, {
    hint: "Enrol this node again with a new token: Sensors > Deploy Sensor.",
  });
}

/**
 * Which sensor a connection is: the certificate is checked once per connection (its dates at every request), what the Console
 * thinks of it at every request, from a short cache that a revocation empties at once.
 */
export class PeerTrust implements PeerAuthenticator {
  readonly #deps: PeerDeps;
  readonly #verdicts = new WeakMap<Uint8Array, Promise<Verdict>>();
  readonly #cache = new Map<string, Cached>();
  #generation = 0;
  readonly #refused: (by: number, labels: { reason: string }) => void;

  constructor(deps: PeerDeps) {
    this.#deps = deps;
    this.#refused = deps.metrics.counter("telovix_console_sensor_refusals_total", "Sensor requests refused by trust.");
  }

  async authenticate(peer: ConnectionPeer): Promise<SensorPeer> {
    const { certificate } = peer;
    if (!certificate) throw this.#refuse("no_certificate", untrusted("A sensor certificate is needed here."));
    let verdict = this.#verdicts.get(certificate);
    if (!verdict) {
      verdict = verifySensorCertificate(certificate, this.#deps.anchors, this.#deps.clock.nowMs());
      this.#verdicts.set(certificate, verdict);
    }
    const found = await verdict;
    if (!found.ok) throw this.#refuse(found.fault, untrusted("The sensor certificate is not trusted here."));
    const { serial, keyHash, sensorId, notAfter } = found.identity;
    if (this.#deps.clock.nowMs() >= notAfter.getTime())
      throw this.#refuse("expired", untrusted("The sensor certificate has expired."));
    this.#deps.limiter.check(`sensor ${sensorId}`, RATES.sensor);
    const row = await this.#current(serial);
    if (!row || row.key_hash !== keyHash || row.sensor_id !== sensorId)
      throw this.#refuse("unknown", untrusted("The sensor certificate is not known here."));
    if (row.status === "revoked" || row.lifecycle === "revoked" || row.lifecycle === "decommissioned")
      throw this.#refuse("revoked", new AppError("sensor_revoked", "This sensor's identity has been revoked."));
    if (row.lifecycle === "disabled")
      throw this.#refuse(
        "disabled",
        new AppError("forbidden", "This sensor has been disabled by an operator.", {
          hint: "An administrator can enable it again on its page.",
        }),
      );
    return { sensorId: row.sensor_id, tenantId: row.tenant_id, nodeName: row.node_name, serial };
  }

  /** Forgets what is cached, and what is being looked up right now: the next answer comes from the database. */
  forget(): void {
    this.#generation++;
    this.#cache.clear();
  }

  #refuse(reason: string, error: AppError): AppError {
    this.#refused(1, { reason });
    return error;
  }

  /** An answer from before a revocation does not count after it. */
  async #current(serial: string): Promise<PeerRow | undefined> {
    for (;;) {
      const generation = this.#generation;
      const row = await this.#lookUp(serial);
      if (generation === this.#generation) return row;
    }
  }

  #lookUp(serial: string): Promise<PeerRow | undefined> {
    const nowMs = this.#deps.clock.monotonicMs();
    const cached = this.#cache.get(serial);
    if (cached && cached.untilMs > nowMs) return cached.row;
    if (cached) this.#cache.delete(serial);
    else if (this.#cache.size >= MAX_CACHED) this.#cache.delete(this.#cache.keys().next().value!);
    const row = findPeer(this.#deps.db, serial);
    const entry = { untilMs: nowMs + FRESH_MS, row };
    this.#cache.set(serial, entry);
    // A failed look-up says nothing about the sensor: it is not kept.
    row.catch(() => {
      if (this.#cache.get(serial) === entry) this.#cache.delete(serial);
    });
    return row;
  }
}
