import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AuditPage } from "../../src/core/api/audit.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import type { AuthorityStatus, RotationAction, RotationPhase } from "../../src/core/api/trust.ts";
import { silentLog } from "../../src/core/log.ts";
import { createSensorRequest } from "../../src/core/pki/csr.ts";
import { P256, x509 } from "../../src/core/pki/x509.ts";
import type { HeartbeatResponse } from "../../src/core/wire/heartbeat.ts";
import type { RenewResponse } from "../../src/core/wire/renew.ts";
import { makeAuthority, readAuthorities } from "../../src/console/trust/authority-files.ts";
import { stepOf } from "../../src/console/trust/rotation/phases.ts";
import { findStanding, updateStanding } from "../../src/console/trust/rotation/store.ts";
import { eventually, RealSensor } from "../harness/identity.ts";
import { testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole, TestSensor } from "../harness/sensor-plane.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

let stores: TestStores;
let console: TestConsole;
const open: AsyncDisposable[] = [];

beforeEach(async () => {
  for (const item of open.splice(0)) await item[Symbol.asyncDispose]();
  stores = await testStores();
  console = await (await TestConsole.start(stores, {}, undefined, { heartbeatIntervalMs: 100 })).setUp();
  open.push({ [Symbol.asyncDispose]: () => console[Symbol.asyncDispose]() }, stores);
}, 60_000);

afterAll(async () => {
  for (const item of open.splice(0)) await item[Symbol.asyncDispose]();
}, 30_000);

const status = (): Promise<AuthorityStatus> => console.json("GET", "/api/v1/trust/authority");
async function act(action: RotationAction, force = false): Promise<AuthorityStatus> {
  const after = await console.json<AuthorityStatus>(
    "POST",
    `/api/v1/trust/authority/${action}`,
    force ? { force } : {},
  );
  await console.readTrust();
  return after;
}
const refused = (action: RotationAction): Promise<string> => act(action).then(() => "done", String);

/** How a heartbeat by these credentials ends; what the sensor trusts the Console by is its own. */
async function beat(sensor: TestSensor, bundleHash?: string): Promise<HeartbeatResponse | string> {
  const heartbeat = testHeartbeat();
  if (bundleHash !== undefined) Object.assign(heartbeat.trust, { trust_bundle_hash: bundleHash });
  try {
    const response = await sensor.send("/sensors/heartbeat", heartbeat);
    const text = await response.text();
    return response.ok ? (JSON.parse(text) as HeartbeatResponse) : `${response.status} ${text}`;
  } catch (error) {
    return `no trust: ${(error as { code?: string }).code ?? String(error)}`;
  }
}
const well = (answer: HeartbeatResponse | string): boolean => typeof answer !== "string";

/** The sensor renews and, as it does, takes the bundle that comes along. */
async function renew(sensor: TestSensor, name: string): Promise<TestSensor> {
  const { keyPem, csrPem } = await createSensorRequest(name);
  const response = await sensor.send("/sensors/renew", { protocol_version: 3, csr_pem: csrPem });
  if (!response.ok) throw new Error(await response.text());
  const answer = (await response.json()) as RenewResponse;
  return new TestSensor(console, sensor.sensorId, keyPem, answer.control_plane_certificate_pem, sensor.enrolled);
}

async function restart(): Promise<void> {
  await console.stop();
  const { dir } = console;
  console = await TestConsole.start(stores, {}, dir);
  await console.signIn();
}

async function goTo(phase: RotationPhase | "retired"): Promise<void> {
  const steps: Record<typeof phase, readonly RotationAction[]> = {
    stable: [],
    dual_trust: ["rotate"],
    dual_issue: ["rotate", "advance"],
    retired: ["rotate", "advance", "advance"],
  };
  for (const action of steps[phase]) await act(action, action === "advance");
}

const issuerOf = (sensor: TestSensor): string => new x509.X509Certificate(sensor.tls.cert).issuer;

describe.each(["stable", "dual_trust", "dual_issue", "retired"] as const)("in the phase %s", (phase) => {
  const retired = phase === "retired";

  test("nodes enrol, sensors renew, a restart changes nothing, and who was away learns where he stands", async () => {
    const before = await console.enroll("before");
    const away = await console.enroll("away");
    const pin = (await status()).pinned_public_key;
    const oldIssuer = issuerOf(before);
    await goTo(phase);

    const enrolled = await console.enroll("during");
    expect(well(await beat(enrolled))).toBe(true);
    expect(issuerOf(enrolled) === oldIssuer).toBe(phase === "stable" || phase === "dual_trust");

    if (!retired) {
      expect(well(await beat(before))).toBe(true);
      const fresh = await renew(before, "before");
      expect(well(await beat(fresh))).toBe(true);
      expect(well(await beat(before))).toBe(true);
      expect(issuerOf(fresh) === oldIssuer).toBe(phase !== "dual_issue");
    }

    const was = await status();
    await restart();
    const is = await status();
    expect([is.phase, is.authorities.map((a) => a.id), is.pinned_public_key]).toEqual([
      was.phase,
      was.authorities.map((a) => a.id),
      pin,
    ]);
    const later = new TestSensor(console, enrolled.sensorId, enrolled.tls.key, enrolled.tls.cert, enrolled.enrolled);
    expect(well(await beat(later))).toBe(true);

    // With what it trusted all along.
    const returned = away.at(console);
    const stored = new TestSensor(console, away.sensorId, away.tls.key, away.tls.cert, away.enrolled);
    stored.tls.ca = away.tls.ca;
    if (!retired) expect(well(await beat(stored))).toBe(true);
    else {
      expect(await beat(stored)).toStartWith("no trust");
      // Even if it believed the Console, its certificate is of the retired authority, and is told so.
      const answer = await beat(returned);
      expect(answer).toStartWith("401");
      expect(answer).toContain("authority that this Console has retired");
      const again = await console.enrollAgain(away, "away");
      expect(again.sensorId).toBe(away.sensorId);
      expect(well(await beat(again))).toBe(true);
    }
  }, 30_000);

  test("the files of the trust directory are those of the phase", async () => {
    await goTo(phase);
    const names = (await readdir(join(console.dir, "trust"))).filter((name) => name.startsWith("ca"));
    expect(names).toHaveLength(phase === "stable" || retired ? 2 : 4);
    await restart();
    const server = await readFile(join(console.dir, "trust", "server.cert.pem"), "utf8");
    const { authorities } = await status();
    const serving = authorities[retired ? authorities.length - 1 : 0]!;
    expect(new x509.X509Certificate(server).issuer).toBe(serving.subject);
  });
});

describe("a step", () => {
  test("that would cut sensors off names them, and is not taken without force", async () => {
    const sensor = await console.enroll("slow-1");
    await goTo("dual_issue");
    expect(await refused("advance")).toContain("1 sensor would be cut off: slow-1");
    expect(await status()).toMatchObject({
      waiting_total: 1,
      waiting: [{ node_name: "slow-1", reason: "certificate" }],
      actions: ["abort"],
    });
    const fresh = await renew(sensor, "slow-1");
    // It has the certificate; that it has stored the bundle it must say.
    const said = (await beat(fresh)) as HeartbeatResponse;
    expect(said.renew_now).toBeUndefined();
    expect((await status()).waiting).toMatchObject([{ reason: "bundle" }]);
    expect(await refused("advance")).toContain("cut off");
    await beat(fresh, said.trust_bundle_hash);
    expect((await status()).actions).toEqual(["advance", "abort"]);
    expect((await act("advance")).phase).toBe("stable");
    const actions = (await console.json<AuditPage>("GET", "/api/v1/audit?limit=50")).records.map((r) => r.action_type);
    expect(actions.filter((a) => a.startsWith("ca_"))).toEqual([
      "ca_rotation_completed",
      "ca_rotation_advanced",
      "ca_rotation_started",
    ]);
  });

  test("taken with force ends the connections of those it cuts off within a second", async () => {
    const sensor = await console.enroll("late-1");
    const stream = await sensor.stream();
    await stream.hello();
    await goTo("dual_issue");
    const start = performance.now();
    await act("advance", true);
    await eventually("the stream ends", () => stream.closed !== undefined);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test("does not fit every phase", async () => {
    expect(await refused("advance")).toContain("not being changed");
    expect(await refused("abort")).toContain("not being changed");
    await act("rotate");
    expect(await refused("rotate")).toContain("being changed already");
    expect((await act("abort")).phase).toBe("stable");
  });

  test("back from the next authority is possible, and asks for new certificates of the old one", async () => {
    const old = await console.enroll("back-1");
    await goTo("dual_issue");
    expect(await beat(old)).toMatchObject({ renew_now: true });
    const fresh = await renew(old, "back-1");
    await beat(fresh);
    expect((await act("abort")).phase).toBe("dual_trust");
    expect(await beat(fresh)).toMatchObject({ renew_now: true });
    expect(await refused("abort")).toContain("1 sensor would be cut off: back-1");
    const back = await renew(fresh, "back-1");
    await beat(back);
    expect((await act("abort")).phase).toBe("stable");
    expect(well(await beat(back))).toBe(true);
    expect(await beat(fresh)).toStartWith("401");
  });

  test("lets no authority speak for the other: a certificate counts by the one that signed it", async () => {
    const sensor = await console.enroll("copy-1");
    await act("rotate");
    const trust = join(console.dir, "trust");
    const next = (await readAuthorities(trust)).find((file) => file.certPath.includes("ca-"))!;
    const own = new x509.X509Certificate(sensor.tls.cert);
    // Serial, key, names and dates are those of the sensor's own; only the signature is the next authority's.
    const copy = await x509.X509CertificateGenerator.create({
      serialNumber: own.serialNumber,
      subject: own.subjectName.toJSON(),
      issuer: next.certificate.subjectName.toJSON(),
      notBefore: own.notBefore,
      notAfter: own.notAfter,
      publicKey: own.publicKey,
      signingKey: next.privateKey!,
      signingAlgorithm: P256,
      extensions: own.extensions.filter((e) => e.type !== "2.5.29.35"),
    });
    const { key } = sensor.tls;
    const forged = new TestSensor(console, sensor.sensorId, key, copy.toString("pem"), sensor.enrolled);
    expect(await beat(forged)).toContain("is not known here");
    expect(well(await beat(sensor))).toBe(true);
  });

  test("two at the same moment are one", async () => {
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => act("rotate")));
    expect(all.filter((r) => r.status === "fulfilled")).toHaveLength(1);
    expect((await readdir(join(console.dir, "trust"))).filter((n) => n.startsWith("ca-"))).toHaveLength(2);
  });
});

describe("a Console that was killed", () => {
  test("after the database and before the files goes on where it was", async () => {
    const sensor = await console.enroll("killed-1");
    await goTo("dual_issue");
    const fresh = await renew(sensor, "killed-1");
    await beat(fresh);
    const standing = (await findStanding(stores.db))!;
    await console.stop();
    expect(await updateStanding(stores.db, standing.version, stepOf(standing, "advance")!)).toMatchObject({
      phase: "stable",
    });
    await restart();
    expect((await status()).authorities).toHaveLength(1);
    expect((await readdir(join(console.dir, "trust"))).filter((n) => n.startsWith("ca"))).toHaveLength(2);
    expect(
      well(await beat(new TestSensor(console, fresh.sensorId, fresh.tls.key, fresh.tls.cert, fresh.enrolled))),
    ).toBe(true);
  });

  test("after the files and before the database leaves nothing behind", async () => {
    const trust = join(console.dir, "trust");
    await makeAuthority(trust, false, Date.now(), silentLog);
    await restart();
    expect(await status()).toMatchObject({ phase: "stable", authorities: [{ standing: "issuing" }] });
    await act("rotate");
    expect((await readdir(trust)).filter((n) => n.startsWith("ca-"))).toHaveLength(2);
  });

  test("and lost its directory says so instead of making another authority", async () => {
    await console.enroll("lost-1");
    await console.stop();
    const { dir } = console;
    await rm(join(dir, "trust"), { recursive: true });
    const failed = await TestConsole.start(stores, {}, dir).then(() => "started", String);
    expect(failed).toContain("is not in");
    await Bun.write(join(dir, "trust", "start-anew"), "");
    await restart();
    expect((await status()).authorities).toHaveLength(1);
    expect(well(await beat(await console.enroll("anew-1")))).toBe(true);
  });
});

test("a sensor that runs goes through the whole change and back without a person", async () => {
  await using sensor = await RealSensor.create();
  const made = await console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", {});
  const { sensor_id: id } = await sensor.enroll(made);
  sensor.run();
  for (const round of [1, 2]) {
    await act("rotate");
    await eventually("the bundle of both", async () => (await status()).sensors_with_bundle === 1);
    await act("advance");
    await eventually("nobody waits", async () => (await status()).actions.includes("advance"));
    const { phase } = await act("advance");
    expect(phase).toBe("stable");
    await sensor.lines.append(`after${round}`);
    await eventually("an event after it", async () => {
      const page = await console.json<{ events: unknown[] }>(
        "GET",
        `/api/v1/events?sensor_id=${id}&since=1h&q=after${round}`,
      );
      return page.events.length === 1;
    });
  }
  expect((await sensor.saved()).trust_state).toBe("trusted");
}, 60_000);
