import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { createAuthority, type Authority } from "../../core/pki/issue.ts";
import { privateKeyFromPem, publicKeyOf } from "../../core/pki/keys.ts";
import { authorityId } from "../../core/pki/verify.ts";
import { x509 } from "../../core/pki/x509.ts";
import { readOwn, writeWhole } from "./files.ts";

/** The first authority is `ca.*`; the later ones bear the beginning of their id. */
const NAME = /^(ca(?:-[0-9a-f]{16})?)\.(?:cert|key)\.pem$/;

/** An authority as the trust directory has it. */
export interface AuthorityFile {
  readonly id: string;
  readonly certPath: string;
  readonly keyPath: string;
  readonly certPem: string;
  readonly certificate: x509.X509Certificate;
  /** Undefined: the key is not here. */
  readonly privateKey: CryptoKey | undefined;
}

async function readPair(dir: string, stem: string): Promise<AuthorityFile | undefined> {
  const [keyPath, certPath] = [join(dir, `${stem}.key.pem`), join(dir, `${stem}.cert.pem`)];
  const [keyPem, certPem] = [await readOwn(keyPath, true), await readOwn(certPath, false)];
  if (certPem === undefined) return undefined;
  const certificate = new x509.X509Certificate(certPem);
  const id = authorityId(certificate);
  if (keyPem === undefined) return { id, certPath, keyPath, certPem, certificate, privateKey: undefined };
  const privateKey = await privateKeyFromPem(keyPem);
  const own = await crypto.subtle.exportKey("spki", await publicKeyOf(privateKey));
  if (!Buffer.from(own).equals(Buffer.from(certificate.publicKey.rawData)))
    throw new AppError("unavailable", `${keyPath} and ${certPath} do not belong together.`, {
      hint: "Restore both from the same backup; enrolled sensors trust this authority only.",
    });
  return { id, certPath, keyPath, certPem, certificate, privateKey };
}

/** The authorities of a trust directory. Throws AppError `unavailable` for a key that others can read or that fits no certificate. */
export async function readAuthorities(dir: string): Promise<AuthorityFile[]> {
  const stems = new Set((await readdir(dir)).flatMap((name) => NAME.exec(name)?.[1] ?? []));
  const found: AuthorityFile[] = [];
  for (const stem of [...stems].toSorted()) {
    const file = await readPair(dir, stem);
    if (file) found.push(file);
  }
  return found;
}

/** The file as an authority that can sign at this moment; throws AppError `unavailable` when its key is gone or it has ended. */
export function usableAuthority(file: AuthorityFile, nowMs: number): Authority {
  const { certificate, privateKey, keyPath } = file;
  // A certificate without its key means that the key was lost: a new authority would cut off every sensor without a word.
  if (!privateKey)
    throw new AppError("unavailable", `${keyPath} is missing while its certificate is there.`, {
      hint: "Restore it from a backup, or copy it from another Console on the same database.",
    });
  if (certificate.notAfter.getTime() <= nowMs)
    throw new AppError("unavailable", `The Console's authority ended on ${certificate.notAfter.toISOString()}.`, {
      hint: "Check this host's clock.",
    });
  return { certificate, privateKey };
}

/** Makes an authority and its files; `first` gives it the name of an installation's first. */
export async function makeAuthority(dir: string, first: boolean, nowMs: number, log: Log): Promise<AuthorityFile> {
  const day = new Date(nowMs).toISOString().slice(0, 10);
  // Names differ, so that whoever builds a chain by names alone finds the right one.
  const made = await createAuthority(first ? "Telovix Console CA" : `Telovix Console CA ${day}`, nowMs);
  const id = authorityId(made.certificate);
  const stem = first ? "ca" : `ca-${id.slice(0, 16)}`;
  const [keyPath, certPath] = [join(dir, `${stem}.key.pem`), join(dir, `${stem}.cert.pem`)];
  const certPem = `${made.certificate.toString("pem")}\n`;
  await writeWhole(keyPath, made.keyPem, 0o600);
  await writeWhole(certPath, certPem, 0o644);
  log.info("made a certificate authority", { path: certPath, not_after: made.certificate.notAfter });
  return { id, certPath, keyPath, certPem, certificate: made.certificate, privateKey: made.privateKey };
}

/** Removes an authority's files; the certificate first, since a key alone stands for nothing and one alone for a loss. */
export async function removeAuthority(file: AuthorityFile): Promise<void> {
  await rm(file.certPath, { force: true });
  await rm(file.keyPath, { force: true });
}
