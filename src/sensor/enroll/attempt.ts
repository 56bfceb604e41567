import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Type, type Static } from "typebox";
import { compile } from "../../core/check.ts";
import { sha256Hex } from "../../core/ids.ts";
import { createSensorRequest } from "../../core/pki/csr.ts";
import { readIfThere, syncDir } from "../../core/spool/meta.ts";
import { Pem } from "../../core/wire/common.ts";
import type { EnrollRequest } from "../../core/wire/enroll.ts";
import type { StatePaths } from "../state/paths.ts";
import { writeState } from "../state/sensor-state.ts";

/**
 * The key of an enrolment that is under way. A token works once, and its answer may be lost: whoever asks again with the same key gets
 * the same answer. So the key is on the disk before the Console hears of it, until the identity is.
 */
const Attempt = Type.Object(
  {
    /** What it is for, hashed: the token itself is not kept. */
    purpose: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    key_pem: Pem,
    csr_pem: Pem,
  },
  { additionalProperties: false },
);
type Attempt = Static<typeof Attempt>;

const checker = compile(Attempt);
const pathOf = (paths: StatePaths): string => join(paths.dir, "enroll.attempt.json");

/** Another token, name or machine (a copied directory) is another attempt. */
type Purpose = Pick<EnrollRequest, "token" | "node_name" | "machine_hash">;

const purposeHash = ({ token, node_name, machine_hash = "" }: Purpose): string =>
  sha256Hex(JSON.stringify([token, node_name, machine_hash]));

/** An attempt by its key and certificate request, PEM. */
export interface Begun {
  readonly keyPem: string;
  readonly csrPem: string;
}

/** The attempt for the same that has not ended; a damaged one is as good as none. */
export async function findAttempt(paths: StatePaths, purpose: Purpose): Promise<Begun | undefined> {
  const text = await readIfThere(pathOf(paths));
  if (text === undefined) return undefined;
  try {
    const { purpose: kept, key_pem: keyPem, csr_pem: csrPem } = checker.parse(JSON.parse(text));
    return kept === purposeHash(purpose) ? { keyPem, csrPem } : undefined;
  } catch {
    return undefined;
  }
}

/** Makes the key of an attempt; it is on the disk when this resolves. */
export async function beginAttempt(paths: StatePaths, purpose: Purpose): Promise<Begun> {
  const { keyPem, csrPem } = await createSensorRequest(purpose.node_name);
  const attempt: Attempt = { purpose: purposeHash(purpose), key_pem: keyPem, csr_pem: csrPem };
  await writeState(pathOf(paths), `${JSON.stringify(attempt)}\n`);
  return { keyPem, csrPem };
}

/** The identity is in place, or there will be none for this token. */
export async function endAttempt(paths: StatePaths): Promise<void> {
  await rm(pathOf(paths), { force: true });
  await syncDir(paths.dir);
}
