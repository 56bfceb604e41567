import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { sha256Hex } from "../../core/ids.ts";
import { issueServerCertificate, type Authority } from "../../core/pki/issue.ts";
import { curlPin } from "../../core/pki/keys.ts";
import { x509 } from "../../core/pki/x509.ts";
import { generateSigningKey, openSigner, type Signer } from "../../core/sign/ed25519.ts";
import { makeAuthority, readAuthorities, usableAuthority, type AuthorityFile } from "./authority-files.ts";
import { ownDirectory, readOwn, writeWhole } from "./files.ts";
import { issuingId, servingId, type AuthorityRecord, type Standing } from "./rotation/phases.ts";

const DAY_MS = 86_400_000;
/** The self-made server certificate is renewed at start when this little of it is left. */
const RENEW_BEFORE_MS = 30 * DAY_MS;
/** A file of this name in the trust directory says that sensors of an authority that is lost are given up. */
export const START_ANEW = "start-anew";

export interface ServerNames {
  readonly dns: readonly string[];
  readonly ips: readonly string[];
}

export interface KeyStoreOptions {
  /** `<dataDir>/trust` */
  readonly dir: string;
  /** The operator's own certificate chain and key; undefined: made here. */
  readonly tlsCertPath?: string | undefined;
  readonly tlsKeyPath?: string | undefined;
  readonly names: ServerNames;
  readonly nowMs: number;
  readonly log: Log;
  readonly policySigner: Signer;
  /** Undefined: one authority, that of the directory. */
  readonly standing?: Standing | undefined;
}

interface Authorities {
  readonly issuingId: string;
  readonly issuing: () => Authority;
  readonly serving: Authority;
  readonly accepted: readonly { readonly certificate: x509.X509Certificate; readonly certPem: string }[];
  readonly retired: readonly x509.X509Certificate[];
}

/** The Console's keys, loaded. */
export interface KeyStore {
  /** Signs sensors' certificates. Throws AppError `unavailable` when its key is not on this host. */
  readonly authority: Authority;
  /** Of the authority that issues, as `authorityId` gives it. */
  readonly issuingId: string;
  /** Authorities whose sensor certificates are accepted. */
  readonly anchors: readonly x509.X509Certificate[];
  /** Authorities that were accepted once. */
  readonly retired: readonly x509.X509Certificate[];
  /** What sensors trust the Console by: its authorities, and that of the operator's certificate if there is one. */
  readonly trustBundlePem: string;
  /** SHA-256 of the bundle, lower-case hex. */
  readonly trustBundleHash: string;
  readonly sensorCaPem: string;
  readonly serverCertPem: string;
  readonly serverKeyPem: string;
  readonly serverNotAfter: Date;
  /** `sha256//…` of the server's key. */
  readonly pin: string;
  readonly policySigner: Signer;
}

async function onlyAuthority(dir: string, nowMs: number, log: Log): Promise<AuthorityFile> {
  const [first] = await readAuthorities(dir);
  const file = first ?? (await makeAuthority(dir, true, nowMs, log));
  usableAuthority(file, nowMs);
  return file;
}

/** A file by the authority's id; throws AppError `unavailable` when it is not here or cannot sign. */
function pick(files: readonly AuthorityFile[], id: string, dir: string, nowMs: number): Authority {
  const file = files.find((f) => f.id === id);
  if (!file)
    throw new AppError("unavailable", `The Console's authority ${id.slice(0, 16)} is not in ${dir}.`, {
      hint:
        "Restore the directory from a backup, or copy it from another Console on the same database. " +
        `To start anew and enrol every sensor again: touch ${join(dir, START_ANEW)}`,
    });
  return usableAuthority(file, nowMs);
}

/** What the database says, or for want of one what the directory holds. */
async function authoritiesOf(options: KeyStoreOptions): Promise<Authorities> {
  const { dir, nowMs, log, standing } = options;
  if (!standing) {
    const file = await onlyAuthority(dir, nowMs, log);
    const { certificate, certPem } = file;
    const authority = usableAuthority(file, nowMs);
    return {
      issuingId: file.id,
      issuing: () => authority,
      serving: authority,
      accepted: [{ certificate, certPem }],
      retired: [],
    };
  }
  const files = await readAuthorities(dir);
  const certificates = (kept: (a: AuthorityRecord) => boolean) =>
    standing.authorities.filter(kept).map((a) => ({
      certificate: new x509.X509Certificate(a.certificatePem),
      certPem: a.certificatePem,
    }));
  return {
    issuingId: issuingId(standing),
    // A Console that lacks the key goes on serving: only what needs signing is refused.
    issuing: () => pick(files, issuingId(standing), dir, nowMs),
    serving: pick(files, servingId(standing), dir, nowMs),
    accepted: certificates((a) => a.standing !== "retired"),
    retired: certificates((a) => a.standing === "retired").map((a) => a.certificate),
  };
}

function namesOf(certificate: x509.X509Certificate): string {
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  return JSON.stringify(names.map((n) => n.value.toLowerCase()).toSorted());
}

async function loadOwnServer(
  options: KeyStoreOptions,
  authority: Authority,
): Promise<{ certPem: string; keyPem: string }> {
  const { dir, names, nowMs, log } = options;
  const [keyPath, certPath] = [join(dir, "server.key.pem"), join(dir, "server.cert.pem")];
  const [keyPem, certPem] = [await readOwn(keyPath, true), await readOwn(certPath, false)];
  if (keyPem !== undefined && certPem !== undefined) {
    const certificate = new x509.X509Certificate(certPem);
    const fresh = certificate.notAfter.getTime() - nowMs > RENEW_BEFORE_MS;
    const ours = await certificate.verify({ publicKey: authority.certificate.publicKey, signatureOnly: true });
    const wanted = JSON.stringify([...names.dns, ...names.ips].map((n) => n.toLowerCase()).toSorted());
    if (fresh && ours && namesOf(certificate) === wanted) return { certPem, keyPem };
  }
  const issued = await issueServerCertificate(authority, names, nowMs, keyPem);
  await writeWhole(keyPath, issued.keyPem, 0o600);
  await writeWhole(certPath, issued.pem, 0o644);
  log.info(certPem === undefined ? "made a server certificate" : "renewed the server certificate", {
    path: certPath,
    not_after: issued.notAfter,
    names: [...names.dns, ...names.ips],
  });
  return { certPem: issued.pem, keyPem: issued.keyPem };
}

async function loadGivenServer(certPath: string, keyPath: string): Promise<{ certPem: string; keyPem: string }> {
  try {
    const [certPem, keyPem] = await Promise.all([readFile(certPath, "utf8"), readFile(keyPath, "utf8")]);
    return { certPem, keyPem };
  } catch (cause) {
    throw new AppError("unavailable", `The server certificate cannot be read: ${errorMessage(cause)}`, {
      cause,
      hint: "Check the files given with --tls-cert and --tls-key.",
    });
  }
}

function chainOf(certPem: string): x509.X509Certificate[] {
  const blocks = certPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0)
    throw new AppError("unavailable", "The file given with --tls-cert holds no certificate.", {
      hint: "It must be PEM.",
    });
  return blocks.map((block) => new x509.X509Certificate(block));
}

/** The key that policies are signed with, from `<dataDir>/trust`; made the first time. Throws AppError `unavailable`. */
export async function openPolicySigner(dir: string, log: Log): Promise<Signer> {
  await ownDirectory(dir);
  const path = join(dir, "policy-signing.key.pem");
  const pem = await readOwn(path, true);
  if (pem !== undefined) return openSigner(pem);
  const made = await generateSigningKey();
  await writeWhole(path, made.privatePem, 0o600);
  await writeWhole(join(dir, "policy-signing.pub.pem"), made.publicPem, 0o644);
  log.info("made a policy-signing key", { path });
  return openSigner(made.privatePem);
}

/** Loads the Console's keys, making those that are not there yet. Throws AppError `unavailable` with what to do. */
export async function openKeyStore(options: KeyStoreOptions): Promise<KeyStore> {
  const { dir, nowMs, log, tlsCertPath, tlsKeyPath } = options;
  await ownDirectory(dir);
  const authorities = await authoritiesOf(options);
  const { issuing, serving, accepted, retired } = authorities;
  const given = tlsCertPath !== undefined && tlsKeyPath !== undefined;
  const server = given ? await loadGivenServer(tlsCertPath, tlsKeyPath) : await loadOwnServer(options, serving);
  const chain = chainOf(server.certPem);
  const leaf = chain[0]!;
  if (leaf.notAfter.getTime() <= nowMs)
    throw new AppError("unavailable", `The server certificate ended on ${leaf.notAfter.toISOString()}.`, {
      hint: "Give a new one with --tls-cert and --tls-key, or leave both out.",
    });
  if (leaf.notAfter.getTime() - nowMs < RENEW_BEFORE_MS)
    log.warn("the server certificate ends soon", { not_after: leaf.notAfter });
  const sensorCaPem = accepted.map((a) => a.certPem).join("");
  const theirs = given ? (chain.length > 1 ? chain.slice(1) : chain).map((c) => `${c.toString("pem")}\n`) : [];
  const trustBundlePem = [sensorCaPem, ...theirs].join("");
  return {
    get authority() {
      return issuing();
    },
    issuingId: authorities.issuingId,
    anchors: accepted.map((a) => a.certificate),
    retired,
    trustBundlePem,
    trustBundleHash: sha256Hex(trustBundlePem),
    sensorCaPem,
    serverCertPem: server.certPem,
    serverKeyPem: server.keyPem,
    serverNotAfter: leaf.notAfter,
    pin: curlPin(leaf.publicKey.rawData),
    policySigner: options.policySigner,
  };
}
