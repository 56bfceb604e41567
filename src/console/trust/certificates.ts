import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import { readSensorRequest } from "../../core/pki/csr.ts";
import { issueSensorCertificate } from "../../core/pki/issue.ts";
import { authorityId } from "../../core/pki/verify.ts";
import { RenewRequest, type RenewResponse, type TrustBundle } from "../../core/wire/renew.ts";
import { PROTOCOL_VERSION } from "../../core/wire/version.ts";
import type { AuditLog } from "../audit/contract.ts";
import type { SensorPeer } from "../http/env.ts";
import type { RateLimiter } from "../http/limits.ts";
import type { LiveHub } from "../live/contract.ts";
import type { Db } from "../stores/contract.ts";
import type { TrustBus } from "./bus.ts";
import type { KeyStore } from "./key-store.ts";
import { checkProtocol, type Caller } from "./service.ts";
import { activateCertificate, insertRenewed, isKeyKnown, OVERLAP_MS } from "./store-certificates.ts";

const checker = compile(RenewRequest);
const HOUR_MS = 3_600_000;
/** A minute and sensor: each costs a signature, a row and an audit record. */
const RENEWALS = 6;

export interface CertificateDeps {
  readonly db: Db;
  readonly keys: KeyStore;
  readonly bus: TrustBus;
  readonly audit: AuditLog;
  readonly hub: LiveHub;
  readonly limiter: Pick<RateLimiter, "check">;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Renewal of sensors' certificates, and what happens when a new one is first used. */
export class CertificateService {
  readonly #deps: CertificateDeps;
  readonly #count: (by: number, labels: { outcome: string }) => void;

  constructor(deps: CertificateDeps) {
    this.#deps = deps;
    this.#count = deps.metrics.counter("telovix_console_renewals_total", "Renewals of sensors' certificates.");
  }

  /** What sensors trust the Console by, now. */
  bundle(): TrustBundle {
    const { keys } = this.#deps;
    return {
      protocol_version: PROTOCOL_VERSION,
      control_plane_ca_certificate_pem: keys.trustBundlePem,
      policy_signing_public_key_pem: keys.policySigner.publicPem,
    };
  }

  /** What a heartbeat's answer says beside the state: the bundle's hash, and whether another authority issues now. */
  notice(peer: SensorPeer): { trust_bundle_hash: string; renew_now?: boolean } {
    const { keys } = this.#deps;
    const issuer = peer.certificate?.issuerId;
    const late = issuer !== undefined && issuer !== keys.issuingId;
    return { trust_bundle_hash: keys.trustBundleHash, ...(late ? { renew_now: true } : {}) };
  }

  /**
   * Signs a new certificate. Until it is first used the present one stays as it is, so an answer that gets lost costs nothing. Throws
   * AppError `invalid_request` with the pointer, `invalid_sensor_trust` for a certificate that has a successor already.
   */
  async renew(peer: SensorPeer, body: unknown, caller: Caller): Promise<RenewResponse> {
    const { db, keys, clock, limiter } = this.#deps;
    limiter.check(`renewal ${peer.sensorId}`, RENEWALS);
    try {
      const version = (body as { protocol_version?: unknown } | null)?.protocol_version;
      if (Number.isSafeInteger(version)) checkProtocol(version as number);
      const request = checker.parse(body);
      // Whoever holds yesterday's key may still report for a day, but not make himself a lasting place.
      if (peer.certificate?.status === "previous")
        throw new AppError("invalid_sensor_trust", "This certificate has been renewed already.", {
          hint: "If the node lost the new one, make a re-enrolment token on its page.",
        });
      const { publicKey, keyHash } = await readSensorRequest(request.csr_pem, peer.nodeName);
      if (await isKeyKnown(db, keyHash))
        throw new AppError("invalid_request", "/csr_pem: the key was used before", { pointer: "/csr_pem" });
      const { authority } = keys;
      const nowMs = clock.nowMs();
      const issued = await issueSensorCertificate(authority, { ...peer, publicKey }, nowMs);
      await insertRenewed(db, nowMs, peer, {
        ...issued,
        keyHash,
        issuerId: authorityId(authority.certificate),
      });
      await this.#recordRenewal(peer, issued.serial, caller);
      this.#count(1, { outcome: "issued" });
      const endsMs = peer.certificate?.notAfterMs ?? nowMs;
      return {
        protocol_version: PROTOCOL_VERSION,
        control_plane_certificate_pem: issued.pem,
        control_plane_ca_certificate_pem: keys.trustBundlePem,
        certificate_expires_at: issued.notAfter.toISOString(),
        previous_valid_until: new Date(Math.min(endsMs, nowMs + OVERLAP_MS)).toISOString(),
      };
    } catch (error) {
      this.#count(1, { outcome: "refused" });
      if (error instanceof AppError && error.code !== "unavailable") await this.#recordRefusal(peer, error, caller);
      throw error;
    }
  }

  /** A certificate that was issued before is used for the first time. */
  async firstUse(serial: string): Promise<void> {
    const { db, bus, audit, hub, clock, log } = this.#deps;
    const used = await activateCertificate(db, serial, clock.nowMs());
    if (!used) return;
    const { sensorId, tenantId, renewal, superseded, revoked } = used;
    bus.publish({ kind: "changed", serials: superseded });
    bus.publish({ kind: "certificates", serials: revoked });
    log.info(renewal ? "a renewed certificate is in use" : "a re-enrolled sensor is back", {
      sensor_id: sensorId,
      serial,
    });
    this.#count(1, { outcome: "used" });
    await audit.record({
      tenantId,
      actionType: renewal ? "certificate_renewed" : "sensor_identity_replaced",
      outcome: "success",
      sensorId,
      detail: { certificate_serial: serial, certificates_revoked: revoked.length },
    });
    hub.sensorChanged(tenantId, sensorId, "enrolled");
  }

  #recordRenewal(peer: SensorPeer, serial: string, caller: Caller): Promise<void> {
    const { certificate } = peer;
    const leftMs = certificate ? certificate.notAfterMs - this.#deps.clock.nowMs() : undefined;
    return this.#deps.audit.record({
      tenantId: peer.tenantId,
      actionType: "auto_certificate_renewal_initiated",
      outcome: "success",
      sensorId: peer.sensorId,
      detail: {
        node_name: peer.nodeName,
        previous_serial: peer.serial,
        certificate_serial: serial,
        ...(leftMs === undefined ? {} : { hours_left: Math.round(leftMs / HOUR_MS) }),
      },
      clientIp: caller.clientIp,
      userAgent: caller.userAgent,
    });
  }

  #recordRefusal(peer: SensorPeer, error: AppError, caller: Caller): Promise<void> {
    return this.#deps.audit.record({
      tenantId: peer.tenantId,
      actionType: "auto_certificate_renewal_refused",
      outcome: "failure",
      sensorId: peer.sensorId,
      detail: { node_name: peer.nodeName, why: error.message },
      clientIp: caller.clientIp,
      userAgent: caller.userAgent,
    });
  }
}
