import { describe, expect, test } from "bun:test";
import * as pkijs from "pkijs";
import { newUuid } from "../ids.ts";
import { createSensorRequest, readSensorRequest } from "./csr.ts";
import { createAuthority, issueSensorCertificate } from "./issue.ts";
import { fromPem } from "./pem.ts";

const NOW_MS = Date.UTC(2026, 10, 21);
const DAY_MS = 86_400_000;
pkijs.setEngine("platform", new pkijs.CryptoEngine({ name: "platform", crypto }));

const read = (pem: string): pkijs.Certificate => pkijs.Certificate.fromBER(fromPem("CERTIFICATE", pem)!);

async function verdict(anchorPem: string, leafPem: string, atMs: number): Promise<boolean> {
  const engine = new pkijs.CertificateChainValidationEngine({
    trustedCerts: [read(anchorPem)],
    certs: [read(leafPem)],
    checkDate: new Date(atMs),
  });
  return (await engine.verify()).result;
}

describe("a certificate of ours", () => {
  test("is accepted and refused by another implementation of X.509 as it should be", async () => {
    const authority = await createAuthority("Telovix Console CA", NOW_MS);
    const stranger = await createAuthority("Telovix Console CA", NOW_MS);
    const { csrPem } = await createSensorRequest("db-17");
    const request = await readSensorRequest(csrPem, "db-17");
    const sensor = { publicKey: request.publicKey, nodeName: "db-17", sensorId: newUuid() };
    const issued = await issueSensorCertificate(authority, sensor, NOW_MS);
    expect(await verdict(authority.certificate.toString(), issued.pem, NOW_MS + DAY_MS)).toBe(true);
    expect(await verdict(stranger.certificate.toString(), issued.pem, NOW_MS + DAY_MS)).toBe(false);
    expect(await verdict(authority.certificate.toString(), issued.pem, NOW_MS + 31 * DAY_MS)).toBe(false);
  });
});
