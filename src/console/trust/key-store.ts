import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errorMessage } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { createAuthority, issueServerCertificate, type Authority } from "../../core/pki/issue.ts";
import { curlPin, privateKeyFromPem, publicKeyOf } from "../../core/pki/keys.ts";
import { x509 } from "../../core/pki/x509.ts";
import { generateSigningKey, openSigner, type Signer } from "../../core/sign/ed25519.ts";
import { ownDirectory, readOwn, writeWhole } from "./files.ts";

const DAY_MS = 86_400_000;
/** The self-made server certificate is renewed at start when this little of it is left. */
const RENEW_BEFORE_MS = 30 * DAY_MS;

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
}

/** The Console's keys, loaded. */
export interface KeyStore {
  readonly authority: Authority;
  /** Authorities whose sensor certificates are accepted. */
  readonly anchors: readonly x509.X509Certificate[];
  /** What sensors trust the Console by: its authority, and that of the operator's certificate if there is one. */
  readonly trustBundlePem: string;
  readonly sensorCaPem: string;
  readonly serverCertPem: string;
  readonly serverKeyPem: string;
  readonly serverNotAfter: Date;
  /** `sha256//…` of the server's key. */
  readonly pin: string;
  readonly policySigner: Signer;
}

async function loadAuthority(dir: string, nowMs: number, log: Log): Promise<Authority> {
  const [keyPath, certPath] = [join(dir, "ca.key.pem"), join(dir, "ca.cert.pem")];
  const [keyPem, certPem] = [await readOwn(keyPath, true), await readOwn(certPath, false)];
  if (keyPem !== undefined && certPem !== undefined) {
    const certificate = new x509.X509Certificate(certPem);
    const privateKey = await privateKeyFromPem(keyPem);
    const own = await crypto.subtle.exportKey("spki", await publicKeyOf(privateKey));
    if (!Buffer.from(own).equals(Buffer.from(certificate.publicKey.rawData)))
      throw new AppError("unavailable", `${keyPath} and ${certPath} do not belong together.`, {
        hint: "Restore both from the same backup; enrolled sensors trust this authority only.",
      });
    if (certificate.notAfter.getTime() <= nowMs)
      throw new AppError("unavailable", `The Console's authority ended on ${certificate.notAfter.toISOString()}.`, {
        hint: "Check this host's clock.",
      });
    return { certificate, privateKey };
  }
  // A certificate without its key means that the key was lost: a new authority would cut off every sensor without a word.
  if (certPem !== undefined)
    throw new AppError("unavailable", `${keyPath} is missing while its certificate is there.`, {
      hint: `Restore it from a backup. To start anew and enrol every sensor again, move ${dir} away.`,
    });
  const made = await createAuthority("Telovix Console CA", nowMs);
  await writeWhole(keyPath, made.keyPem, 0o600);
  await writeWhole(certPath, `${made.certificate.toString("pem")}\n`, 0o644);
  log.info("made a certificate authority", { path: certPath, not_after: made.certificate.notAfter });
  return made;
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
  const authority = await loadAuthority(dir, nowMs, log);
  const given = tlsCertPath !== undefined && tlsKeyPath !== undefined;
  const server = given ? await loadGivenServer(tlsCertPath, tlsKeyPath) : await loadOwnServer(options, authority);
  const chain = chainOf(server.certPem);
  const leaf = chain[0]!;
  if (leaf.notAfter.getTime() <= nowMs)
    throw new AppError("unavailable", `The server certificate ended on ${leaf.notAfter.toISOString()}.`, {
      hint: "Give a new one with --tls-cert and --tls-key, or leave both out.",
    });
  if (leaf.notAfter.getTime() - nowMs < RENEW_BEFORE_MS)
    log.warn("the server certificate ends soon", { not_after: leaf.notAfter });
  const sensorCaPem = `${authority.certificate.toString("pem")}\n`;
  const anchors = given ? (chain.length > 1 ? chain.slice(1) : chain).map((c) => `${c.toString("pem")}\n`) : [];
  return {
    authority,
    anchors: [authority.certificate],
    trustBundlePem: [sensorCaPem, ...anchors].join(""),
    sensorCaPem,
    serverCertPem: server.certPem,
    serverKeyPem: server.keyPem,
    serverNotAfter: leaf.notAfter,
    pin: curlPin(leaf.publicKey.rawData),
    policySigner: options.policySigner,
  };
}
