import type { Json } from "../sign/canonical.ts";
import { openVerifier } from "../sign/ed25519.ts";
import type { ExportHeader } from "./export-format.ts";
import { ExportFault } from "./report.ts";
import { keyId, rootHash, rootOf, type SignedRoot } from "./root.ts";

/**
 * Checks the roots of a header: each signed by one of the keys, each naming the one before it. With `trustedPem` only that key
 * counts. Throws ExportFault. Gives them by hour.
 */
export async function verifyRoots(
  header: ExportHeader,
  trustedPem: string | undefined,
): Promise<ReadonlyMap<string, SignedRoot>> {
  const verifiers = new Map<string, (value: Json, signature: string) => Promise<boolean>>();
  const pems = trustedPem === undefined ? header.keys.map((key) => key.public_key) : [trustedPem];
  for (const pem of pems) {
    try {
      verifiers.set(keyId(pem), await openVerifier(pem));
    } catch {
      throw new ExportFault(1, "a public key in the header is none");
    }
  }
  for (const key of header.keys)
    if (keyId(key.public_key) !== key.key_id) throw new ExportFault(1, `the header names a key by another's id`);
  const byHour = new Map<string, SignedRoot>();
  let before: SignedRoot | undefined;
  for (const root of header.roots) {
    const where = { hour: root.hour };
    const of = `the root of ${root.hour}`;
    if (root.tenant_id !== header.tenant_id) throw new ExportFault(1, `${of} is another tenant's`, where);
    const verify = verifiers.get(root.key_id);
    if (!verify)
      throw new ExportFault(1, `${of} is signed with a key that is not the one given (${root.key_id})`, where);
    if (!(await verify(rootOf(root) as unknown as Json, root.signature)))
      throw new ExportFault(1, `${of} does not bear a genuine signature`, where);
    if (before) {
      if (root.hour <= before.hour) throw new ExportFault(1, `${of} stands behind a later one`, where);
      if (root.previous !== rootHash(rootOf(before)))
        throw new ExportFault(
          1,
          `${of} does not follow the one before it (${before.hour}): a root is missing or was changed`,
          where,
        );
    }
    byHour.set(root.hour, root);
    before = root;
  }
  return byHour;
}
