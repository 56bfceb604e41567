import { afterAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ballast } from "../../src/console/disk/ballast.ts";
import { chooseAccounts } from "../../src/console/embedded/account.ts";
import { developmentPrograms } from "../../src/console/embedded/development.ts";
import { startEmbeddedPostgres } from "../../src/console/embedded/postgres.ts";
import { connectPostgres } from "../../src/console/stores/postgres.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createLog } from "../../src/core/log.ts";
import { runProgram } from "../harness/program.ts";
import { rejectionOf } from "../harness/rejection.ts";

const mountPoint = await mkdtemp(join(tmpdir(), "telovix-quota-"));
const subvolume = join(mountPoint, "sub");

/** A file system of 3 GB of which one directory may have 400 MB; false where there is no btrfs, or nobody may mount it. */
async function mountQuota(): Promise<boolean> {
  const image = `${mountPoint}.img`;
  const steps: [string, ...string[]][] = [
    ["truncate", "-s", "3G", image],
    ["mkfs.btrfs", "-q", image],
    ["mount", "-o", "loop", image, mountPoint],
    ["btrfs", "quota", "enable", mountPoint],
    ["btrfs", "subvolume", "create", subvolume],
    ["btrfs", "qgroup", "limit", "400M", subvolume],
  ];
  for (const [file, ...args] of steps) {
    const ended = await runProgram(file, args).catch(() => undefined);
    if (ended?.code !== 0) return false;
  }
  await chmod(mountPoint, 0o755);
  return true;
}

const mounted = process.getuid?.() === 0 && (await mountQuota());
if (!mounted) process.stderr.write("SKIPPED: ballast under a quota: no btrfs can be made here\n");

afterAll(async () => {
  await runProgram("umount", [mountPoint]);
  await rm(mountPoint, { recursive: true, force: true });
  await rm(`${mountPoint}.img`, { force: true });
});

describe.skipIf(!mounted)("where a quota is used up and the disk has room", () => {
  test("a killed PostgreSQL says what it lacked, and comes back on the ballast", async () => {
    const said: string[] = [];
    const log = createLog({ level: "warn", write: (line) => void said.push(line) });
    const { postgresDir } = developmentPrograms();
    const accounts = await chooseAccounts(0);
    const options = { dataDir: join(subvolume, "data"), postgresDir, accounts, clock: systemClock, log };
    await using embedded = await startEmbeddedPostgres(options);
    const { server, adminTarget } = embedded;
    const before = connectPostgres(adminTarget, { maxConnections: 1 });
    await before`CREATE TABLE kept AS SELECT 7 AS n`;
    const ballast = new Ballast(options.dataDir, log);
    expect(await ballast.lay()).toBe(true);
    const filler = await open(join(options.dataDir, "filler"), "a");
    const untilRefused = async (bytes: number): Promise<never> => {
      for (;;) {
        await filler.write(Buffer.alloc(bytes, 1));
        await filler.datasync();
      }
    };
    for (const bytes of [1024 * 1024, 4096])
      expect(await rejectionOf(untilRefused(bytes))).toMatchObject({ code: "EDQUOT" });
    await filler.close();
    const { pid } = server.state;
    process.kill(pid!, "SIGKILL");
    await server.until((s) => s.status === "running" && s.pid !== pid);
    await before.end({ timeout: 0 });
    const after = connectPostgres(adminTarget, { maxConnections: 1 });
    expect([...(await after`SELECT n FROM kept`)]).toEqual([{ n: 7 }]);
    await after.end({ timeout: 5 });
    expect(said.filter((line) => line.includes("some of the ballast is given up")).length).toBeGreaterThan(0);
    expect((await stat(ballast.path).catch(() => ({ size: 0 }))).size).toBeLessThan(64 * 1024 * 1024);
  }, 120_000);
});
