import { describe, expect, test } from "bun:test";
import { verifyAsync } from "@noble/ed25519";
import { fromPem } from "../pki/pem.ts";
import { canonicalBytes } from "./canonical.ts";
import { generateSigningKey, openSigner } from "./ed25519.ts";

// The SubjectPublicKeyInfo of an Ed25519 key is 12 bytes of header and the 32 bytes of the key (RFC 8410).
const SPKI_HEADER_BYTES = 12;

describe("a signature of ours", () => {
  test("is genuine to an implementation that shares no code with the platform's, and only over the same bytes", async () => {
    const { privatePem, publicPem } = await generateSigningKey();
    const signer = await openSigner(privatePem);
    const publicKey = fromPem("PUBLIC KEY", publicPem)!.subarray(SPKI_HEADER_BYTES);
    const value = { pack: "linux-baseline", version: "0.1.0", files: [{ path: "a.yaml", sha256: "00" }] };
    const signature = Uint8Array.from(Buffer.from(await signer.sign(value), "base64"));
    expect(await verifyAsync(signature, canonicalBytes(value), publicKey)).toBe(true);
    expect(await verifyAsync(signature, canonicalBytes({ ...value, version: "0.1.1" }), publicKey)).toBe(false);
  });
});
