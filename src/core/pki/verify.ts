import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { readCertificate, type CertificateFacts } from "./certificate.ts";
import { subjectOf } from "./der.ts";
import { spkiHash } from "./keys.ts";
import { normalSerial, parseSensorUri } from "./names.ts";
import type { x509 } from "./x509.ts";

const CERTIFICATE_FAULTS = [
  "malformed",
  "unknown_issuer",
  "bad_signature",
  "not_yet_valid",
  "expired",
  "is_authority",
  "wrong_usage",
  "wrong_key",
  "no_sensor_name",
  "unknown_critical_extension",
] as const;
export type CertificateFault = (typeof CERTIFICATE_FAULTS)[number];

/** What a good sensor certificate says. Whether the Console still stands by it is a question to the database. */
interface SensorIdentity {
  readonly sensorId: string;
  readonly serial: string;
  readonly keyHash: string;
  readonly notAfter: Date;
  /** Of the anchor that signed it, as `authorityId` gives it. */
  readonly issuerId: string;
}

export type Verdict =
  | { readonly ok: true; readonly identity: SensorIdentity }
  | { readonly ok: false; readonly fault: CertificateFault };

/** What an authority is known by: SHA-256 of its SubjectPublicKeyInfo, lower-case hex. */
export function authorityId(certificate: x509.X509Certificate): string {
  return spkiHash(certificate.publicKey.rawData);
}

/** Certificates are longer by nothing that we would believe. */
const MAX_BYTES = 16_384;

const no = (fault: CertificateFault): Verdict => ({ ok: false, fault });

/** An authority, ready to be asked. */
interface Anchor {
  /** Its name, DER. */
  readonly subject: Buffer;
  readonly key: KeyObject;
  readonly id: string;
}

const anchorsKnown = new WeakMap<x509.X509Certificate, Anchor>();

function anchorOf(certificate: x509.X509Certificate): Anchor {
  let anchor = anchorsKnown.get(certificate);
  if (!anchor) {
    anchor = {
      subject: Buffer.from(subjectOf(new Uint8Array(certificate.rawData))),
      key: createPublicKey({ key: Buffer.from(certificate.publicKey.rawData), format: "der", type: "spki" }),
      id: authorityId(certificate),
    };
    anchorsKnown.set(certificate, anchor);
  }
  return anchor;
}

function signer(
  facts: CertificateFacts,
  anchors: readonly x509.X509Certificate[],
): Anchor | "unknown_issuer" | "bad_signature" {
  const named = anchors.map((anchor) => anchorOf(anchor)).filter(({ subject }) => subject.equals(facts.issuer));
  if (named.length === 0) return "unknown_issuer";
  const good = named.find(({ key }) => facts.ours && verify("sha256", facts.signed, key, facts.signature));
  return good ?? "bad_signature";
}

function usageFault(facts: CertificateFacts): CertificateFault | undefined {
  if (facts.isAuthority) return "is_authority";
  if (!facts.isClientOnly) return "wrong_usage";
  if (facts.signsCertificates) return "is_authority";
  if (!facts.signs) return "wrong_usage";
  if (!facts.isP256) return "wrong_key";
  return facts.hasUnknownCritical ? "unknown_critical_extension" : undefined;
}

/**
 * Checks a sensor's client certificate (DER) against the anchors: issuer, signature, validity, purpose, key and name.
 * Chains are one deep: an authority below ours signs nothing we accept. One signature's arithmetic is most of what it costs.
 */
export function verifySensorCertificate(
  der: Uint8Array,
  anchors: readonly x509.X509Certificate[],
  nowMs: number,
): Verdict {
  let facts: CertificateFacts;
  try {
    if (der.length > MAX_BYTES) return no("malformed");
    facts = readCertificate(der);
  } catch {
    return no("malformed");
  }
  const issuer = signer(facts, anchors);
  if (typeof issuer === "string") return no(issuer);
  if (nowMs < facts.notBeforeMs) return no("not_yet_valid");
  if (nowMs >= facts.notAfterMs) return no("expired");
  const fault = usageFault(facts);
  if (fault) return no(fault);
  const sensorId = facts.uri === undefined ? undefined : parseSensorUri(facts.uri);
  if (sensorId === undefined) return no("no_sensor_name");
  return {
    ok: true,
    identity: {
      sensorId,
      serial: normalSerial(facts.serial),
      keyHash: spkiHash(facts.spki),
      notAfter: new Date(facts.notAfterMs),
      issuerId: issuer.id,
    },
  };
}
