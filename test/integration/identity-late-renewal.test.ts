import { expect, test } from "bun:test";
import type { SensorDetail } from "../../src/core/api/sensors.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import { eventually, HOUR_MS, RealSensor, ShiftedClock } from "../harness/identity.ts";
import { TestConsole } from "../harness/sensor-plane.ts";

test("a sensor that gets no certificate at the mark of 72 hours gets one behind that of 24, and says meanwhile how late it is", async () => {
  const clock = new ShiftedClock();
  await using console = await TestConsole.fresh({ clock });
  await using sensor = await RealSensor.create();
  const made = await console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", {});
  const { sensor_id: id, certificate_serial: before } = await sensor.enroll(made);
  const detail = (): Promise<SensorDetail> => console.json("GET", `/api/v1/sensors/${id}`);
  const says = (message: string): string[] => sensor.logged.filter((line) => line.includes(message));
  /** A Console that serves, and can put down no certificate. */
  const refuse = (what: "ADD CONSTRAINT none CHECK (false) NOT VALID" | "DROP CONSTRAINT none"): Promise<unknown> =>
    console.stores.db.system((tx) => tx.unsafe(`ALTER TABLE sensor_certificates ${what}`));
  /** So long after the enrolment, for both at once; a session does not last until then. */
  const leap = async (hours: number, sensorAheadMs = 0): Promise<void> => {
    clock.offsetMs = hours * HOUR_MS;
    sensor.clock.offsetMs = clock.offsetMs + sensorAheadMs;
    await console.signIn();
  };

  await refuse("ADD CONSTRAINT none CHECK (false) NOT VALID");
  await leap(648.5);
  sensor.run();
  await eventually("it is refused", () => says("could not be renewed yet").length > 0);
  expect(says("could not be renewed yet")[0]).toContain('"hours_left":71');
  await eventually("it is shown", async () => (await detail()).trust_health === "renewal_recommended");

  // It looks at the time each minute, or at once when it hears that its clock is off: by two minutes, and then it is not.
  await leap(696.5, 2 * 60_000);
  await eventually("it is refused again", () => says("ends soon and could not be renewed").length > 0);
  expect(says("ends soon and could not be renewed")[0]).toContain('"hours_left":23');
  await eventually("it is shown", async () => (await detail()).trust_health === "renewal_due");
  expect((await sensor.saved()).certificate_serial).toBe(before);

  await refuse("DROP CONSTRAINT none");
  await leap(697);
  await eventually("another certificate", async () => (await sensor.saved()).certificate_serial !== before);
  await eventually("it is in use", async () => (await detail()).trust_health === "healthy");
  expect((await detail()).certificates.map((c) => c.status).toSorted()).toEqual(["active", "previous"]);
  expect((await sensor.saved()).trust_state).toBe("trusted");
  // A sensor that does not hear at once that its clock is off looks a minute later.
}, 240_000);
