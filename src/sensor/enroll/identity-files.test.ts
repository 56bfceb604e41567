import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { statePaths, type StatePaths } from "../state/paths.ts";
import {
  readCredentials,
  readSensorState,
  writeSensorState,
  writeState,
  type SensorState,
} from "../state/sensor-state.ts";
import {
  commitIdentity,
  commitStaged,
  finishSwitch,
  readStaged,
  stageIdentity,
  switchSteps,
  type NewIdentity,
} from "./identity-files.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-identity-files-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let count = 0;

const STATE: SensorState = {
  version: 1,
  sensor_id: "01890000-0000-7000-8000-000000000001",
  console_url: "https://console.test:15483",
  node_name: "node-1",
  declared_role: "generic_linux",
  flavor: "standard",
  enrolled_at: "2026-01-01T00:00:00Z",
  certificate_serial: "aa",
  certificate_expires_at: "2026-02-01T00:00:00Z",
  trust_state: "trusted",
  heartbeat_interval_ms: 15_000,
  stream_tick_ms: 500,
};

const pem = (what: string): string => `-----BEGIN ${what}-----\n`;
const NEXT: NewIdentity = {
  key_pem: pem("NEW KEY"),
  cert_pem: pem("NEW CERT"),
  ca_pem: pem("NEW CA"),
  state: { certificate_serial: "bb", certificate_expires_at: "2026-03-01T00:00:00Z" },
};

/** A node as an enrolment leaves it. */
async function enrolled(): Promise<StatePaths> {
  const dir = await mkdtemp(join(root, `${++count}-`));
  const paths = statePaths(dir);
  await writeState(paths.clientKey, pem("OLD KEY"));
  await writeState(paths.clientCert, pem("OLD CERT"));
  await writeState(paths.consoleCa, pem("OLD CA"));
  await writeState(paths.policySigning, pem("POLICY"));
  await writeSensorState(paths, STATE);
  return paths;
}

/** What a start finds: the identity in whole, old or new. */
async function found(paths: StatePaths): Promise<string> {
  await finishSwitch(paths);
  const { keyPem, certPem, caPem } = await readCredentials(paths);
  const state = await readSensorState(paths);
  return [keyPem, certPem, caPem].map((text) => text.slice(11, 14)).join(" ") + ` ${state?.certificate_serial}`;
}

const OLD_WHOLE = "OLD OLD OLD aa";
const NEW_WHOLE = "NEW NEW NEW bb";

describe("a new identity", () => {
  test("that has not proven itself changes nothing", async () => {
    const paths = await enrolled();
    await stageIdentity(paths, NEXT);
    expect(await found(paths)).toBe(OLD_WHOLE);
    expect(await readStaged(paths)).toEqual(NEXT);
  });

  test("of an enrolment leaves the troubles of the one before behind; one of a renewal keeps them", async () => {
    for (const state of [NEXT.state, { ...STATE, ...NEXT.state }]) {
      const paths = await enrolled();
      const [last_error, last_error_at] = ["refused", "2026-01-31T00:00:00Z"];
      await writeSensorState(paths, { ...STATE, trust_state: "error", last_error, last_error_at });
      await commitIdentity(paths, { ...NEXT, state });
      await finishSwitch(paths);
      const renewed = { ...STATE, ...NEXT.state, trust_state: "error" as const, last_error, last_error_at };
      expect(await readSensorState(paths)).toEqual(state === NEXT.state ? renewed : { ...STATE, ...NEXT.state });
    }
  });

  test("is in place as a whole, wherever the sensor is killed after the commit", async () => {
    for (let done = 0; done <= switchSteps(statePaths(""), NEXT).length; done++) {
      const paths = await enrolled();
      await stageIdentity(paths, NEXT);
      await commitStaged(paths);
      for (const step of switchSteps(paths, NEXT).slice(0, done)) await step();
      expect(await found(paths)).toBe(NEW_WHOLE);
      expect(await found(paths)).toBe(NEW_WHOLE);
      expect(await readFile(paths.policySigning, "utf8")).toBe(pem("POLICY"));
      expect(await readStaged(paths)).toBeUndefined();
    }
  });

  test("of an enrolment leaves no half of it on a node that had none", async () => {
    const identity = { ...NEXT, policy_signing_pem: pem("POLICY"), state: { ...STATE, ...NEXT.state } };
    for (let done = 0; done <= switchSteps(statePaths(""), identity).length; done++) {
      const paths = statePaths(await mkdtemp(join(root, "fresh-")));
      await commitIdentity(paths, identity);
      for (const step of switchSteps(paths, identity).slice(0, done)) await step();
      expect(await found(paths)).toBe(NEW_WHOLE);
    }
  });

  test("drops a renewal that was under way when the node is enrolled again", async () => {
    const paths = await enrolled();
    await stageIdentity(paths, NEXT);
    await commitIdentity(paths, { ...NEXT, cert_pem: pem("NEW CERT") });
    expect(await readStaged(paths)).toBeUndefined();
  });

  test("is for its owner's eyes, and a damaged one is passed over or named", async () => {
    const paths = await enrolled();
    await stageIdentity(paths, NEXT);
    expect((await stat(join(paths.dir, "client.next.json"))).mode & 0o777).toBe(0o600);
    await writeFile(join(paths.dir, "client.next.json"), '{"key_pem": "');
    expect(await readStaged(paths)).toBeUndefined();
    await writeFile(join(paths.dir, "client.switch.json"), "{}");
    expect(await finishSwitch(paths).then(() => "", String)).toContain("is damaged");
  });
});
