import { spkiHash } from "./keys.ts";
import { normalSerial, parseSensorUri } from "./names.ts";
import { P256, x509 } from "./x509.ts";

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

const KNOWN_EXTENSIONS = new Set(["2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.17", "2.5.29.14", "2.5.29.35"]);

const no = (fault: CertificateFault): Verdict => ({ ok: false, fault });

async function signer(
  certificate: x509.X509Certificate,
  anchors: readonly x509.X509Certificate[],
): Promise<x509.X509Certificate | "unknown_issuer" | "bad_signature"> {
  const named = anchors.filter((anchor) => anchor.subject === certificate.issuer);
  if (named.length === 0) return "unknown_issuer";
  for (const anchor of named) {
    const good = await certificate.verify({ publicKey: anchor.publicKey, signatureOnly: true }).catch(() => false);
    if (good) return anchor;
  }
  return "bad_signature";
}

function usageFault(certificate: x509.X509Certificate): CertificateFault | undefined {
  const constraints = certificate.getExtension(x509.BasicConstraintsExtension);
  if (constraints?.ca) return "is_authority";
  const usages = certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? [];
  if (usages.length !== 1 || usages[0] !== x509.ExtendedKeyUsage.clientAuth) return "wrong_usage";
  const bits = certificate.getExtension(x509.KeyUsagesExtension)?.usages ?? 0;
  if (bits & x509.KeyUsageFlags.keyCertSign) return "is_authority";
  if (!(bits & x509.KeyUsageFlags.digitalSignature)) return "wrong_usage";
  const { name, namedCurve } = certificate.publicKey.algorithm as { name: string; namedCurve?: string };
  if (name !== P256.name || namedCurve !== P256.namedCurve) return "wrong_key";
  return certificate.extensions.some((e) => e.critical && !KNOWN_EXTENSIONS.has(e.type))
    ? "unknown_critical_extension"
    : undefined;
}

/**
 * Checks a sensor's client certificate (DER) against the anchors: issuer, signature, validity, purpose, key and name.
 * Chains are one deep: an authority below ours signs nothing we accept.
 */
export async function verifySensorCertificate(
  der: Uint8Array,
  anchors: readonly x509.X509Certificate[],
  nowMs: number,
): Promise<Verdict> {
  try {
    const certificate = new x509.X509Certificate(Uint8Array.from(der));
    const issuer = await signer(certificate, anchors);
    if (typeof issuer === "string") return no(issuer);
    if (nowMs < certificate.notBefore.getTime()) return no("not_yet_valid");
    if (nowMs >= certificate.notAfter.getTime()) return no("expired");
    const fault = usageFault(certificate);
    if (fault) return no(fault);
    const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
    const sensorId = names.length === 1 && names[0]!.type === "url" ? parseSensorUri(names[0]!.value) : undefined;
    if (sensorId === undefined) return no("no_sensor_name");
    return {
      ok: true,
      identity: {
        sensorId,
        serial: normalSerial(certificate.serialNumber),
        keyHash: spkiHash(certificate.publicKey.rawData),
        notAfter: certificate.notAfter,
        issuerId: authorityId(issuer),
      },
    };
  } catch {
    return no("malformed");
  }
}
