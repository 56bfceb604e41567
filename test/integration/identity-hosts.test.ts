import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AuthorityStatus, RotationAction } from "../../src/core/api/trust.ts";
import { createSensorRequest } from "../../src/core/pki/csr.ts";
import type { HeartbeatResponse } from "../../src/core/wire/heartbeat.ts";
import type { StoreHealth } from "../../src/console/http/readiness.ts";
import { copyTrust, eventually } from "../harness/identity.ts";
import { testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

let stores: TestStores;
let console: TestConsole;
/** Another Console of the same installation, with a directory of its own. */
let other: TestConsole;

beforeAll(async () => {
  stores = await testStores();
  console = await (await TestConsole.start(stores)).setUp();
  other = await TestConsole.start(stores, {}, await copyTrust(console));
  await other.signIn();
}, 60_000);

afterAll(async () => {
  await other?.[Symbol.asyncDispose]();
  await console?.[Symbol.asyncDispose]();
  await stores?.dispose();
}, 30_000);

const status = (): Promise<AuthorityStatus> => console.json("GET", "/api/v1/trust/authority");

async function act(action: RotationAction, force = false): Promise<AuthorityStatus> {
  const path = `/api/v1/trust/authority/${action}`;
  const after = await console.json<AuthorityStatus>("POST", path, force ? { force } : {});
  await console.readTrust();
  return after;
}

async function beat(sensor: TestSensor): Promise<HeartbeatResponse> {
  const response = await sensor.send("/sensors/heartbeat", testHeartbeat());
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as HeartbeatResponse;
}

async function rejects(action: RotationAction, force: boolean, why: string): Promise<void> {
  expect(await act(action, force).then(() => "done", String)).toContain(why);
}

/** What a Console says of its installation's keys on /readyz. */
async function keysFault(of: TestConsole): Promise<string | undefined> {
  const { stores: found } = (await (await of.api("GET", "/readyz")).json()) as { stores: StoreHealth[] };
  const entry = found.find(({ name }) => name === "authority keys")!;
  return entry.ok ? undefined : `${entry.problem} ${entry.action}`;
}

test("every Console on the database follows by itself", async () => {
  const sensor = await console.enroll("two-1");
  await act("rotate");
  const bundle = async (): Promise<number> => {
    // Who connects while the port shows another certificate tries again.
    const response = await fetch(`${other.origin}/api/v1/trust/bootstrap`, { tls: { ca: console.caPem } }).catch(
      () => undefined,
    );
    if (!response) return 0;
    const { control_plane_ca_certificate_pem: pem } = (await response.json()) as Record<string, string>;
    return pem!.match(/BEGIN CERTIFICATE/g)!.length;
  };
  await eventually("two authorities there", async () => (await bundle()) === 2);
  await beat(sensor.at(other));
  // Its directory lacks the next key: the change waits, and every Console says for whom.
  const next = (await status()).authorities.find((a) => a.standing === "trusted")!.id.slice(0, 16);
  expect((await status()).hosts.filter((host) => host.lacks_key)).toHaveLength(1);
  expect((await status()).actions).toEqual(["abort"]);
  await rejects("advance", false, `The key of the authority ${next} is missing on`);
  // What was seen a moment ago is told for a second.
  for (const of of [console, other])
    await eventually("it says what to copy", async () => (await keysFault(of))?.includes("Copy the files ca*"));
  await rejects("advance", true, "is missing on");
  // Once it is there it is noticed by itself, or at once when its status is asked for.
  const trust = join(console.dir, "trust");
  const copies = (await readdir(trust)).filter((name) => name.startsWith("ca-"));
  const look = (): Promise<AuthorityStatus> => other.json("GET", "/api/v1/trust/authority");
  for (const name of copies) await cp(join(trust, name), join(other.dir, "trust", name));
  expect((await look()).actions).toEqual(["advance", "abort"]);
  await act("advance");
  await eventually("it is asked to renew", async () => (await beat(sensor.at(other))).renew_now);
  const ask = async (): Promise<[number, string]> => {
    const { csrPem } = await createSensorRequest("two-1");
    const answer = await sensor.at(other).send("/sensors/renew", { protocol_version: 3, csr_pem: csrPem });
    return [answer.status, await answer.text()];
  };
  expect((await ask())[0]).toBe(200);
  // Lost again, it says so when it would have to sign, and serves otherwise.
  for (const name of copies) await rm(join(other.dir, "trust", name));
  await look();
  expect(await ask()).toEqual([503, expect.stringContaining("copy it from another Console")]);
  await beat(sensor.at(other));
  await rejects("advance", true, "is missing on");
  for (const name of copies) await cp(join(trust, name), join(other.dir, "trust", name));
  await look();
  expect((await status()).hosts.some((host) => host.lacks_key)).toBe(false);
  await eventually("both are well again", async () => !(await keysFault(console)) && !(await keysFault(other)));
});
