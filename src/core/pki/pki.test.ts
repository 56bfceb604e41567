import { describe, expect, test } from "bun:test";
import { createSensorRequest, readSensorRequest } from "./csr.ts";
import { createAuthority, issueSensorCertificate, issueServerCertificate, type Authority } from "./issue.ts";
import { curlPin, generateKeyPair, privateKeyFromPem, privateKeyToPem, publicKeyOf, spkiHash } from "./keys.ts";
import { authorityId, verifySensorCertificate, type CertificateFault } from "./verify.ts";
import { randomSerial, sensorUri } from "./names.ts";
import { P256, x509 } from "./x509.ts";

const NOW = Date.UTC(2026, 10, 21);
const HOUR = 3_600_000;
const SENSOR_ID = "0193c1de-0000-7000-8000-000000000001";
const authority = await createAuthority("Telovix test", NOW);
const anchors = [authority.certificate];

async function goodDer(): Promise<Uint8Array> {
  const { csrPem } = await createSensorRequest("node-1");
  const { publicKey } = await readSensorRequest(csrPem, "node-1");
  const issued = await issueSensorCertificate(authority, { sensorId: SENSOR_ID, nodeName: "node-1", publicKey }, NOW);
  return new Uint8Array(new x509.X509Certificate(issued.pem).rawData);
}

interface Plant {
  extensions?: x509.Extension[];
  issuer?: Authority;
  issuerName?: x509.JsonName;
  notBefore?: Date;
  notAfter?: Date;
  keyAlgorithm?: EcKeyGenParams;
}

/** A certificate that is right but for what is planted. */
async function planted(plant: Plant): Promise<Uint8Array> {
  const keys = (await crypto.subtle.generateKey(plant.keyAlgorithm ?? P256, true, ["sign", "verify"])) as CryptoKeyPair;
  const by = plant.issuer ?? authority;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: [{ CN: ["node-1"] }, { O: ["Telovix Sensor"] }],
    issuer: plant.issuerName ?? by.certificate.subjectName.toJSON(),
    notBefore: plant.notBefore ?? new Date(NOW - HOUR),
    notAfter: plant.notAfter ?? new Date(NOW + HOUR),
    signingKey: by.privateKey,
    signingAlgorithm: P256,
    publicKey: keys.publicKey,
    extensions: plant.extensions ?? right(),
  });
  return new Uint8Array(certificate.rawData);
}

const uri = (value: string): x509.Extension => new x509.SubjectAlternativeNameExtension([{ type: "url", value }]);
const usage = (...usages: string[]): x509.Extension => new x509.ExtendedKeyUsageExtension(usages, true);
const bits = (flags: x509.KeyUsageFlags): x509.Extension => new x509.KeyUsagesExtension(flags, true);
const DIGITAL = x509.KeyUsageFlags.digitalSignature;
const CLIENT = x509.ExtendedKeyUsage.clientAuth;
const right = (): x509.Extension[] => [bits(DIGITAL), usage(CLIENT), uri(sensorUri(SENSOR_ID))];

function faultOf(der: Uint8Array): CertificateFault | "none" {
  const verdict = verifySensorCertificate(der, anchors, NOW);
  return verdict.ok ? "none" : verdict.fault;
}

describe("a sensor's certificate", () => {
  test("is accepted as issued and names the sensor", async () => {
    const der = await goodDer();
    const verdict = verifySensorCertificate(der, anchors, NOW);
    const certificate = new x509.X509Certificate(Uint8Array.from(der));
    expect(verdict).toEqual({
      ok: true,
      identity: {
        sensorId: SENSOR_ID,
        serial: certificate.serialNumber.toLowerCase(),
        keyHash: spkiHash(certificate.publicKey.rawData),
        notAfter: new Date(NOW + 720 * HOUR),
        issuerId: authorityId(anchors[0]!),
      },
    });
  });

  test("is accepted when it is built by hand without a fault, so that the faults below are the planted ones", async () => {
    expect(faultOf(await planted({}))).toBe("none");
  });

  test("is refused from another authority with another name", async () => {
    const other = await createAuthority("Somebody else", NOW);
    expect(faultOf(await planted({ issuer: other }))).toBe("unknown_issuer");
  });

  test("is refused from another authority that bears our name", async () => {
    const impostor = await createAuthority("Telovix test", NOW);
    expect(faultOf(await planted({ issuer: impostor }))).toBe("bad_signature");
  });

  test("is refused with one bit of its signature turned", async () => {
    const der = await goodDer();
    der[der.length - 1]! ^= 1;
    expect(["bad_signature", "malformed"]).toContain(faultOf(der));
  });

  test("is refused when signed by an end certificate below our authority", async () => {
    const { csrPem, keyPem } = await createSensorRequest("node-1");
    const { publicKey } = await readSensorRequest(csrPem, "node-1");
    const leaf = await issueSensorCertificate(authority, { sensorId: SENSOR_ID, nodeName: "node-1", publicKey }, NOW);
    const issuer = { certificate: new x509.X509Certificate(leaf.pem), privateKey: await privateKeyFromPem(keyPem) };
    expect(faultOf(await planted({ issuer }))).toBe("unknown_issuer");
  });

  test.each<[CertificateFault, Plant]>([
    ["not_yet_valid", { notBefore: new Date(NOW + HOUR), notAfter: new Date(NOW + 2 * HOUR) }],
    ["expired", { notBefore: new Date(NOW - 2 * HOUR), notAfter: new Date(NOW) }],
    ["is_authority", { extensions: [...right(), new x509.BasicConstraintsExtension(true, 0, true)] }],
    ["is_authority", { extensions: [bits(DIGITAL | x509.KeyUsageFlags.keyCertSign), ...right().slice(1)] }],
    ["wrong_usage", { extensions: [bits(DIGITAL), usage(x509.ExtendedKeyUsage.serverAuth), right()[2]!] }],
    ["wrong_usage", { extensions: [bits(DIGITAL), usage(CLIENT, x509.ExtendedKeyUsage.serverAuth), right()[2]!] }],
    ["wrong_usage", { extensions: [bits(DIGITAL), right()[2]!] }],
    ["wrong_usage", { extensions: [usage(CLIENT), right()[2]!] }],
    ["wrong_key", { keyAlgorithm: { name: "ECDSA", namedCurve: "P-384" } }],
    ["no_sensor_name", { extensions: right().slice(0, 2) }],
    ["no_sensor_name", { extensions: [...right().slice(0, 2), uri("telovix:sensor:1")] }],
    ["no_sensor_name", { extensions: [...right().slice(0, 2), uri(`${sensorUri(SENSOR_ID)}x`)] }],
    [
      "unknown_critical_extension",
      { extensions: [...right(), new x509.Extension("1.2.3.4", true, new Uint8Array([5, 0]))] },
    ],
  ])("is refused as %s", async (fault, plant) => {
    expect(faultOf(await planted(plant))).toBe(fault);
  });

  test("is refused as malformed when it is no certificate", async () => {
    expect(faultOf(new Uint8Array(0))).toBe("malformed");
    expect(faultOf(new TextEncoder().encode("-----BEGIN CERTIFICATE-----"))).toBe("malformed");
    expect(faultOf((await goodDer()).slice(0, 100))).toBe("malformed");
  });
});

describe("a certificate request", () => {
  async function refusal(csrPem: string, nodeName = "node-1"): Promise<string> {
    return readSensorRequest(csrPem, nodeName).then(
      () => "accepted",
      (error: Error) => error.message,
    );
  }
  async function request(name: string, algorithm: RsaHashedKeyGenParams | EcKeyGenParams = P256): Promise<string> {
    const keys = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
    const csr = await x509.Pkcs10CertificateRequestGenerator.create({
      name,
      keys,
      signingAlgorithm: { ...algorithm, hash: "SHA-256" },
    });
    return csr.toString("pem");
  }

  test("with the exact subject is read", async () => {
    expect(await refusal(await request("CN=node-1, O=Telovix Sensor"))).toBe("accepted");
  });

  test.each([
    "CN=node-2, O=Telovix Sensor",
    "O=Telovix Sensor, CN=node-1",
    "CN=node-1",
    "CN=node-1, O=Telovix Sensor, OU=more",
    "CN=node-1, O=telovix sensor",
  ])("with the subject %s is refused", async (name) => {
    expect(await refusal(await request(name))).toContain("/csr_pem: the subject must be");
  });

  test("with another curve or with RSA is refused", async () => {
    const p384 = await request("CN=node-1, O=Telovix Sensor", { name: "ECDSA", namedCurve: "P-384" });
    expect(await refusal(p384)).toContain("P-256");
    const rsa: RsaHashedKeyGenParams = {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    };
    expect(await refusal(await request("CN=node-1, O=Telovix Sensor", rsa))).toContain("P-256");
  });

  test("whose signature was made by another key is refused", async () => {
    const [mine, theirs] = await Promise.all([createSensorRequest("node-1"), createSensorRequest("node-1")]);
    const der = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
    const key = new x509.Pkcs10CertificateRequest(mine.csrPem).publicKey.rawData;
    const foreign = new x509.Pkcs10CertificateRequest(theirs.csrPem).publicKey.rawData;
    const bytes = der(mine.csrPem);
    bytes.set(new Uint8Array(foreign), bytes.indexOf(Buffer.from(key)));
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString("base64")}\n-----END CERTIFICATE REQUEST-----`;
    expect(await refusal(pem)).toContain("the signature does not belong");
  });

  test("that is none is refused", async () => {
    expect(await refusal("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----")).toContain(
      "not a PKCS#10",
    );
    expect(await refusal("x".repeat(40_000))).toContain("longer than");
  });
});

describe("keys", () => {
  test("come back from PEM, and the public half is the same", async () => {
    const keys = await generateKeyPair();
    const copy = await privateKeyFromPem(await privateKeyToPem(keys.privateKey));
    const spki = await crypto.subtle.exportKey("spki", await publicKeyOf(copy));
    expect(Buffer.from(spki)).toEqual(Buffer.from(await crypto.subtle.exportKey("spki", keys.publicKey)));
    expect(curlPin(spki)).toMatch(/^sha256\/\/[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(curlPin(spki).slice(8), "base64").toString("hex")).toBe(spkiHash(spki));
  });
});

describe("a server certificate", () => {
  test("bears its names and is signed by the authority", async () => {
    const names = { dns: ["telovix-console", "console.example"], ips: ["127.0.0.1", "::1"] };
    const issued = await issueServerCertificate(authority, names, NOW);
    const certificate = new x509.X509Certificate(issued.pem);
    expect(await certificate.verify({ publicKey: authority.certificate.publicKey, signatureOnly: true })).toBe(true);
    const san = certificate.getExtension(x509.SubjectAlternativeNameExtension)!;
    expect(san.names.items.map((n) => n.value)).toEqual(["telovix-console", "console.example", "127.0.0.1", "::1"]);
    expect(faultOf(new Uint8Array(certificate.rawData))).toBe("wrong_usage");
  });
});
