import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readCertificate } from "./certificate.ts";
import { writeSensorCertificate } from "./certificate-writer.ts";
import { DerReader, readTime, TAG } from "./der.ts";
import { der, integer, text, time } from "./der-writer.ts";
import { createAuthority } from "./issue.ts";
import { generateKeyPair } from "./keys.ts";
import { sensorUri } from "./names.ts";
import { verifySensorCertificate } from "./verify.ts";
import { P256, x509 } from "./x509.ts";

const NOW = Date.UTC(2026, 10, 21);
const HOUR = 3_600_000;
const authority = await createAuthority("Telovix Sensor_CA ü", NOW);
const keys = await generateKeyPair();
const spki = new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey));

describe("a sensor's certificate", () => {
  test.each<[string, string, Date]>([
    ["node-1", "01", new Date(NOW + HOUR)],
    ["db_17.example.net", "8f00000000000000000000000000aa01", new Date(NOW + 720 * HOUR)],
    ["knoten-ä", "478a948946014902aa6d337e91a32cca", new Date(Date.UTC(2051, 0, 1))],
  ])("of %s is what the library makes of it, byte for byte", async (commonName, serial, notAfter) => {
    const uri = sensorUri("0193c1de-0000-7000-8000-000000000001");
    const notBefore = new Date(NOW - HOUR);
    const written = await writeSensorCertificate(
      {
        serial,
        authority: authority.certificate,
        commonName,
        organisation: "Telovix Sensor",
        uri,
        notBefore,
        notAfter,
        spki,
      },
      authority.privateKey,
    );
    const library = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: [{ CN: [commonName] }, { O: ["Telovix Sensor"] }],
      issuer: authority.certificate.subjectName.toJSON(),
      notBefore,
      notAfter,
      signingKey: authority.privateKey,
      signingAlgorithm: P256,
      publicKey: keys.publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth], true),
        new x509.SubjectAlternativeNameExtension([{ type: "url", value: uri }]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
      ],
    });
    const signed = (bytes: Uint8Array): string => Buffer.from(readCertificate(bytes).signed).toString("hex");
    expect(signed(written)).toBe(signed(new Uint8Array(library.rawData)));
    expect(verifySensorCertificate(written, [authority.certificate], NOW).ok).toBe(true);
    const read = new x509.X509Certificate(Uint8Array.from(written));
    expect(await read.verify({ publicKey: authority.certificate.publicKey, signatureOnly: true })).toBe(true);
  });
});

describe("DER that is written", () => {
  test("is read again, whatever its length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70_000 }), (size) => {
        const content = new Uint8Array(size).fill(size & 0xff);
        if (size > 0xffff) return expect(() => der(TAG.octetString, content)).toThrow(RangeError);
        const reader = new DerReader(der(TAG.octetString, content));
        expect(reader.read(TAG.octetString)).toEqual(content);
        expect(reader.done).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test("has positive integers without needless octets, and texts and times in the form they need", () => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    expect([integer(Buffer.of(0, 0, 5)), integer(Buffer.of(0x80)), integer(Buffer.of(0))].map(hex)).toEqual([
      "020105",
      "02020080",
      "020100",
    ]);
    expect([text("a-1"), text("a_1")].map((t) => t[0])).toEqual([TAG.printableString, TAG.utf8String]);
    for (const at of [NOW, Date.UTC(2049, 11, 31, 23, 59, 59), Date.UTC(2050, 0, 1)])
      expect(readTime(new DerReader(time(new Date(at))))).toBe(at);
  });
});
