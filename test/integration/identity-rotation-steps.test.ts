import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readAuthorities } from "../../src/console/trust/authority-files.ts";
import type { AuditPage } from "../../src/core/api/audit.ts";
import { P256, x509 } from "../../src/core/pki/x509.ts";
import type { HeartbeatResponse } from "../../src/core/wire/heartbeat.ts";
import { eventually } from "../harness/identity.ts";
import { beat, RotationBed, well } from "../harness/rotation-bed.ts";
import { TestSensor } from "../harness/test-sensor.ts";

let bed: RotationBed;
beforeEach(async () => void (bed = await RotationBed.open()), 60_000);
afterEach(() => bed[Symbol.asyncDispose](), 30_000);

describe("a step", () => {
  test("that would cut sensors off names them, and is not taken without force", async () => {
    const sensor = await bed.console.enroll("slow-1");
    await bed.goTo("dual_issue");
    expect(await bed.refused("advance")).toContain("1 sensor would be cut off: slow-1");
    expect(await bed.status()).toMatchObject({
      waiting_total: 1,
      waiting: [{ node_name: "slow-1", reason: "certificate" }],
      actions: ["abort"],
    });
    const fresh = await bed.renew(sensor, "slow-1");
    // It has the certificate; that it has stored the bundle it must say.
    const said = (await beat(fresh)) as HeartbeatResponse;
    expect(said.renew_now).toBeUndefined();
    expect((await bed.status()).waiting).toMatchObject([{ reason: "bundle" }]);
    expect(await bed.refused("advance")).toContain("cut off");
    await beat(fresh, said.trust_bundle_hash);
    expect((await bed.status()).actions).toEqual(["advance", "abort"]);
    expect((await bed.act("advance")).phase).toBe("stable");
    const actions = (await bed.console.json<AuditPage>("GET", "/api/v1/audit?limit=50")).records.map(
      (r) => r.action_type,
    );
    expect(actions.filter((a) => a.startsWith("ca_"))).toEqual([
      "ca_rotation_completed",
      "ca_rotation_advanced",
      "ca_rotation_started",
    ]);
  });

  test("taken with force ends the connections of those it cuts off within a second", async () => {
    const sensor = await bed.console.enroll("late-1");
    const stream = await sensor.stream();
    await stream.hello();
    await bed.goTo("dual_issue");
    const start = performance.now();
    await bed.act("advance", true);
    await eventually("the stream ends", () => stream.closed !== undefined);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test("does not fit every phase", async () => {
    expect(await bed.refused("advance")).toContain("not being changed");
    expect(await bed.refused("abort")).toContain("not being changed");
    await bed.act("rotate");
    expect(await bed.refused("rotate")).toContain("being changed already");
    expect((await bed.act("abort")).phase).toBe("stable");
  });

  test("back from the next authority is possible, and asks for new certificates of the old one", async () => {
    const old = await bed.console.enroll("back-1");
    await bed.goTo("dual_issue");
    expect(await beat(old)).toMatchObject({ renew_now: true });
    const fresh = await bed.renew(old, "back-1");
    await beat(fresh);
    expect((await bed.act("abort")).phase).toBe("dual_trust");
    expect(await beat(fresh)).toMatchObject({ renew_now: true });
    expect(await bed.refused("abort")).toContain("1 sensor would be cut off: back-1");
    const back = await bed.renew(fresh, "back-1");
    await beat(back);
    expect((await bed.act("abort")).phase).toBe("stable");
    expect(well(await beat(back))).toBe(true);
    expect(await beat(fresh)).toStartWith("401");
  });

  test("lets no authority speak for the other: a certificate counts by the one that signed it", async () => {
    const sensor = await bed.console.enroll("copy-1");
    await bed.act("rotate");
    const trust = join(bed.console.dir, "trust");
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
    const forged = new TestSensor(bed.console, sensor.sensorId, key, copy.toString("pem"), sensor.enrolled);
    expect(await beat(forged)).toContain("is not known here");
    expect(well(await beat(sensor))).toBe(true);
  });

  test("two at the same moment are one", async () => {
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => bed.act("rotate")));
    expect(all.filter((r) => r.status === "fulfilled")).toHaveLength(1);
    expect((await readdir(join(bed.console.dir, "trust"))).filter((n) => n.startsWith("ca-"))).toHaveLength(2);
  });
});
