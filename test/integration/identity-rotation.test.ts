import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeAuthority } from "../../src/console/trust/authority-files.ts";
import { stepOf } from "../../src/console/trust/rotation/phases.ts";
import { findStanding, updateStanding } from "../../src/console/trust/rotation/store.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import { silentLog } from "../../src/core/log.ts";
import { x509 } from "../../src/core/pki/x509.ts";
import { eventually, RealSensor } from "../harness/identity.ts";
import { beat, RotationBed, well } from "../harness/rotation-bed.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";

let bed: RotationBed;
beforeEach(async () => void (bed = await RotationBed.open()), 60_000);
afterEach(() => bed[Symbol.asyncDispose](), 30_000);

const issuerOf = (sensor: TestSensor): string => new x509.X509Certificate(sensor.tls.cert).issuer;

describe.each(["stable", "dual_trust", "dual_issue", "retired"] as const)("in the phase %s", (phase) => {
  const retired = phase === "retired";

  test("nodes enrol, sensors renew, a restart changes nothing, and who was away learns where he stands", async () => {
    const before = await bed.console.enroll("before");
    const away = await bed.console.enroll("away");
    const pin = (await bed.status()).pinned_public_key;
    const oldIssuer = issuerOf(before);
    await bed.goTo(phase);

    const enrolled = await bed.console.enroll("during");
    expect(well(await beat(enrolled))).toBe(true);
    expect(issuerOf(enrolled) === oldIssuer).toBe(phase === "stable" || phase === "dual_trust");

    if (!retired) {
      expect(well(await beat(before))).toBe(true);
      const fresh = await bed.renew(before, "before");
      expect(well(await beat(fresh))).toBe(true);
      expect(well(await beat(before))).toBe(true);
      expect(issuerOf(fresh) === oldIssuer).toBe(phase !== "dual_issue");
    }

    const was = await bed.status();
    await bed.restart();
    const is = await bed.status();
    expect([is.phase, is.authorities.map((a) => a.id), is.pinned_public_key]).toEqual([
      was.phase,
      was.authorities.map((a) => a.id),
      pin,
    ]);
    const later = enrolled.at(bed.console);
    expect(well(await beat(later))).toBe(true);

    // With what it trusted all along.
    const returned = away.at(bed.console);
    const stored = away.at(bed.console);
    stored.tls.ca = away.tls.ca;
    if (!retired) expect(well(await beat(stored))).toBe(true);
    else {
      expect(await beat(stored)).toStartWith("no trust");
      // Even if it believed the Console, its certificate is of the retired authority, and is told so.
      const answer = await beat(returned);
      expect(answer).toStartWith("401");
      expect(answer).toContain("authority that this Console has retired");
      const again = await bed.console.enrollAgain(away, "away");
      expect(again.sensorId).toBe(away.sensorId);
      expect(well(await beat(again))).toBe(true);
    }
  }, 30_000);

  test("the files of the trust directory are those of the phase", async () => {
    await bed.goTo(phase);
    const names = (await readdir(join(bed.console.dir, "trust"))).filter((name) => name.startsWith("ca"));
    expect(names).toHaveLength(phase === "stable" || retired ? 2 : 4);
    await bed.restart();
    const server = await readFile(join(bed.console.dir, "trust", "server.cert.pem"), "utf8");
    const { authorities } = await bed.status();
    const serving = authorities[retired ? authorities.length - 1 : 0]!;
    expect(new x509.X509Certificate(server).issuer).toBe(serving.subject);
  });
});

describe("a Console that was killed", () => {
  test("after the database and before the files goes on where it was", async () => {
    const sensor = await bed.console.enroll("killed-1");
    await bed.goTo("dual_issue");
    const fresh = await bed.renew(sensor, "killed-1");
    await beat(fresh);
    const standing = (await findStanding(bed.stores.db))!;
    await bed.console.stop();
    expect(await updateStanding(bed.stores.db, standing.version, stepOf(standing, "advance")!)).toMatchObject({
      phase: "stable",
    });
    await bed.restart();
    expect((await bed.status()).authorities).toHaveLength(1);
    expect((await readdir(join(bed.console.dir, "trust"))).filter((n) => n.startsWith("ca"))).toHaveLength(2);
    expect(well(await beat(fresh.at(bed.console)))).toBe(true);
  });

  test("after the files and before the database leaves nothing behind", async () => {
    const trust = join(bed.console.dir, "trust");
    await makeAuthority(trust, false, Date.now(), silentLog);
    await bed.restart();
    expect(await bed.status()).toMatchObject({ phase: "stable", authorities: [{ standing: "issuing" }] });
    await bed.act("rotate");
    expect((await readdir(trust)).filter((n) => n.startsWith("ca-"))).toHaveLength(2);
  });

  test("and lost its directory says so instead of making another authority", async () => {
    await bed.console.enroll("lost-1");
    await bed.console.stop();
    const { dir } = bed.console;
    await rm(join(dir, "trust"), { recursive: true });
    const failed = await TestConsole.start(bed.stores, {}, dir).then(() => "started", String);
    expect(failed).toContain("is not in");
    await Bun.write(join(dir, "trust", "start-anew"), "");
    await bed.restart();
    expect((await bed.status()).authorities).toHaveLength(1);
    expect(well(await beat(await bed.console.enroll("anew-1")))).toBe(true);
  });
});

test("a sensor that runs goes through the whole change and back without a person", async () => {
  await using sensor = await RealSensor.create();
  const made = await bed.console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", {});
  const { sensor_id: id } = await sensor.enroll(made);
  sensor.run();
  for (const round of [1, 2]) {
    await bed.act("rotate");
    await eventually("the bundle of both", async () => (await bed.status()).sensors_with_bundle === 1);
    await bed.act("advance");
    await eventually("nobody waits", async () => (await bed.status()).actions.includes("advance"));
    const { phase } = await bed.act("advance");
    expect(phase).toBe("stable");
    await sensor.lines.append(`after${round}`);
    await eventually("an event after it", async () => {
      const page = await bed.console.json<{ events: unknown[] }>(
        "GET",
        `/api/v1/events?sensor_id=${id}&since=1h&q=after${round}`,
      );
      return page.events.length === 1;
    });
  }
  expect((await sensor.saved()).trust_state).toBe("trusted");
}, 60_000);
