import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { createAuthority, type Authority } from "../../src/core/pki/issue.ts";
import { generateKeyPair, privateKeyFromPem, privateKeyToPem } from "../../src/core/pki/keys.ts";
import { sensorUri } from "../../src/core/pki/names.ts";
import { x509 } from "../../src/core/pki/x509.ts";
import { plantCertificate, type Plant, type Planted } from "../harness/planted-certificate.ts";
import { testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { frame, type TestSensor } from "../harness/test-sensor.ts";

const HOUR_MS = 3_600_000;
let console: TestConsole;
/** The Console's own authority: faults are planted with its key, so that nothing but the fault can be why. */
let ours: Authority;
let sensor: TestSensor;

beforeAll(async () => {
  console = await TestConsole.fresh();
  const trust = join(console.dir, "trust");
  ours = {
    certificate: new x509.X509Certificate(await readFile(join(trust, "ca.cert.pem"), "utf8")),
    privateKey: await privateKeyFromPem(await readFile(join(trust, "ca.key.pem"), "utf8")),
  };
  sensor = await console.enroll("victim");
}, 60_000);

afterAll(() => console[Symbol.asyncDispose]());

const planted = (plant: Plant): Promise<Planted> => plantCertificate(ours, sensor, plant);

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
const REFUSALS = "telovix_console_sensor_refusals_total";

/** Refusals so far, by their reason. */
function refusals(): Map<string, number> {
  const lines = console.metrics.render().matchAll(new RegExp(`^${REFUSALS}\\{reason="(\\w+)"\\} (\\d+)$`, "gm"));
  return new Map(Array.from(lines, ([, reason, count]) => [reason!, Number(count)]));
}

/** Tries a certificate at each door; what was said, and the reasons that were counted for it. */
async function tried(tls: {
  key?: string;
  cert?: string;
}): Promise<{ said: string[]; reasons: Record<string, number> }> {
  const before = refusals();
  const said = await answers(tls);
  const more = [...refusals()].map(([reason, count]) => [reason, count - (before.get(reason) ?? 0)] as const);
  return { said, reasons: Object.fromEntries(more.filter(([, count]) => count > 0)) };
}

/** What is shown, the one reason for which it must be refused, and how it is made: good in everything else, so that no other check can be why. */
const FAULTS: readonly [string, string, () => Promise<{ key?: string; cert?: string }>][] = [
  ["no certificate", "no_certificate", async () => Promise.resolve({})],
  [
    "another authority's",
    "unknown_issuer",
    async () => planted({ signer: await createAuthority("Somebody else", Date.now()) }),
  ],
  [
    "another authority's under the Console's name",
    "bad_signature",
    async () => planted({ signer: await createAuthority("Telovix Console CA", Date.now()) }),
  ],
  [
    "one signed by ours in another way",
    "bad_signature",
    () => planted({ signedWith: { name: "ECDSA", hash: "SHA-384" } }),
  ],
  [
    "one longer than any of ours",
    "malformed",
    () => planted({ extension: new x509.Extension("1.3.6.1.4.1.99999.1", false, new Uint8Array(17_000)) }),
  ],
  ["one on no record", "unknown", () => planted({})],
  ["an expired one", "expired", () => planted({ notAfter: Date.now() - HOUR_MS / 2 })],
  ["one not valid yet", "not_yet_valid", () => planted({ notBefore: Date.now() + HOUR_MS / 2 })],
  ["one made for servers", "wrong_usage", () => planted({ usage: x509.ExtendedKeyUsage.serverAuth })],
  ["one made for signing code", "wrong_usage", () => planted({ usage: x509.ExtendedKeyUsage.codeSigning })],
  [
    "one of an authority kind",
    "is_authority",
    () => planted({ ca: true, keyUsage: x509.KeyUsageFlags.digitalSignature }),
  ],
  [
    "one whose key may sign certificates",
    "is_authority",
    () => planted({ keyUsage: x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature }),
  ],
  [
    "one over a key of another curve",
    "wrong_key",
    () => planted({ algorithm: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" } }),
  ],
  [
    "one that names two sensors",
    "no_sensor_name",
    () => planted({ uris: [sensorUri(sensor.sensorId), sensorUri(sensor.sensorId)] }),
  ],
  ["one that names no sensor", "no_sensor_name", () => planted({ uris: ["https://example.net/"] })],
  [
    "one with a critical extension nobody knows",
    "unknown_critical_extension",
    () => planted({ extension: new x509.Extension("1.3.6.1.4.1.99999.1", true, new Uint8Array([5, 0])) }),
  ],
  ["the same serial over another key", "unknown", async () => planted({ serial: await serialOf(sensor) })],
  [
    "the same serial over the same key for another sensor",
    "unknown",
    async () => {
      const { sensorId } = await console.enroll("bystander");
      return planted({ serial: await serialOf(sensor), overOwnKey: true, sensorId });
    },
  ],
  [
    "the same serial by another authority",
    "bad_signature",
    async () =>
      planted({ serial: await serialOf(sensor), signer: await createAuthority("Telovix Console CA", Date.now()) }),
  ],
  [
    "one signed with a sensor's certificate",
    "unknown_issuer",
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
    "unknown_issuer",
    async () => {
      const between = await planted({ ca: true, subject: [{ CN: ["Between"] }] });
      return planted({ signer: between.authority, chain: between.cert });
    },
  ],
  [
    "a sensor's own key under the Console's name",
    "bad_signature",
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

  test.each(FAULTS)("%s is refused: %s", async (_name, reason, make) => {
    const { key, cert } = await make();
    const { said, reasons } = await tried({
      ...(key === undefined ? {} : { key }),
      ...(cert === undefined ? {} : { cert }),
    });
    expect(said).toEqual(UNTRUSTED);
    expect(reasons).toEqual({ [reason]: UNTRUSTED.length });
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
    expect(await tried({ key, cert })).toEqual({ said: UNTRUSTED, reasons: { wrong_key: UNTRUSTED.length } });
  });

  test("a revoked one is refused as such", async () => {
    const gone = await console.enroll("gone");
    await console.api("POST", `/api/v1/sensors/${gone.sensorId}/revoke`);
    expect(await tried(gone.tls)).toEqual({
      said: ["403 sensor_revoked", "403 sensor_revoked", "403"],
      reasons: { revoked: 3 },
    });
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
