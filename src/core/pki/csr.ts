import { AppError } from "../error.ts";
import { generateKeyPair, privateKeyToPem, spkiHash } from "./keys.ts";
import { SENSOR_ORGANISATION } from "./names.ts";
import { P256, x509 } from "./x509.ts";

/** A sensor's fresh key and its certificate request, both PEM. The key leaves the node never. */
export async function createSensorRequest(nodeName: string): Promise<{ keyPem: string; csrPem: string }> {
  const keys = await generateKeyPair();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [nodeName] }, { O: [SENSOR_ORGANISATION] }],
    keys,
    signingAlgorithm: P256,
  });
  return { keyPem: await privateKeyToPem(keys.privateKey), csrPem: `${request.toString("pem")}\n` };
}

export interface SensorRequest {
  readonly publicKey: x509.PublicKey;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly keyHash: string;
}

function refuse(reason: string, cause?: unknown): AppError {
  return new AppError("invalid_request", `/csr_pem: ${reason}`, { pointer: "/csr_pem", cause });
}

/**
 * Reads a PKCS#10 request. Throws AppError `invalid_request` unless its subject is exactly
 * `CN=<nodeName>, O=Telovix Sensor`, its key P-256 and its signature made with that key.
 */
export async function readSensorRequest(csrPem: string, nodeName: string): Promise<SensorRequest> {
  if (csrPem.length > 32_768) throw refuse("longer than 32,768 characters");
  let request: x509.Pkcs10CertificateRequest;
  let subject: x509.JsonName;
  let publicKey: x509.PublicKey;
  let algorithm: { readonly name: string; readonly namedCurve?: string };
  try {
    request = new x509.Pkcs10CertificateRequest(csrPem);
    subject = request.subjectName.toJSON();
    // Parsed when it is asked for: what is damaged may show only here.
    ({ publicKey } = request);
    algorithm = publicKey.algorithm;
  } catch (error) {
    throw refuse("not a PKCS#10 certificate request", error);
  }
  const wanted: x509.JsonName = [{ CN: [nodeName] }, { O: [SENSOR_ORGANISATION] }];
  if (JSON.stringify(subject) !== JSON.stringify(wanted))
    throw refuse(`the subject must be CN=${nodeName}, O=${SENSOR_ORGANISATION}`);
  if (algorithm.name !== P256.name || algorithm.namedCurve !== P256.namedCurve)
    throw refuse("the key must be on the curve P-256");
  const genuine = await request.verify().catch(() => false);
  if (!genuine) throw refuse("the signature does not belong to the key in it");
  return { publicKey, keyHash: spkiHash(publicKey.rawData) };
}
