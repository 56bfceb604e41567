import { beforeAll, describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { readCertificate, type CertificateFacts } from "./certificate.ts";
import { createSensorRequest, readSensorRequest } from "./csr.ts";
import { DerError, DerReader, readTime, TAG } from "./der.ts";
import { createAuthority, issueSensorCertificate, issueServerCertificate } from "./issue.ts";
import { fromPem } from "./pem.ts";
import { verifySensorCertificate } from "./verify.ts";

const NOW_MS = Date.UTC(2026, 10, 21);
const SENSOR_ID = "0193c1de-0000-7000-8000-000000000001";
const authority = await createAuthority("Telovix test", NOW_MS);
const anchors = [authority.certificate];
let sensor: Uint8Array;

beforeAll(async () => {
  const { csrPem } = await createSensorRequest("node-1");
  const { publicKey } = await readSensorRequest(csrPem, "node-1");
  const named = { sensorId: SENSOR_ID, nodeName: "node-1", publicKey };
  sensor = fromPem("CERTIFICATE", (await issueSensorCertificate(authority, named, NOW_MS)).pem)!;
});

/** The same facts as another implementation reads them. */
function expectAgreement(der: Uint8Array, facts: CertificateFacts): void {
  const other = new X509Certificate(der);
  expect(facts.serial.replace(/^0+/, "")).toBe(other.serialNumber.toLowerCase().replace(/^0+/, ""));
  expect(facts.notBeforeMs).toBe(Date.parse(other.validFrom));
  expect(facts.notAfterMs).toBe(Date.parse(other.validTo));
  expect(facts.isAuthority).toBe(other.ca);
  expect(Buffer.from(facts.spki)).toEqual(other.publicKey.export({ type: "spki", format: "der" }));
  const shown = /^URI:(.*)$/.exec(other.subjectAltName ?? "")?.[1];
  if (shown !== undefined) expect(facts.uri).toBe(shown);
}

describe("a certificate", () => {
  test("is read as another implementation reads it", async () => {
    const server = await issueServerCertificate(authority, { dns: ["localhost"], ips: ["::1"] }, NOW_MS);
    for (const der of [sensor, fromPem("CERTIFICATE", server.pem)!, new Uint8Array(authority.certificate.rawData)])
      expectAgreement(der, readCertificate(der));
    expect(readCertificate(new Uint8Array(authority.certificate.rawData))).toMatchObject({
      isAuthority: true,
      signsCertificates: true,
      isClientOnly: false,
      uri: undefined,
    });
  });

  test("with bytes changed anywhere is never taken for ours, and never costs more than an answer", () => {
    expect(verifySensorCertificate(sensor, anchors, NOW_MS).ok).toBe(true);
    const change = fc.record({ at: fc.nat(), bits: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const der = Uint8Array.from(sensor);
        for (const { at, bits } of changes) der[at % der.length]! ^= bits;
        if (Buffer.compare(der, sensor) !== 0) expect(verifySensorCertificate(der, anchors, NOW_MS).ok).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test("of any bytes is none", () => {
    const cut = fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => sensor.slice(0, a % sensor.length).fill(b & 0xff, -1));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), cut), (bytes) => {
        expect(() => readCertificate(bytes)).toThrow(DerError);
      }),
      { numRuns: 500 },
    );
    expect(verifySensorCertificate(Buffer.concat([sensor, Buffer.from([0])]), anchors, NOW_MS)).toEqual({
      ok: false,
      fault: "malformed",
    });
  });
});

describe("DER", () => {
  const reading = (...bytes: number[]): DerReader => new DerReader(new Uint8Array(bytes));
  const time = (tag: number, text: string): number => readTime(reading(tag, text.length, ...Buffer.from(text)));

  test("has one length for one content", () => {
    const long = [0x04, 0x81, 0x80, ...Array.from({ length: 0x80 }, () => 7)];
    expect(reading(...long).read(TAG.octetString).length).toBe(0x80);
    for (const bytes of [
      [0x04, 0x81, 0x01, 7],
      [0x04, 0x82, 0x00, 0x80, ...long.slice(3)],
      [0x04, 0x80, 7, 0, 0],
      [0x04, 0x84, 0, 0, 0, 1, 7],
      [0x04, 0x02, 7],
      [0x04],
      [0x02, 0x01, 7],
    ])
      expect(() => reading(...bytes).read(TAG.octetString)).toThrow(DerError);
  });

  test("has times to the second, of two lengths", () => {
    expect(time(TAG.utcTime, "261121000000Z")).toBe(NOW_MS);
    expect(time(TAG.utcTime, "490101000000Z")).toBe(Date.UTC(2049, 0, 1));
    expect(time(TAG.utcTime, "500101000000Z")).toBe(Date.UTC(1950, 0, 1));
    expect(time(TAG.generalizedTime, "20500101000000Z")).toBe(Date.UTC(2050, 0, 1));
    for (const text of [
      "20261121000000Z",
      "261121000000",
      "261332000000Z",
      "260230000000Z",
      "261121240000Z",
      "2611210000Z",
    ])
      expect(() => time(TAG.utcTime, text)).toThrow(DerError);
    for (const text of ["261121000000Z", "00260101000000Z"])
      expect(() => time(TAG.generalizedTime, text)).toThrow(DerError);
  });
});
