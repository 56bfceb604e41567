import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { createAuthority, type Authority } from "../../src/core/pki/issue.ts";
import { generateKeyPair, privateKeyFromPem, privateKeyToPem } from "../../src/core/pki/keys.ts";
import { randomSerial, sensorUri } from "../../src/core/pki/names.ts";
import { toPem } from "../../src/core/pki/pem.ts";
import { P256, x509 } from "../../src/core/pki/x509.ts";
import { testHeartbeat } from "../harness/sensor-messages.ts";
import { frame, TestConsole, type TestSensor } from "../harness/sensor-plane.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

const HOUR_MS = 3_600_000;
let stores: TestStores;
let console: TestConsole;
/** The Console's own authority: faults are planted with its key, so that nothing but the fault can be why. */
let ours: Authority;
let sensor: TestSensor;

beforeAll(async () => {
  stores = await testStores();
  console = await (await TestConsole.start(stores)).setUp();
  const trust = join(console.dir, "trust");
  ours = {
    certificate: new x509.X509Certificate(await readFile(join(trust, "ca.cert.pem"), "utf8")),
    privateKey: await privateKeyFromPem(await readFile(join(trust, "ca.key.pem"), "utf8")),
  };
  sensor = await console.enroll("victim");
}, 60_000);

afterAll(async () => {
  await console[Symbol.asyncDispose]();
  await stores.dispose();
});

interface Plant {
  readonly signer?: Authority;
  readonly serial?: string;
  readonly sensorId?: string;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly usage?: x509.ExtendedKeyUsageType;
  readonly ca?: boolean;
  readonly uris?: readonly string[];
  readonly algorithm?: EcKeyGenParams & { hash: string };
  readonly keys?: CryptoKeyPair;
  /** Certificates shown along with it. */
  readonly chain?: string;
  readonly critical?: x509.Extension;
  readonly subject?: x509.JsonName;
}

/** A certificate as `plant` wants it; without one it is what the Console would issue, except that it is on no record. */
async function planted(plant: Plant): Promise<{ key: string; cert: string; authority: Authority }> {
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
    signingAlgorithm: P256,
    publicKey: keys.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(plant.ca ?? false, undefined, true),
      new x509.KeyUsagesExtension(
        plant.ca
          ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature
          : x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([plant.usage ?? x509.ExtendedKeyUsage.clientAuth], true),
      new x509.SubjectAlternativeNameExtension(
        (plant.uris ?? [sensorUri(plant.sensorId ?? sensor.sensorId)]).map((value) => ({
          type: "url" as const,
          value,
        })),
      ),
      ...(plant.critical ? [plant.critical] : []),
    ],
  });
  const key = toPem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return {
    key,
    cert: `${certificate.toString("pem")}\n${plant.chain ?? ""}`,
    authority: { certificate, privateKey: keys.privateKey },
  };
}

/** What the sensors' door says to a certificate: of a heartbeat, and of a stream. */
async function answers(tls: { key?: string; cert?: string }): Promise<string[]> {
  const said: string[] = [];
  for (const prefix of ["/sensors", "/api/v1/sensors"]) {
    const response = await fetch(`${console.origin}${prefix}/heartbeat`, {
      method: "POST",
      tls: { ca: console.caPem, ...tls },
      headers: { "content-type": "application/msgpack", "content-encoding": "zstd" },
      body: frame(testHeartbeat()),
    });
    const body = (await response.json()) as { error?: { code: string } };
    said.push(`${response.status} ${body.error?.code ?? "ok"}`);
  }
  const stream = await fetch(`${console.origin}/sensors/stream`, {
    tls: { ca: console.caPem, ...tls },
    headers: {
      upgrade: "websocket",
      connection: "upgrade",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
      "sec-websocket-version": "13",
    },
  });
  said.push(stream.status === 101 ? "101 ok" : `${stream.status}`);
  return said;
}

const UNTRUSTED = ["401 invalid_sensor_trust", "401 invalid_sensor_trust", "401"];

const FAULTS: readonly [string, () => Promise<{ key?: string; cert?: string }>][] = [
  ["no certificate", async () => Promise.resolve({})],
  ["another authority's", async () => planted({ signer: await createAuthority("Somebody else", Date.now()) })],
  [
    "another authority's under the Console's name",
    async () => planted({ signer: await createAuthority("Telovix Console CA", Date.now()) }),
  ],
  ["one on no record", () => planted({})],
  ["an expired one", () => planted({ notAfter: Date.now() - HOUR_MS / 2 })],
  ["one not valid yet", () => planted({ notBefore: Date.now() + HOUR_MS / 2 })],
  ["one made for servers", () => planted({ usage: x509.ExtendedKeyUsage.serverAuth })],
  ["one made for signing code", () => planted({ usage: x509.ExtendedKeyUsage.codeSigning })],
  ["one of an authority kind", () => planted({ ca: true })],
  [
    "one over a key of another curve",
    () => planted({ algorithm: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" } }),
  ],
  ["one that names two sensors", () => planted({ uris: [sensorUri(sensor.sensorId), sensorUri(sensor.sensorId)] })],
  ["one that names no sensor", () => planted({ uris: ["https://example.net/"] })],
  [
    "one with a critical extension nobody knows",
    () => planted({ critical: new x509.Extension("1.3.6.1.4.1.99999.1", true, new Uint8Array([5, 0])) }),
  ],
  ["the same serial over another key", async () => planted({ serial: await serialOf(sensor) })],
  [
    "the same serial by another authority",
    async () =>
      planted({ serial: await serialOf(sensor), signer: await createAuthority("Telovix Console CA", Date.now()) }),
  ],
  [
    "one signed with a sensor's certificate",
    async () => {
      const nested = {
        certificate: new x509.X509Certificate(sensor.tls.cert),
        privateKey: await privateKeyFromPem(sensor.tls.key),
      };
      return planted({ signer: nested, chain: sensor.tls.cert });
    },
  ],
  [
    "one below an authority that ours signed",
    async () => {
      const between = await planted({ ca: true, subject: [{ CN: ["Between"] }] });
      return planted({ signer: between.authority, chain: between.cert });
    },
  ],
  [
    "a sensor's own key under the Console's name",
    async () => {
      const { certificate } = ours;
      return planted({ signer: { certificate, privateKey: await privateKeyFromPem(sensor.tls.key) } });
    },
  ],
];

async function serialOf(of: TestSensor): Promise<string> {
  return Promise.resolve(new x509.X509Certificate(of.tls.cert).serialNumber);
}

describe("at the sensors' door", () => {
  test("the sensor's own certificate is taken", async () => {
    expect(await answers(sensor.tls)).toEqual(["200 ok", "200 ok", "101 ok"]);
  });

  test.each(FAULTS)("%s is refused", async (_name, make) => {
    const { key, cert } = await make();
    expect(await answers({ ...(key === undefined ? {} : { key }), ...(cert === undefined ? {} : { cert }) })).toEqual(
      UNTRUSTED,
    );
  });

  test("a key of another kind is refused", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "der" },
      privateKeyEncoding: { type: "pkcs8", format: "der" },
    });
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const keys = {
      publicKey: await crypto.subtle.importKey("spki", Uint8Array.from(publicKey), algorithm, true, ["verify"]),
      privateKey: await crypto.subtle.importKey("pkcs8", Uint8Array.from(privateKey), algorithm, true, ["sign"]),
    };
    const { key, cert } = await planted({ keys });
    expect(await answers({ key, cert })).toEqual(UNTRUSTED);
  });

  test("a revoked one is refused as such", async () => {
    const gone = await console.enroll("gone");
    await console.api("POST", `/api/v1/sensors/${gone.sensorId}/revoke`);
    expect(await answers(gone.tls)).toEqual(["403 sensor_revoked", "403 sensor_revoked", "403"]);
  });

  test("a certificate without its key does not get through the handshake", async () => {
    const keyPem = await privateKeyToPem((await generateKeyPair()).privateKey);
    const outcome = await fetch(`${console.origin}/sensors/heartbeat`, {
      method: "POST",
      tls: { ca: console.caPem, cert: sensor.tls.cert, key: keyPem },
      body: "{}",
    }).then(
      (response) => response.status,
      () => "no connection",
    );
    expect(["no connection", 401]).toContain(outcome);
  });

  test("garbage instead of a handshake ends, and the door stays open", async () => {
    const port = console.running.port;
    for (const bytes of [
      Buffer.alloc(4096, 0xff),
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      Buffer.from([22, 3, 1, 255, 255, 1]),
    ]) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const socket = await Bun.connect({
        hostname: "127.0.0.1",
        port,
        socket: { data() {}, close: () => resolve(), error: () => resolve(), end: () => resolve() },
      });
      socket.write(bytes);
      socket.flush();
      socket.end();
      await promise;
    }
    // A chain of many certificates, none of them known.
    const stranger = await planted({ signer: await createAuthority("Deep", Date.now()) });
    const chain = stranger.cert.repeat(20);
    const deep = connect({
      host: "127.0.0.1",
      port,
      key: stranger.key,
      cert: chain,
      ca: console.caPem,
      rejectUnauthorized: false,
    });
    await new Promise<void>((resolve) => {
      deep.on("secureConnect", () => resolve());
      deep.on("error", () => resolve());
    });
    deep.destroy();
    expect(await answers(sensor.tls)).toEqual(["200 ok", "200 ok", "101 ok"]);
  });
});
