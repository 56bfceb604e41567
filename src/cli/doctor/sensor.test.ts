import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { scratchDirs } from "../../../test/harness/scratch-dirs.ts";
import { lockStateDir } from "../../sensor/state/directory.ts";
import { statePaths } from "../../sensor/state/paths.ts";
import { writeSensorState, type SensorState } from "../../sensor/state/sensor-state.ts";
import type { Finding } from "./finding.ts";
import { checkSensor } from "./sensor.ts";

const newDir = scratchDirs("doctor");
const NOW = Date.parse("2026-01-15T00:00:00Z");
const STATE: SensorState = {
  version: 1,
  sensor_id: "01890000-0000-7000-8000-000000000001",
  console_url: "https://console.test:15483",
  node_name: "node-2",
  declared_role: "generic_linux",
  flavor: "standard",
  enrolled_at: "2026-01-01T00:00:00Z",
  certificate_serial: "aa",
  certificate_expires_at: "2026-02-01T00:00:00Z",
  trust_state: "trusted",
  heartbeat_interval_ms: 15_000,
  stream_tick_ms: 500,
};
const said = (findings: readonly Finding[]): string[] => findings.map((f) => `${f.status} ${f.name}: ${f.message}`);

test.each([
  ["trusted", {}, "ok trust: The Console trusts it; its certificate holds until 2026-02-01T00:00:00Z."],
  [
    "refused",
    { trust_state: "error", last_error: "unknown authority" },
    "limited trust: It and the Console do not trust each other (unknown authority).",
  ],
  ["revoked", { trust_state: "revoked" }, "limited trust: The Console has revoked this sensor."],
  [
    "late",
    { certificate_expires_at: "2026-01-14T00:00:00Z" },
    "limited trust: Its certificate ended at 2026-01-14T00:00:00Z.",
  ],
] as const)("a sensor that is %s", async (_, changed, trust) => {
  const dir = await newDir();
  await writeSensorState(statePaths(dir), { ...STATE, ...changed });
  expect(said(await checkSensor(dir, NOW))).toEqual([
    "limited sensor: node-2 of https://console.test:15483 does not run.",
    trust,
  ]);
  const unlock = await lockStateDir(statePaths(dir));
  const [first] = said(await checkSensor(dir, NOW));
  expect(first).toBe(`ok sensor: node-2 of https://console.test:15483 runs (process ${process.pid}).`);
  await unlock();
});

test("a directory without a sensor, and one whose state is damaged", async () => {
  const dir = await newDir();
  expect(said(await checkSensor(dir, NOW))).toEqual([`unknown sensor: None is enrolled in ${dir}.`]);
  await writeFile(statePaths(dir).sensorState, "{");
  const [damaged] = await checkSensor(dir, NOW);
  expect(damaged).toMatchObject({ status: "limited", hint: expect.stringContaining("--force") });
});
