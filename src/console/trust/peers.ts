import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { sha256Hex } from "../../core/ids.ts";
import type { Metrics } from "../../core/metrics.ts";
import { verifySensorCertificate, type CertificateFault, type Verdict } from "../../core/pki/verify.ts";
import type { PeerAuthenticator } from "../http/auth.ts";
import type { ConnectionPeer, SensorPeer } from "../http/env.ts";
import type { RateLimiter } from "../http/limits.ts";
import { RATES } from "../http/limits.ts";
import type { Db } from "../stores/contract.ts";
import type { KeyStore } from "./key-store.ts";
import { Gather } from "../shared/gather.ts";
import { findPeers, type PeerRow } from "./store.ts";

/**
 * How long an answer of the database is good for. A revocation made by this process empties the cache at once; with several
 * Consoles on one database this bounds how late the others see it.
 */
const FRESH_MS = 10_000;
const MAX_CACHED = 50_000;
/** Every sensor's heartbeat looks here: 667 a second of 10,000. */
const LOOKUPS = { spacingMs: 50, maxKeys: 500 };

type Judged = Verdict | { readonly ok: false; readonly fault: "retired_issuer" };

interface Cached {
  readonly untilMs: number;
  readonly row: Promise<PeerRow | undefined>;
}

export interface PeerDeps {
  readonly db: Db;
  /** Whose certificates count, and whose counted once: read anew for each connection. */
  readonly keys: Pick<KeyStore, "anchors" | "retired">;
  /** Called when a certificate that was never used is used; it is active afterwards. */
  readonly firstUse: (serial: string) => Promise<void>;
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  readonly metrics: Metrics;
}

/** How the node gets a new identity without losing its history or what it has not sent yet. */
const ENROL_AGAIN =
  "On the sensor's page, 'Re-enrol' makes a token and the line that uses it; the sensor keeps its id and what waits in its spool.";

function untrusted(
  reason: string,
  hint = "Enrol this node again with a new token: Sensors > Deploy Sensor.",
): AppError {
  return new AppError("invalid_sensor_trust", reason, { hint });
}

function refusalOf(fault: CertificateFault | "retired_issuer"): AppError {
  if (fault === "expired") return untrusted("The sensor certificate has expired.", ENROL_AGAIN);
  if (fault === "retired_issuer")
    return untrusted(
      "The sensor certificate is of an authority that this Console has retired: the node was away while it changed.",
      ENROL_AGAIN,
    );
  if (fault === "not_yet_valid")
    return untrusted("The sensor certificate is not valid yet by the Console's clock.", "Check the Console's clock.");
  return untrusted("The sensor certificate is not trusted here.");
}

/**
 * Which sensor a connection is: the certificate is checked once per connection (its dates at every request), what the Console
 * thinks of it at every request, from a short cache that a revocation empties at once.
 */
export class PeerTrust implements PeerAuthenticator {
  readonly #deps: PeerDeps;
  #verdicts = new WeakMap<Uint8Array, Promise<Judged>>();
  /** Good verdicts by the certificate's SHA-256: who comes back costs a hash, not a signature. Dates are looked at every time. */
  readonly #good = new Map<string, Judged & { readonly ok: true }>();
  readonly #cache = new Map<string, Cached>();
  readonly #rows: Gather<string, PeerRow>;
  #generation = 0;
  readonly #refused: (by: number, labels: { reason: string }) => void;

  constructor(deps: PeerDeps) {
    this.#deps = deps;
    this.#rows = new Gather((serials) => findPeers(deps.db, serials), { clock: deps.clock, ...LOOKUPS });
    this.#refused = deps.metrics.counter("telovix_console_sensor_refusals_total", "Sensor requests refused by trust.");
  }

  async authenticate(peer: ConnectionPeer): Promise<SensorPeer> {
    const { certificate } = peer;
    if (!certificate) throw this.#refuse("no_certificate", untrusted("A sensor certificate is needed here."));
    let verdict = this.#verdicts.get(certificate);
    if (!verdict) {
      verdict = this.#judge(certificate);
      this.#verdicts.set(certificate, verdict);
    }
    const found = await verdict;
    if (!found.ok) throw this.#refuse(found.fault, refusalOf(found.fault));
    const { serial, keyHash, sensorId, issuerId, notAfter } = found.identity;
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs >= notAfter.getTime()) throw this.#refuse("expired", refusalOf("expired"));
    this.#deps.limiter.check(`sensor ${sensorId}`, RATES.sensor);
    let row = await this.#current(serial);
    const known = row?.key_hash === keyHash && row.sensor_id === sensorId && row.issuer_id === issuerId;
    if (!row || !known) throw this.#refuse("unknown", untrusted("The sensor certificate is not known here."));
    this.#checkStanding(row);
    if (row.status === "pending") {
      await this.#deps.firstUse(serial);
      this.#cache.delete(serial);
      row = (await this.#current(serial)) ?? row;
      this.#checkStanding(row);
    }
    const previous = row.status === "previous";
    if (previous && nowMs >= (row.valid_until?.getTime() ?? 0))
      throw this.#refuse(
        "superseded",
        untrusted("The sensor certificate was renewed more than a day ago.", ENROL_AGAIN),
      );
    const shown = { status: previous ? "previous" : "active", issuerId, notAfterMs: notAfter.getTime() } as const;
    return { sensorId, tenantId: row.tenant_id, nodeName: row.node_name, serial, certificate: shown };
  }

  #checkStanding(row: PeerRow): void {
    if (row.status === "revoked" && row.lifecycle !== "revoked" && row.lifecycle !== "decommissioned")
      throw this.#refuse(
        "revoked",
        new AppError(
          "sensor_revoked",
          "This certificate has been revoked: the sensor has enrolled again with another.",
          {
            hint: ENROL_AGAIN,
          },
        ),
      );
    if (row.lifecycle === "revoked" || row.lifecycle === "decommissioned")
      throw this.#refuse("revoked", new AppError("sensor_revoked", "This sensor's identity has been revoked."));
    if (row.lifecycle === "disabled")
      throw this.#refuse(
        "disabled",
        new AppError("forbidden", "This sensor has been disabled by an operator.", {
          hint: "An administrator can enable it again on its page.",
        }),
      );
  }

  /** What the certificate says by itself; one of an authority that was retired is told apart from a stranger's. */
  async #judge(certificate: Uint8Array): Promise<Judged> {
    const { keys, clock } = this.#deps;
    const hash = sha256Hex(certificate);
    const known = this.#good.get(hash);
    if (known) return known;
    const { anchors } = keys;
    const verdict = verifySensorCertificate(certificate, anchors, clock.nowMs());
    // Other authorities may count by now: what was found under the old ones is not kept.
    if (verdict.ok && anchors === keys.anchors) {
      if (this.#good.size >= MAX_CACHED) this.#good.delete(this.#good.keys().next().value!);
      this.#good.set(hash, verdict);
    }
    if (verdict.ok || (verdict.fault !== "unknown_issuer" && verdict.fault !== "bad_signature")) return verdict;
    if (keys.retired.length === 0) return verdict;
    const before = verifySensorCertificate(certificate, keys.retired, clock.nowMs());
    return before.ok ? { ok: false, fault: "retired_issuer" } : verdict;
  }

  /** Forgets what is cached, and what is being looked up right now: the next answer comes from the database. */
  forget(): void {
    this.#generation++;
    this.#cache.clear();
  }

  /** Forgets these certificates only. */
  forgetSerials(serials: readonly string[]): void {
    this.#generation++;
    for (const serial of serials) this.#cache.delete(serial);
  }

  /** Forgets what certificates were found to say: other authorities count now. */
  forgetAuthorities(): void {
    this.#verdicts = new WeakMap();
    this.#good.clear();
    this.forget();
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
    const row = this.#rows.get(serial);
    const entry = { untilMs: nowMs + FRESH_MS, row };
    this.#cache.set(serial, entry);
    // A failed look-up says nothing about the sensor: it is not kept.
    row.catch(() => {
      if (this.#cache.get(serial) === entry) this.#cache.delete(serial);
    });
    return row;
  }
}
