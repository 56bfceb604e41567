import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AuditPage } from "../../src/core/api/audit.ts";
import type { SensorDetail } from "../../src/core/api/sensors.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import { createSensorRequest } from "../../src/core/pki/csr.ts";
import type { HeartbeatResponse } from "../../src/core/wire/heartbeat.ts";
import type { RenewResponse } from "../../src/core/wire/renew.ts";
import { DAY_MS, eventually, HOUR_MS, RealSensor, ShiftedClock } from "../harness/identity.ts";
import { testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { TestSensor } from "../harness/test-sensor.ts";

let console: TestConsole;
const clock = new ShiftedClock();

beforeAll(async () => void (console = await TestConsole.fresh({ clock })), 60_000);

afterAll(() => console[Symbol.asyncDispose]());

const detail = (id: string): Promise<SensorDetail> => console.json("GET", `/api/v1/sensors/${id}`);
const statuses = async (id: string): Promise<string[]> =>
  (await detail(id)).certificates.map((c) => c.status).toSorted();
const heard = async (id: string): Promise<string[]> =>
  (await console.json<AuditPage>("GET", "/api/v1/audit?limit=200")).records
    .filter((r) => r.sensor_id === id)
    .map((r) => r.action_type);
const beat = (sensor: TestSensor): Promise<Response> =>
  sensor.send("/sensors/heartbeat", testHeartbeat({ sent_at_us: clock.nowMs() * 1000 }));

async function renew(sensor: TestSensor, name: string): Promise<{ key: string; response: Response }> {
  const { keyPem, csrPem } = await createSensorRequest(name);
  return { key: keyPem, response: await sensor.send("/sensors/renew", { protocol_version: 3, csr_pem: csrPem }) };
}

async function renewed(sensor: TestSensor, name: string): Promise<TestSensor> {
  const { key, response } = await renew(sensor, name);
  if (!response.ok) throw new Error(await response.text());
  const answer = (await response.json()) as RenewResponse;
  return new TestSensor(console, sensor.sensorId, key, answer.control_plane_certificate_pem, sensor.enrolled);
}

/** A session that is idle for long ends: the administrator is not to sign in again with each leap of the clock. */
async function keepSessions(): Promise<void> {
  const now = new Date(clock.nowMs());
  const end = new Date(clock.nowMs() + DAY_MS);
  await console.stores.db.system((tx) => tx`UPDATE sessions SET last_used_at = ${now}, expires_at = ${end}`);
}

/** Puts the clocks forward for the time of a test. */
async function later(ms: number, clocks: readonly ShiftedClock[], run: () => Promise<void>): Promise<void> {
  const before = clocks.map((c) => c.offsetMs);
  for (const c of clocks) c.offsetMs += ms;
  await keepSessions();
  try {
    await run();
  } finally {
    for (const [i, c] of clocks.entries()) c.offsetMs = before[i]!;
    await keepSessions();
  }
}

describe("a renewal by hand", () => {
  test("leaves both certificates good until the new one is used, and the old one for a day after it", async () => {
    const old = await console.enroll("twice-1");
    const fresh = await renewed(old, "twice-1");
    expect(await statuses(old.sensorId)).toEqual(["active", "pending"]);
    expect((await beat(old)).status).toBe(200);
    expect((await beat(fresh)).status).toBe(200);
    expect(await statuses(old.sensorId)).toEqual(["active", "previous"]);
    expect((await beat(old)).status).toBe(200);
    expect((await detail(old.sensorId)).trust_state).toBe("rotated");
    expect(await heard(old.sensorId)).toEqual([
      "certificate_renewed",
      "auto_certificate_renewal_initiated",
      "sensor_enrolled",
    ]);
    await later(DAY_MS + 60_000, [clock], async () => {
      const refused = await beat(old);
      expect(refused.status).toBe(401);
      expect(await refused.text()).toContain("was renewed more than a day ago");
      expect((await beat(fresh)).status).toBe(200);
    });
  });

  test("whose answer is lost costs nothing: it is asked for again with the old certificate", async () => {
    const old = await console.enroll("lost-1");
    const lost = await renewed(old, "lost-1");
    const again = await renewed(old, "lost-1");
    expect((await beat(again)).status).toBe(200);
    expect(await statuses(old.sensorId)).toEqual(["active", "previous", "revoked"]);
    expect((await beat(lost)).status).toBe(403);
  });

  test("keeps the newest three of those that are never used", async () => {
    const old = await console.enroll("many-1");
    for (let i = 0; i < 5; i++) await renewed(old, "many-1");
    const found = await statuses(old.sensorId);
    expect(found.filter((s) => s === "pending")).toHaveLength(3);
    expect((await beat(old)).status).toBe(200);
  });

  test("is refused for a key that was used, another name, and a certificate that has a successor", async () => {
    const old = await console.enroll("no-1");
    const { csrPem } = await createSensorRequest("no-1");
    const ask = (sensor: TestSensor, csr: string): Promise<Response> =>
      sensor.send("/sensors/renew", { protocol_version: 3, csr_pem: csr });
    expect((await ask(old, csrPem)).status).toBe(200);
    const twice = await ask(old, csrPem);
    expect([twice.status, await twice.text()]).toEqual([400, expect.stringContaining("the key was used before")]);
    expect((await ask(old, (await createSensorRequest("no-2")).csrPem)).status).toBe(400);
    expect((await ask(old, "-----BEGIN nonsense")).status).toBe(400);
    const fresh = await renewed(old, "no-1");
    expect((await beat(fresh)).status).toBe(200);
    const { response } = await renew(old, "no-1");
    expect(response.status).toBe(401);
    expect(await response.text()).toContain("has been renewed already");
    expect((await heard(old.sensorId)).filter((a) => a === "auto_certificate_renewal_refused")).toHaveLength(4);
  });

  test("twenty at once end with one active certificate", async () => {
    const old = await console.enroll("race-1");
    const all = (await Promise.all(Array.from({ length: 20 }, () => renew(old, "race-1")))).filter(
      ({ response }) => response.ok,
    );
    // The rest is told to wait: renewals cost the Console more than they cost the sensor.
    expect(all.length).toBeGreaterThan(2);
    expect(all.length).toBeLessThan(8);
    const made = await Promise.all(
      all.map(async ({ key, response }) => {
        const answer = (await response.json()) as RenewResponse;
        return new TestSensor(console, old.sensorId, key, answer.control_plane_certificate_pem, old.enrolled);
      }),
    );
    // The connections of those that lose are cut.
    const answers = await Promise.allSettled(made.map(beat));
    expect(answers.some((a) => a.status === "fulfilled" && a.value.status === 200)).toBe(true);
    expect((await statuses(old.sensorId)).filter((s) => s === "active")).toHaveLength(1);
  });

  test("every state of trust is told to the sensor and shown", async () => {
    const sensor = await console.enroll("states-1");
    const said = async (): Promise<string[]> => {
      const answer = (await (await beat(sensor)).json()) as HeartbeatResponse;
      return [answer.trust_health, (await detail(sensor.sensorId)).trust_health];
    };
    expect(await said()).toEqual(["healthy", "healthy"]);
    await later(650 * HOUR_MS, [clock], async () => {
      expect(await said()).toEqual(["renewal_recommended", "renewal_recommended"]);
    });
    await later(700 * HOUR_MS, [clock], async () => expect(await said()).toEqual(["renewal_due", "renewal_due"]));
    await later(721 * HOUR_MS, [clock], async () => {
      const refused = await beat(sensor);
      expect(await refused.text()).toContain("The sensor certificate has expired");
      const shown = await detail(sensor.sensorId);
      expect(shown.trust_health).toBe("degraded");
      expect(shown.health_reasons.map((r) => r.code)).toContain("certificate_expired");
    });
    await console.api("POST", `/api/v1/sensors/${sensor.sensorId}/revoke`);
    expect((await detail(sensor.sensorId)).trust_health).toBe("revoked");
  });
});

describe("a sensor", () => {
  const token = (): Promise<CreatedToken> => console.json("POST", "/api/v1/enrollment/tokens", {});

  test("renews by itself when 72 hours are left, and says so nowhere in alarm", async () => {
    await using sensor = await RealSensor.create();
    const { sensor_id: id, certificate_serial: before } = await sensor.enroll(await token());
    sensor.run();
    await eventually("a heartbeat", async () => (await detail(id)).last_seen_at);
    await later(649 * HOUR_MS, [clock, sensor.clock], async () => {
      await sensor.stop();
      sensor.run();
      await eventually("another certificate", async () => (await sensor.saved()).certificate_serial !== before);
      await eventually("in use", async () => (await detail(id)).trust_health === "healthy");
      expect(await statuses(id)).toEqual(["active", "previous"]);
      expect((await sensor.saved()).trust_state).toBe("trusted");
      expect(sensor.logged.filter((line) => line.includes('"level":"error"') && line.includes("renewal"))).toEqual([]);
    });
  });

  test("opens its stream anew with the new certificate: the old one is out of use, and nothing is lost or doubled", async () => {
    await using sensor = await RealSensor.create();
    const { sensor_id: id, certificate_serial: before } = await sensor.enroll(await token());
    const ups = (): number => sensor.logged.filter((line) => line.includes("the stream is up")).length;
    const stored = async (): Promise<number[]> =>
      (
        await console.stores.events.selectSystem<{ seq: number }>(
          "SELECT seq FROM runtime_events WHERE sensor_id = {id:UUID} AND event_kind = 'process_exec' ORDER BY seq",
          { id },
        )
      ).map(({ seq }) => Number(seq));
    sensor.run();
    await eventually("the stream", () => ups() === 1);
    await later(649 * HOUR_MS, [clock, sensor.clock], async () => {
      await sensor.stop();
      await sensor.lines.append(...Array.from({ length: 200 }, (_, i) => `n-${i}`));
      sensor.run();
      await eventually("another certificate", async () => (await sensor.saved()).certificate_serial !== before);
      const again = (line: string): boolean => line.includes("the stream is opened again");
      await eventually("the old stream ends for it", () => sensor.logged.some(again));
      await eventually("a stream with it", () =>
        sensor.logged.slice(sensor.logged.findIndex(again)).some((line) => line.includes("the stream is up")),
      );
      const opened = ups();
      // Whatever was opened with the old certificate ends with this.
      const news = { from: "0123456789abcdef", news: { kind: "certificates", serials: [before] } };
      await console.stores.db.system((tx) => tx`SELECT pg_notify('telovix_trust', ${JSON.stringify(news)})`);
      await sensor.lines.append("last");
      await eventually("all of it", async () => (await stored()).length >= 201);
      expect(await stored()).toEqual(Array.from({ length: 201 }, (_, i) => i + 1));
      expect(ups()).toBe(opened);
    });
  });

  test("killed at any step of a renewal ends up with a certificate that counts", async () => {
    for (const step of ["asked", "staged", "proven", "committed"] as const) {
      await using sensor = await RealSensor.create();
      const { sensor_id: id, certificate_serial: before } = await sensor.enroll(await token());
      await later(649 * HOUR_MS, [clock, sensor.clock], async () => {
        let killed = false;
        sensor.run({
          renewal: {
            dice: () => 0,
            onStep: (reached) => {
              if (reached !== step || killed) return;
              killed = true;
              throw new Error("killed here");
            },
          },
        });
        await eventually(`the step ${step}`, () => killed);
        await sensor.stop();
        sensor.run();
        await eventually(`another certificate after ${step}`, async () => {
          return (await sensor.saved()).certificate_serial !== before;
        });
        await eventually("trusted", async () => (await detail(id)).trust_health === "healthy");
        expect([await sensor.file("client.next.json"), await sensor.file("client.switch.json")]).toEqual(["", ""]);
      });
    }
  }, 60_000);

  test("whose certificate ended says so, keeps its spool, and delivers it after a re-enrolment", async () => {
    await using sensor = await RealSensor.create();
    const { sensor_id: id } = await sensor.enroll(await token());
    sensor.run();
    await eventually("a heartbeat", async () => (await detail(id)).last_seen_at);
    await sensor.stop();
    await later(721 * HOUR_MS, [clock, sensor.clock], async () => {
      await sensor.lines.append("while-expired");
      sensor.run();
      await eventually("it knows", async () => (await sensor.saved()).trust_state === "error");
      expect((await sensor.saved()).last_error).toContain("has expired");
      expect(sensor.logged.join("\n")).toContain("Make a re-enrolment token");
      await sensor.stop();
      const made = await console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", { sensor_id: id });
      expect(made.install_command).toContain("--replace yes");
      expect(made.manual_command).toContain("--force");
      const again = await sensor.enroll(made, { force: true });
      expect(again.sensor_id).toBe(id);
      sensor.run();
      const found = await eventually("the event", async () => {
        const page = await console.json<{ events: { message: string }[] }>(
          "GET",
          `/api/v1/events?sensor_id=${id}&since=90d&q=while-expired`,
        );
        return page.events.length > 0 && page.events;
      });
      expect(found).toHaveLength(1);
      const told = (): Promise<{ serial: string }[]> =>
        console.stores.db.system(
          (tx) => tx`SELECT trust->>'certificate_serial' AS serial FROM sensors WHERE sensor_id = ${id}`,
        );
      await eventually("a heartbeat", async () => (await told())[0]?.serial === again.certificate_serial);
      // The refusal was the old certificate's; nobody is alarmed over the new one.
      const { trust_health, health_reasons } = await detail(id);
      expect(trust_health).toBe("healthy");
      expect(health_reasons.map((r) => r.code).filter((code) => /certificate|trust/.test(code))).toEqual([]);
    });
  }, 30_000);
});
