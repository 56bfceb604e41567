import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { open, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { readPostmaster } from "../../src/console/embedded/postgres-orphan.ts";
import { childrenOf } from "../../src/sim/scenario/processes.ts";
import { makeSmallDisk, type SmallDisk } from "../../src/sim/scenario/small-disk.ts";
import { hastyClock } from "../harness/hasty-clock.ts";
import { pidsWith } from "../harness/processes.ts";
import { runProgram } from "../harness/program.ts";
import { testBatch } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import type { TestSensor } from "../harness/test-sensor.ts";
import { until } from "../harness/until.ts";

const MIB = 1024 * 1024;

interface Ready {
  readonly stores: readonly { readonly name: string; readonly ok: boolean; readonly problem?: string }[];
}

const disk: SmallDisk | undefined = await makeSmallDisk("2G").catch((error: unknown) => {
  process.stderr.write(`SKIPPED: ballast: no small disk can be made here: ${String(error)}\n`);
  return undefined;
});

describe.skipIf(!disk)("on a disk that is full to the last byte", () => {
  const path = disk?.path ?? "";
  const dataDir = join(path, "data");
  const pgData = join(dataDir, "postgres", "data");
  let console: TestConsole;
  let sensor: TestSensor;
  let fillers = 0;

  const freeBytes = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  };
  const ballast = (): Promise<number> =>
    stat(join(dataDir, "ballast")).then(
      (s) => s.size,
      () => 0,
    );
  const light = async (name: string): Promise<Ready["stores"][number]> =>
    (await console.json<Ready>("GET", "/readyz")).stores.find((s) => s.name === name)!;
  const send = (from: number, to: number): Promise<Response> => sensor.send("/sensors/events", testBatch(from, to));
  const saidOf = (words: string): string[] => console.logged.filter((line) => line.includes(words));

  /** Takes all that is free now, in blocks: what becomes free later is left. */
  async function fill(): Promise<void> {
    const spare = 8 * MIB;
    const free = await freeBytes();
    const file = join(path, `filler-${++fillers}`);
    if (free > spare) await runProgram("fallocate", ["-l", String(free - spare), file]);
    const rest = await open(file, "a");
    try {
      for (const piece of [MIB, 4096]) for (;;) if ((await tryWrite(rest, piece)) === false) break;
    } finally {
      await rest.close();
    }
  }

  async function tryWrite(file: Awaited<ReturnType<typeof open>>, bytes: number): Promise<boolean> {
    try {
      await file.write(Buffer.alloc(bytes, 1));
      await file.datasync();
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === "ENOSPC") return false;
      throw error;
    }
  }

  async function free(): Promise<void> {
    for (; fillers > 0; fillers--) await rm(join(path, `filler-${fillers}`), { force: true });
  }

  async function expectStored(to: number): Promise<void> {
    const { events } = await console.json<{ events: { message: string }[] }>("GET", "/api/v1/events?limit=200");
    const seqs = events.map((e) => Number(/\((\d+)\)$/.exec(e.message)![1]));
    expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: to }, (_, i) => i + 1));
  }

  /** As a Console that nobody looked after: the reserve has gone too. */
  async function fillWhole(): Promise<void> {
    await fill();
    await until(async () => !(await stat(join(dataDir, "reserve")).catch(() => undefined)));
    await fill();
    expect(await freeBytes()).toBeLessThan(MIB);
  }

  async function start(): Promise<TestConsole> {
    return (console = await TestConsole.embedded(dataDir, {}, { clock: hastyClock }));
  }

  beforeAll(async () => {
    await (await start()).setUp();
    sensor = await console.enroll("db-1");
    expect((await send(1, 20)).status).toBe(200);
  }, 60_000);

  afterAll(async () => {
    await console.stop();
    await disk?.[Symbol.asyncDispose]();
  });

  test("a PostgreSQL that was killed comes back on the ballast, and nothing is taken until there is room", async () => {
    const whole = await until(async () => {
      const there = await ballast();
      return there >= 60 * MIB ? there : undefined;
    });
    const { blocks, mode, uid } = await stat(join(dataDir, "ballast"));
    expect(blocks * 512).toBeGreaterThanOrEqual(whole);
    expect(mode & 0o777).toBe(0o600);
    expect(uid).toBe((await stat(pgData)).uid);
    await fillWhole();
    expect(await ballast()).toBe(whole);
    const before = (await readPostmaster(pgData))!.pid;
    process.kill(before, "SIGKILL");
    const after = await until(async () => {
      const found = await readPostmaster(pgData);
      return found?.ready === true && found.pid !== before ? found : undefined;
    });
    expect(after.pid).not.toBe(before);
    await until(async () => (await light("postgresql").catch(() => undefined))?.ok);
    await expectStored(20);
    expect(saidOf("some of the ballast is given up").length).toBe(1);
    expect(await ballast()).toBeLessThan(whole);
    expect(await ballast()).toBeGreaterThan(0);
    const refused = await send(21, 25);
    expect(refused.status).toBe(503);
    await until(async () =>
      /^the disk is full \(.* are left\): .*; of the ballast .* \d+ MiB of 60 MiB are left$/.test(
        (await light("disk")).problem ?? "",
      ),
    );
    expect(await (await console.api("GET", "/metrics")).text()).toContain("telovix_console_disk_level 2");
  }, 120_000);

  test("the event engine comes back without any", async () => {
    await fill();
    const [engine] = await pidsWith("clickhouse-main", dataDir);
    process.kill(engine!, "SIGKILL");
    await until(() => saidOf('"subsystem":"clickhouse.clickhouse"').length > 0);
    await until(() =>
      expectStored(20).then(
        () => true,
        () => false,
      ),
    );
    expect(saidOf("some of the ballast is given up").filter((line) => line.includes('"clickhouse"'))).toEqual([]);
  }, 120_000);

  test("once there is room the ballast is laid again, and events are taken", async () => {
    await free();
    await until(async () => (await light("disk")).ok);
    await until(async () => (await send(21, 25)).ok);
    await until(async () => (await ballast()) >= 60 * MIB);
    await expectStored(25);
  }, 120_000);

  test("a PostgreSQL that broke and begins anew by itself gets there too", async () => {
    await fillWhole();
    const told = saidOf("some of the ballast is given up").length;
    const { pid } = (await readPostmaster(pgData))!;
    const [part] = await childrenOf([pid]);
    process.kill(part!, "SIGKILL");
    await until(() => saidOf("some of the ballast is given up").length > told);
    await until(() =>
      console.signIn().then(
        () => true,
        () => false,
      ),
    );
    expect((await readPostmaster(pgData))!.pid).toBe(pid);
    await free();
    await until(async () => (await ballast()) >= 60 * MIB);
  }, 120_000);

  test("a Console starts there too", async () => {
    await fillWhole();
    await console.stop();
    await fill();
    expect(await freeBytes()).toBeLessThan(MIB);
    await start();
    expect(await ballast()).toBeGreaterThan(0);
    expect(saidOf("some of the ballast is given up").length).toBe(1);
    await console.signIn();
    sensor = sensor.at(console);
    await expectStored(25);
    expect((await send(26, 30)).status).toBe(503);
    await free();
    await until(async () => (await light("disk")).ok);
    await until(async () => (await send(26, 30)).ok);
    await expectStored(30);
  }, 120_000);
});
