import { sha256Hex } from "../ids.ts";
import { fromPem, toPem } from "./pem.ts";
import { P256 } from "./x509.ts";

/** A fresh P-256 key pair. */
export async function generateKeyPair(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey(P256, true, ["sign", "verify"])) as CryptoKeyPair;
}

/** PKCS#8, PEM. */
export async function privateKeyToPem(key: CryptoKey): Promise<string> {
  return toPem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", key));
}

/** A P-256 private key from PKCS#8 PEM; throws when it is anything else. */
export async function privateKeyFromPem(pem: string): Promise<CryptoKey> {
  const der = fromPem("PRIVATE KEY", pem);
  if (!der) throw new Error("no PKCS#8 private key in the PEM text");
  return crypto.subtle.importKey("pkcs8", der, P256, true, ["sign"]);
}

/** The public half of a P-256 private key. */
export async function publicKeyOf(privateKey: CryptoKey): Promise<CryptoKey> {
  const { d: _secret, key_ops: _ops, ...jwk } = await crypto.subtle.exportKey("jwk", privateKey);
  return crypto.subtle.importKey("jwk", jwk, P256, true, ["verify"]);
}

/** SHA-256 of a SubjectPublicKeyInfo (DER), lower-case hex. */
export function spkiHash(spki: ArrayBuffer | Uint8Array): string {
  return sha256Hex(spki instanceof Uint8Array ? spki : new Uint8Array(spki));
}

/** A SubjectPublicKeyInfo (DER) as curl's `--pinnedpubkey` names it: `sha256//` and base64. */
export function curlPin(spki: ArrayBuffer | Uint8Array): string {
  return `sha256//${Buffer.from(spkiHash(spki), "hex").toString("base64")}`;
}
