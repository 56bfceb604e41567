import { DerError, DerReader, readTime, TAG } from "./der.ts";

/** Extensions that are understood: content octets of their identifiers, as hex. */
const EXTENSION = {
  basicConstraints: "551d13",
  keyUsage: "551d0f",
  extendedKeyUsage: "551d25",
  subjectAltName: "551d11",
  subjectKeyId: "551d0e",
  authorityKeyId: "551d23",
} as const;
const KNOWN = new Set<string>(Object.values(EXTENSION));
/** Purpose of a TLS client, in the same form. */
const CLIENT_AUTH = "2b06010505070302";
/** `AlgorithmIdentifier` of ecdsa-with-SHA256. */
const ECDSA_SHA256 = "300a06082a8648ce3d040302";
/** What a SubjectPublicKeyInfo with an uncompressed point on P-256 begins with, and its length. */
const P256_SPKI = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
const P256_SPKI_BYTES = 91;

const CONTEXT = { version: 0xa0, issuerId: 0x81, subjectId: 0x82, extensions: 0xa3, uri: 0x86 } as const;
const BIT = { digitalSignature: 0x80, keyCertSign: 0x04 } as const;

/** A sensor's certificate, as far as it is looked at; nothing of it is believed before its signature is checked. */
export interface CertificateFacts {
  /** What is signed, and with what. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** The signature is of the one kind that is used here. */
  readonly ours: boolean;
  /** Name of the issuer, DER. */
  readonly issuer: Uint8Array;
  /** Lower-case hex, as it stands there. */
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly isP256: boolean;
  readonly isAuthority: boolean;
  readonly signsCertificates: boolean;
  readonly signs: boolean;
  /** Its one purpose is to be a client's. */
  readonly isClientOnly: boolean;
  /** The one name it bears, when that is a URI. */
  readonly uri: string | undefined;
  readonly hasUnknownCritical: boolean;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");

interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

function readExtensions(reader: DerReader): Map<string, Extension> {
  const found = new Map<string, Extension>();
  const list = reader.enter(CONTEXT.extensions);
  const all = list.enter();
  list.finish();
  while (!all.done) {
    const one = all.enter();
    const id = hex(one.read(TAG.objectId));
    const critical = one.tag === TAG.boolean && readBoolean(one);
    const value = one.read(TAG.octetString);
    one.finish();
    if (found.has(id)) throw new DerError("an extension twice");
    found.set(id, { critical, value });
  }
  return found;
}

function readBoolean(reader: DerReader): boolean {
  const [value, ...rest] = reader.read(TAG.boolean);
  if (rest.length > 0 || (value !== 0 && value !== 0xff)) throw new DerError("a boolean that is none");
  return value === 0xff;
}

function readConstraints(value: Uint8Array): boolean {
  const outer = new DerReader(value);
  const inner = outer.enter();
  outer.finish();
  const authority = inner.tag === TAG.boolean && readBoolean(inner);
  if (inner.tag === TAG.integer) inner.read(TAG.integer);
  inner.finish();
  return authority;
}

/** First octet of a key usage's bits. */
function readUsage(value: Uint8Array): number {
  const reader = new DerReader(value);
  const bits = reader.read(TAG.bitString);
  reader.finish();
  if (bits.length < 1 || bits.length > 3 || bits[0]! > 7) throw new DerError("bits that are none");
  return bits[1] ?? 0;
}

function readPurposes(value: Uint8Array): string[] {
  const outer = new DerReader(value);
  const inner = outer.enter();
  outer.finish();
  const purposes: string[] = [];
  while (!inner.done) purposes.push(hex(inner.read(TAG.objectId)));
  return purposes;
}

/** The only name, when it is a URI. */
function readUri(value: Uint8Array): string | undefined {
  const outer = new DerReader(value);
  const names = outer.enter();
  outer.finish();
  const name = names.tag === CONTEXT.uri ? names.read(CONTEXT.uri) : undefined;
  return name && names.done ? Buffer.from(name).toString("latin1") : undefined;
}

/**
 * Takes a certificate apart, from its bytes alone and in one pass: a fleet that comes back together shows thousands a second. Throws
 * DerError for anything that is not an X.509 version 3 certificate in DER.
 */
export function readCertificate(der: Uint8Array): CertificateFacts {
  const file = new DerReader(der);
  const outer = file.enter();
  file.finish();
  const signed = outer.whole(TAG.sequence);
  const algorithm = hex(outer.whole(TAG.sequence));
  const bits = outer.read(TAG.bitString);
  outer.finish();
  if (bits[0] !== 0) throw new DerError("a signature of no whole octets");

  const tbs = new DerReader(signed).enter();
  if (hex(tbs.read(CONTEXT.version)) !== "020102") throw new DerError("not version 3");
  const serial = hex(tbs.read(TAG.integer));
  const innerAlgorithm = hex(tbs.whole(TAG.sequence));
  const issuer = tbs.whole(TAG.sequence);
  const validity = tbs.enter();
  const notBeforeMs = readTime(validity);
  const notAfterMs = readTime(validity);
  validity.finish();
  tbs.read(TAG.sequence);
  const spki = tbs.whole(TAG.sequence);
  for (const tag of [CONTEXT.issuerId, CONTEXT.subjectId]) if (tbs.tag === tag) tbs.read(tag);
  const extensions = tbs.tag === CONTEXT.extensions ? readExtensions(tbs) : new Map<string, Extension>();
  tbs.finish();
  if (algorithm !== innerAlgorithm) throw new DerError("two kinds of signature");

  const of = (id: string): Uint8Array | undefined => extensions.get(id)?.value;
  const constraints = of(EXTENSION.basicConstraints);
  const usage = of(EXTENSION.keyUsage);
  const purposes = of(EXTENSION.extendedKeyUsage);
  const names = of(EXTENSION.subjectAltName);
  const usageBits = usage ? readUsage(usage) : 0;
  return {
    signed,
    signature: bits.subarray(1),
    ours: algorithm === ECDSA_SHA256,
    issuer,
    serial,
    notBeforeMs,
    notAfterMs,
    spki,
    isP256: spki.length === P256_SPKI_BYTES && hex(spki).startsWith(P256_SPKI),
    isAuthority: constraints !== undefined && readConstraints(constraints),
    signsCertificates: (usageBits & BIT.keyCertSign) !== 0,
    signs: (usageBits & BIT.digitalSignature) !== 0,
    isClientOnly: purposes !== undefined && readPurposes(purposes).join() === CLIENT_AUTH,
    uri: names && readUri(names),
    hasUnknownCritical: [...extensions].some(([id, { critical }]) => critical && !KNOWN.has(id)),
  };
}
