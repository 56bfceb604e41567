import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from "node:crypto";
import { Type, type Static } from "typebox";
import { AppError } from "../../core/error.ts";

/** How the key of an encrypted file is made from its passphrase. Bounded: a file must not make us work for hours. */
export const KeyRecipe = Type.Object(
  {
    cipher: Type.Literal("aes-256-gcm"),
    kdf: Type.Literal("scrypt"),
    n: Type.Integer({ minimum: 1024, maximum: 1_048_576 }),
    r: Type.Integer({ minimum: 1, maximum: 16 }),
    p: Type.Integer({ minimum: 1, maximum: 4 }),
    salt: Type.String({ pattern: "^[0-9a-f]{32}$" }),
  },
  { additionalProperties: false },
);
export type KeyRecipe = Static<typeof KeyRecipe>;

const TAG_BYTES = 16;
const DIGEST_BYTES = 32;

/** A fresh recipe: about half a second and 128 MiB a guess. */
export function newRecipe(): KeyRecipe {
  return { cipher: "aes-256-gcm", kdf: "scrypt", n: 131_072, r: 8, p: 1, salt: randomBytes(16).toString("hex") };
}

/** The key of a passphrase. */
export function deriveKey(passphrase: string, { n, r, p, salt }: KeyRecipe): Promise<Buffer> {
  const options = { N: n, r, p, maxmem: 256 * n * r };
  return new Promise((resolve, reject) =>
    scrypt(passphrase.normalize("NFC"), Buffer.from(salt, "hex"), 32, options, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  );
}

/** Closes and opens the frames of one file, in order: none can be changed, moved, left out or added without notice. */
export interface Seal {
  close(payload: Buffer): Buffer;
  /** Throws AppError `invalid_request` when the frame is not what was written. */
  open(frame: Buffer): Buffer;
}

const damaged = (message: string): AppError =>
  new AppError("invalid_request", message, {
    hint: "Use another copy of the backup; a damaged one is not restored in part.",
  });

/** Frames that everybody can read: each carries the hash of all before it and itself. */
export function plainSeal(head: Buffer): Seal {
  let digest = createHash("sha256").update(head).digest();
  const next = (payload: Buffer): Buffer => (digest = createHash("sha256").update(digest).update(payload).digest());
  return {
    close: (payload) => Buffer.concat([next(payload), payload]),
    open(frame) {
      const payload = frame.subarray(DIGEST_BYTES);
      if (frame.length < DIGEST_BYTES || !next(payload).equals(frame.subarray(0, DIGEST_BYTES)))
        throw damaged("the backup is damaged: a part of it is not what was written");
      return payload;
    },
  };
}

/** Frames under AES-256-GCM; the number of the frame is its nonce, since each file has a key of its own. */
export function keySeal(head: Buffer, key: Buffer): Seal {
  let count = 0n;
  const bound = createHash("sha256").update(head).digest();
  const nonce = (): Buffer => {
    const bytes = Buffer.alloc(12);
    bytes.writeBigUInt64BE(count++, 4);
    return bytes;
  };
  return {
    close(payload) {
      const cipher = createCipheriv("aes-256-gcm", key, nonce()).setAAD(bound);
      const text = Buffer.concat([cipher.update(payload), cipher.final()]);
      return Buffer.concat([cipher.getAuthTag(), text]);
    },
    open(frame) {
      const first = count === 0n;
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, nonce(), { authTagLength: TAG_BYTES }).setAAD(bound);
        decipher.setAuthTag(frame.subarray(0, TAG_BYTES));
        return Buffer.concat([decipher.update(frame.subarray(TAG_BYTES)), decipher.final()]);
      } catch {
        throw damaged(
          first
            ? "the passphrase is wrong, or the beginning of the backup is damaged"
            : "the backup is damaged: a part of it is not what was written",
        );
      }
    },
  };
}
