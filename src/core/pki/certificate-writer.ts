import { createHash } from "node:crypto";
import { subjectOf, TAG } from "./der.ts";
import { bitString, der, integer, sequence, text, time } from "./der-writer.ts";
import { P256, type x509 } from "./x509.ts";

const hex = (octets: string): Buffer => Buffer.from(octets, "hex");

/** `AlgorithmIdentifier` of ecdsa-with-SHA256. */
const ALGORITHM = hex("300a06082a8648ce3d040302");
const VERSION_3 = hex("a003020102");
const COMMON_NAME = hex("0603550403");
const ORGANISATION = hex("060355040a");
/** No authority; signs; is a client: each critical. */
const USAGE = [
  hex("300c0603551d130101ff04023000"),
  hex("300e0603551d0f0101ff040403020780"),
  hex("30160603551d250101ff040c300a06082b06010505070302"),
] as const;
const ALTERNATIVE_NAME = hex("0603551d11");
const SUBJECT_KEY = hex("0603551d0e");
const AUTHORITY_KEY = hex("0603551d23");
const URI = 0x86;
const KEY_ID = 0x80;
const EXTENSIONS = 0xa3;
/** Octets of a P-256 public key's point, at the end of its SubjectPublicKeyInfo. */
const POINT_BYTES = 65;

/** What a sensor's certificate is to say. */
export interface SensorCertificate {
  /** Lower-case hex. */
  readonly serial: string;
  readonly authority: x509.X509Certificate;
  readonly commonName: string;
  readonly organisation: string;
  readonly uri: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo of a P-256 key, DER. */
  readonly spki: Uint8Array;
}

const named = (id: Buffer, value: string): Buffer => der(TAG.set, sequence(id, text(value)));
const extension = (id: Buffer, value: Buffer): Buffer => sequence(id, der(TAG.octetString, value));
/** Method 1 of RFC 5280, 4.2.1.2. */
const keyId = (spki: Uint8Array): Buffer => createHash("sha1").update(spki.subarray(-POINT_BYTES)).digest();

function toBeSigned(c: SensorCertificate): Buffer {
  const { authority } = c;
  return sequence(
    VERSION_3,
    integer(hex(c.serial)),
    ALGORITHM,
    subjectOf(new Uint8Array(authority.rawData)),
    sequence(time(c.notBefore), time(c.notAfter)),
    sequence(named(COMMON_NAME, c.commonName), named(ORGANISATION, c.organisation)),
    c.spki,
    der(
      EXTENSIONS,
      sequence(
        ...USAGE,
        extension(ALTERNATIVE_NAME, sequence(der(URI, Buffer.from(c.uri, "latin1")))),
        extension(SUBJECT_KEY, der(TAG.octetString, keyId(c.spki))),
        extension(AUTHORITY_KEY, sequence(der(KEY_ID, keyId(new Uint8Array(authority.publicKey.rawData))))),
      ),
    ),
  );
}

/** A sensor's certificate, DER, signed with the authority's P-256 key. A fleet that enrols or renews together asks for thousands. */
export async function writeSensorCertificate(content: SensorCertificate, key: CryptoKey): Promise<Buffer> {
  const signed = toBeSigned(content);
  const signature = new Uint8Array(await crypto.subtle.sign(P256, key, Uint8Array.from(signed)));
  const half = signature.length / 2;
  const value = sequence(integer(signature.subarray(0, half)), integer(signature.subarray(half)));
  return sequence(signed, ALGORITHM, bitString(value));
}
