import { fromPem, toPem } from "../pki/pem.ts";
import { canonicalBytes, type Json } from "./canonical.ts";

const ALGORITHM = "Ed25519";

/** DER of the block, or an Error that says what is missing. */
function unpem(label: string, text: string): Uint8Array<ArrayBuffer> {
  const der = fromPem(label, text);
  if (!der) throw new Error(`no ${label} in the PEM text`);
  return der;
}

/** A fresh Ed25519 key pair, PEM (PKCS#8 and SPKI). */
export async function generateSigningKey(): Promise<{ privatePem: string; publicPem: string }> {
  const keys = (await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as CryptoKeyPair;
  return {
    privatePem: toPem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", keys.privateKey)),
    publicPem: toPem("PUBLIC KEY", await crypto.subtle.exportKey("spki", keys.publicKey)),
  };
}

/** Signs values with one private key. */
export interface Signer {
  readonly publicPem: string;
  /** Base64 of the 64-byte signature over the value's canonical bytes. */
  sign(value: Json): Promise<string>;
}

/** A signer from a PKCS#8 PEM; throws when it holds no Ed25519 key. */
export async function openSigner(privatePem: string): Promise<Signer> {
  const key = await crypto.subtle.importKey("pkcs8", unpem("PRIVATE KEY", privatePem), ALGORITHM, true, ["sign"]);
  const { d: _secret, key_ops: _ops, ...jwk } = await crypto.subtle.exportKey("jwk", key);
  const publicKey = await crypto.subtle.importKey("jwk", jwk, ALGORITHM, true, ["verify"]);
  return {
    publicPem: toPem("PUBLIC KEY", await crypto.subtle.exportKey("spki", publicKey)),
    sign: async (value) =>
      Buffer.from(await crypto.subtle.sign(ALGORITHM, key, canonicalBytes(value))).toString("base64"),
  };
}

/** Checks signatures against one public key (SPKI, PEM). Anything malformed is simply not genuine. */
export async function openVerifier(publicPem: string): Promise<(value: Json, signature: string) => Promise<boolean>> {
  const key = await crypto.subtle.importKey("spki", unpem("PUBLIC KEY", publicPem), ALGORITHM, true, ["verify"]);
  return async (value, signature) => {
    const bytes = Uint8Array.from(Buffer.from(signature, "base64"));
    // One text for one signature: base64 that decodes to the same bytes by another spelling is refused.
    if (bytes.length !== 64 || Buffer.from(bytes).toString("base64") !== signature) return false;
    return crypto.subtle.verify(ALGORITHM, key, bytes, canonicalBytes(value));
  };
}
