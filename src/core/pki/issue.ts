import { writeSensorCertificate } from "./certificate-writer.ts";
import { generateKeyPair, privateKeyFromPem, privateKeyToPem, publicKeyOf } from "./keys.ts";
import { randomSerial, SENSOR_ORGANISATION, sensorUri } from "./names.ts";
import { toPem } from "./pem.ts";
import { P256, x509 } from "./x509.ts";

const DAY_MS = 86_400_000;
/** A certificate starts this much in the past, so that a node whose clock is a day behind accepts it. */
const BACKDATE_MS = 2 * DAY_MS;
const CA_LIFE_MS = 10 * 365 * DAY_MS;
const SERVER_LIFE_MS = 397 * DAY_MS;
const SENSOR_LIFE_MS = 720 * 3_600_000;

export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly privateKey: CryptoKey;
}

export interface Issued {
  readonly pem: string;
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Certificates carry whole seconds. */
function validity(nowMs: number, lifeMs: number): { notBefore: Date; notAfter: Date } {
  const second = (ms: number): Date => new Date(Math.floor(ms / 1000) * 1000);
  return { notBefore: second(nowMs - BACKDATE_MS), notAfter: second(nowMs + lifeMs) };
}

/** A self-signed P-256 authority that may sign end certificates only. */
export async function createAuthority(commonName: string, nowMs: number): Promise<Authority & { keyPem: string }> {
  const keys = await generateKeyPair();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ CN: [commonName] }, { O: ["Telovix"] }],
    ...validity(nowMs, CA_LIFE_MS),
    keys,
    signingAlgorithm: P256,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, privateKey: keys.privateKey, keyPem: await privateKeyToPem(keys.privateKey) };
}

async function issue(
  authority: Authority,
  subject: x509.JsonName,
  publicKey: x509.PublicKeyType,
  names: x509.JsonGeneralName[],
  nowMs: number,
): Promise<Issued> {
  const serial = randomSerial();
  const { notBefore, notAfter } = validity(nowMs, SERVER_LIFE_MS);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject,
    issuer: authority.certificate.subjectName.toJSON(),
    notBefore,
    notAfter: notAfter > authority.certificate.notAfter ? authority.certificate.notAfter : notAfter,
    signingKey: authority.privateKey,
    signingAlgorithm: P256,
    publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth], true),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
    ],
  });
  return {
    pem: `${certificate.toString("pem")}\n`,
    serial,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
  };
}

/** A server certificate for these DNS names and IP addresses, over a new key or the one given (so that its pin stays). */
export async function issueServerCertificate(
  authority: Authority,
  names: { readonly dns: readonly string[]; readonly ips: readonly string[] },
  nowMs: number,
  oldKeyPem?: string,
): Promise<Issued & { keyPem: string }> {
  const privateKey =
    oldKeyPem === undefined ? (await generateKeyPair()).privateKey : await privateKeyFromPem(oldKeyPem);
  const issued = await issue(
    authority,
    [{ CN: [names.dns[0] ?? "telovix-console"] }, { O: ["Telovix Console"] }],
    await publicKeyOf(privateKey),
    [
      ...names.dns.map((value) => ({ type: "dns" as const, value })),
      ...names.ips.map((value) => ({ type: "ip" as const, value })),
    ],
    nowMs,
  );
  return { ...issued, keyPem: oldKeyPem ?? (await privateKeyToPem(privateKey)) };
}

/** A sensor's client certificate, 720 h by default, over the P-256 public key of its request. */
export async function issueSensorCertificate(
  { certificate, privateKey }: Authority,
  sensor: { readonly sensorId: string; readonly nodeName: string; readonly publicKey: x509.PublicKey },
  nowMs: number,
  lifeMs: number = SENSOR_LIFE_MS,
): Promise<Issued> {
  const serial = randomSerial();
  const { notBefore, notAfter: wanted } = validity(nowMs, lifeMs);
  const notAfter = wanted > certificate.notAfter ? certificate.notAfter : wanted;
  const content = {
    serial,
    authority: certificate,
    commonName: sensor.nodeName,
    organisation: SENSOR_ORGANISATION,
    uri: sensorUri(sensor.sensorId),
    notBefore,
    notAfter,
    spki: new Uint8Array(sensor.publicKey.rawData),
  };
  const pem = toPem("CERTIFICATE", await writeSensorCertificate(content, privateKey));
  return { pem, serial, notBefore, notAfter };
}
