import { AppError } from "../../core/error.ts";
import { privateKeyFromPem, publicKeyOf } from "../../core/pki/keys.ts";
import { normalSerial, parseSensorUri } from "../../core/pki/names.ts";
import { x509 } from "../../core/pki/x509.ts";

/**
 * Reads a certificate the Console has just issued; throws AppError `invalid_sensor_trust` unless it is over our key and names this
 * sensor. Its dates are the Console's affair: this node's clock may be wrong.
 */
export async function readIssued(certPem: string, keyPem: string, sensorId: string): Promise<{ serial: string }> {
  const refuse = (what: string): AppError =>
    new AppError("invalid_sensor_trust", `the certificate just issued ${what}`, {
      hint: "Something stands between this node and the Console, or the Console is damaged.",
    });
  const certificate = new x509.X509Certificate(certPem);
  const own = await crypto.subtle.exportKey("spki", await publicKeyOf(await privateKeyFromPem(keyPem)));
  if (!Buffer.from(own).equals(Buffer.from(certificate.publicKey.rawData))) throw refuse("is over another key");
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  if (!names.some((name) => name.type === "url" && parseSensorUri(name.value) === sensorId))
    throw refuse("names another sensor");
  return { serial: normalSerial(certificate.serialNumber) };
}
