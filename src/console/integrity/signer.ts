import { join } from "node:path";
import type { Log } from "../../core/log.ts";
import { generateSigningKey, openSigner, type Signer } from "../../core/sign/ed25519.ts";
import { ownDirectory, readOwn, writeWhole } from "../trust/files.ts";

/** The key roots are signed with, from the trust directory; made the first time. Throws AppError `unavailable`. */
export async function openIntegritySigner(dir: string, log: Log): Promise<Signer> {
  await ownDirectory(dir);
  const path = join(dir, "integrity-signing.key.pem");
  const pem = await readOwn(path, true);
  if (pem !== undefined) return openSigner(pem);
  const made = await generateSigningKey();
  await writeWhole(path, made.privatePem, 0o600);
  await writeWhole(join(dir, "integrity-signing.pub.pem"), made.publicPem, 0o644);
  log.info("made an integrity-signing key", { path });
  return openSigner(made.privatePem);
}
