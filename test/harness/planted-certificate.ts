import type { Authority } from "../../src/core/pki/issue.ts";
import { generateKeyPair } from "../../src/core/pki/keys.ts";
import { randomSerial, sensorUri } from "../../src/core/pki/names.ts";
import { toPem } from "../../src/core/pki/pem.ts";
import { P256, x509 } from "../../src/core/pki/x509.ts";
import type { TestSensor } from "./test-sensor.ts";

const HOUR_MS = 3_600_000;

/** What is to be different from what the Console would issue. */
export interface Plant {
  readonly signer?: Authority;
  readonly serial?: string;
  readonly sensorId?: string;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly usage?: x509.ExtendedKeyUsageType;
  readonly ca?: boolean;
  readonly keyUsage?: x509.KeyUsageFlags;
  readonly uris?: readonly string[];
  readonly algorithm?: EcKeyGenParams & { hash: string };
  readonly keys?: CryptoKeyPair;
  /** Over the key that the sensor has. */
  readonly overOwnKey?: boolean;
  readonly signedWith?: EcdsaParams;
  /** Certificates shown along with it. */
  readonly chain?: string;
  readonly extension?: x509.Extension;
  readonly subject?: x509.JsonName;
}

export interface Planted {
  readonly key: string;
  readonly cert: string;
  readonly authority: Authority;
}

/** A certificate of `sensor` as `plant` wants it; with nothing wanted it is what `ours` would issue, except that it is on no record. */
export async function plantCertificate(ours: Authority, sensor: TestSensor, plant: Plant): Promise<Planted> {
  const signer = plant.signer ?? ours;
  const keys =
    plant.keys ??
    (plant.algorithm
      ? ((await crypto.subtle.generateKey(plant.algorithm, true, ["sign", "verify"])) as CryptoKeyPair)
      : await generateKeyPair());
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: plant.serial ?? randomSerial(),
    subject: plant.subject ?? [{ CN: ["victim"] }, { O: ["Telovix Sensor"] }],
    issuer: signer.certificate.subjectName.toJSON(),
    notBefore: new Date(plant.notBefore ?? now - HOUR_MS),
    notAfter: new Date(plant.notAfter ?? now + HOUR_MS),
    signingKey: signer.privateKey,
    signingAlgorithm: plant.signedWith ?? P256,
    publicKey: plant.overOwnKey ? new x509.X509Certificate(sensor.tls.cert).publicKey : keys.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(plant.ca ?? false, undefined, true),
      new x509.KeyUsagesExtension(
        plant.keyUsage ??
          (plant.ca
            ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature
            : x509.KeyUsageFlags.digitalSignature),
        true,
      ),
      new x509.ExtendedKeyUsageExtension([plant.usage ?? x509.ExtendedKeyUsage.clientAuth], true),
      new x509.SubjectAlternativeNameExtension(
        (plant.uris ?? [sensorUri(plant.sensorId ?? sensor.sensorId)]).map((value) => ({
          type: "url" as const,
          value,
        })),
      ),
      ...(plant.extension ? [plant.extension] : []),
    ],
  });
  const made = toPem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return {
    key: plant.overOwnKey ? sensor.tls.key : made,
    cert: `${certificate.toString("pem")}\n${plant.chain ?? ""}`,
    authority: { certificate, privateKey: keys.privateKey },
  };
}
