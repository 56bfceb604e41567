import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, cp, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../src/cli/run.ts";
import type { LossReport } from "../../src/core/api/losses.ts";
import type { AuthorityStatus } from "../../src/core/api/trust.ts";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import { closeAtEnd } from "../harness/close-at-end.ts";
import { eventually, RealSensor } from "../harness/identity.ts";
import { causesOf } from "../harness/loss-report.ts";
import { RotationBed } from "../harness/rotation-bed.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { closeServers } from "../harness/servers.ts";

closeAtEnd.push(closeServers);

let bed: RotationBed;
beforeEach(async () => void (bed = await RotationBed.open()), 60_000);
afterEach(() => bed[Symbol.asyncDispose](), 30_000);

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
const token = (console: TestConsole, of: object = {}): Promise<CreatedToken> =>
  console.json("POST", "/api/v1/enrollment/tokens", of);

/** How often each program of a sensor is stored, under how many epochs. */
async function stored({ stores }: RotationBed, id: string): Promise<{ names: string[]; epochs: number }> {
  const rows = await stores.events.selectSystem<{ epoch: string; name: string }>(
    `SELECT epoch, process_arguments AS name FROM runtime_events FINAL
     WHERE sensor_id = {id:UUID} AND event_kind = 'process_exec' ORDER BY seq, epoch`,
    { id },
  );
  return { names: rows.map((row) => row.name), epochs: new Set(rows.map((row) => row.epoch)).size };
}

const has = (at: RotationBed, id: string, name: string) =>
  eventually(`${name} is stored`, async () => (await stored(at, id)).names.includes(name));

const losses = async (console: TestConsole, id: string) =>
  causesOf(await console.json<LossReport>("GET", `/api/v1/loss?since=1h&sensor=${id}`));

/** Starts it, twice: what the first hello says of its sequences is in the ledger when the second has been answered. */
async function comesBack(at: RotationBed, sensor: RealSensor, id = sensor.state.sensor_id): Promise<void> {
  for (const name of ["back", "again"]) {
    sensor.run();
    await sensor.lines.append(name);
    await has(at, id, name);
    if (name === "back") await sensor.stop();
  }
}

type End = "stopped" | "killed";

/** Ends it; killed, it leaves the state directory as it is at this moment, with acknowledgements that were not written yet. */
async function end(sensor: RealSensor, how: End): Promise<void> {
  const { stateDir } = sensor.config;
  const left = `${stateDir}.left`;
  if (how === "killed") await cp(stateDir, left, { recursive: true });
  await sensor.stop();
  if (how === "stopped") return;
  await rm(stateDir, { recursive: true });
  await rename(left, stateDir);
  // The lock of a process that is gone is void; this one is not gone.
  await rm(join(stateDir, "sensor.lock"));
}

/** With one sensor, which takes each step by itself. */
async function wholeChange(console: TestConsole): Promise<void> {
  const status = (): Promise<AuthorityStatus> => console.json("GET", "/api/v1/trust/authority");
  const act = (action: string): Promise<unknown> => console.json("POST", `/api/v1/trust/authority/${action}`, {});
  await act("rotate");
  await eventually("the bundle of both", async () => (await status()).sensors_with_bundle === 1);
  await act("advance");
  await eventually("nobody waits", async () => (await status()).actions.includes("advance"));
  await act("advance");
  await console.readTrust();
  await eventually("the bundle of one", async () => (await status()).sensors_with_bundle === 1);
}

async function begun(at: { console: TestConsole }): Promise<RealSensor> {
  const sensor = await RealSensor.create();
  await sensor.enroll(await token(at.console));
  sensor.run();
  await eventually("the stream", () => sensor.logged.some((line) => line.includes("the stream is up")));
  return sensor;
}

describe.each(["stopped", "killed"] as const)("a sensor that is %s", (how) => {
  test("after the whole change of the authority goes on in its sequences", async () => {
    await using sensor = await begun(bed);
    const { sensor_id: id } = sensor.state;
    await wholeChange(bed.console);
    await sensor.lines.append(...names("n", 50));
    await has(bed, id, "n-49");
    await end(sensor, how);
    await comesBack(bed, sensor);
    expect(await stored(bed, id)).toEqual({ names: [...names("n", 50), "back", "again"], epochs: 1 });
    expect(await losses(bed.console, id)).toEqual([]);
  }, 60_000);

  test("before the change and enrolled again after it, too", async () => {
    await using sensor = await begun(bed);
    const { sensor_id: id } = sensor.state;
    await sensor.lines.append(...names("n", 50));
    await has(bed, id, "n-49");
    await end(sensor, how);
    await bed.goTo("retired");
    sensor.run();
    await sensor.lines.append("refused");
    await eventually("it knows", async () => (await sensor.saved()).trust_state === "error");
    await end(sensor, how);
    const again = await sensor.enroll(await token(bed.console, { sensor_id: id }), { force: true });
    expect(again.sensor_id).toBe(id);
    await comesBack(bed, sensor);
    expect(await stored(bed, id)).toEqual({ names: [...names("n", 50), "refused", "back", "again"], epochs: 1 });
    expect(await losses(bed.console, id)).toEqual([]);
  }, 60_000);

  test("and moves to another Console begins anew there with what waits, and nothing is held against it", async () => {
    await using other = await RotationBed.open();
    await using sensor = await begun(bed);
    await sensor.lines.append(...names("n", 50));
    await has(bed, sensor.state.sensor_id, "n-49");
    await end(sensor, how);
    await sensor.lines.append(...names("waits", 20));
    const { sensor_id: id } = await sensor.enroll(await token(other.console), { force: true });
    await comesBack(other, sensor);
    const all = await stored(other, id);
    expect(all.epochs).toBe(1);
    expect(new Set(all.names).size).toBe(all.names.length);
    // Before them only what the first Console's last acknowledgement, which may be lost, was for.
    expect(all.names.filter((name) => !name.startsWith("n-"))).toEqual([...names("waits", 20), "back", "again"]);
    expect(await losses(other.console, id)).toEqual([]);
  }, 60_000);
});

test("a sensor that is another one to the same Console begins anew, and nothing is held against it", async () => {
  await using sensor = await begun(bed);
  const { sensor_id: before } = sensor.state;
  await sensor.lines.append("had");
  await has(bed, before, "had");
  await sensor.stop();
  const { sensor_id: id } = await sensor.enroll(await token(bed.console), { force: true });
  expect(id).not.toBe(before);
  await comesBack(bed, sensor);
  expect((await stored(bed, id)).names.slice(-2)).toEqual(["back", "again"]);
  expect(await losses(bed.console, id)).toEqual([]);
}, 60_000);

test("a Console restored from a backup of before the change counts what it does not have, and nothing else", async () => {
  const root = await mkdtemp(join(tmpdir(), "telovix-epochs-"));
  await chmod(root, 0o755);
  closeAtEnd.push(() => rm(root, { recursive: true, force: true }));
  /** Why it failed; nothing when it did not. */
  const cli = async (...argv: string[]): Promise<string> => {
    let said = "";
    const signal = new AbortController().signal;
    const code = await runCli(argv, { out: () => {}, err: (text) => void (said += text), signal });
    return code === 0 ? "" : `${code}: ${said}`;
  };
  const [file, restored] = [join(root, "backup.tlvx"), join(root, "restored")];
  await using first = await (await TestConsole.embedded(join(root, "first"))).setUp();
  await using sensor = await begun({ console: first });
  const { sensor_id: id } = sensor.state;
  const found = async (console: TestConsole): Promise<string[]> => {
    const path = `/api/v1/events?sensor_id=${id}&since=1h&kind=process_exec&limit=100`;
    const { events } = await console.json<{ events: { process_arguments: string }[] }>("GET", path);
    return events.map((event) => event.process_arguments).toReversed();
  };
  const enrollAt = async (console: TestConsole): Promise<void> => {
    await sensor.enroll(await token(console, { sensor_id: id }), { force: true });
    sensor.run();
  };
  await sensor.lines.append(...names("kept", 10));
  await eventually("they are stored", async () => (await found(first)).length === 10);
  const events = ["--plain-keys", "--events", "all"];
  expect(await cli("console", "backup", file, ...events, "--data-dir", first.dir)).toBe("");
  await sensor.stop();
  for (const [action, body] of [["rotate"], ["advance", { force: true }], ["advance", { force: true }]] as const)
    await first.json("POST", `/api/v1/trust/authority/${action}`, body ?? {});
  await first.readTrust();
  await enrollAt(first);
  await sensor.lines.append(...names("gone", 5));
  await eventually("they are stored", async () => (await found(first)).length === 15);
  await sensor.stop();
  await first.stop();
  await sensor.lines.append("waits");
  expect(await cli("console", "restore", file, "--data-dir", restored)).toBe("");
  await using second = await (await TestConsole.embedded(restored)).signIn();
  await enrollAt(second);
  await eventually("what waited", async () => (await found(second)).includes("waits"));
  expect(await found(second)).toEqual([...names("kept", 10), "waits"]);
  expect(await losses(second, id)).toEqual([["store", "restored_without", 5]]);
  await sensor.stop();
}, 120_000);
