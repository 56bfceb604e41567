import { afterAll, expect, test } from "bun:test";
import { ftruncateSync, openSync, readdirSync, statfsSync, writeSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMigratedEngine } from "../../../test/harness/event-engine.ts";
import { generateEvents } from "../../../test/harness/events.ts";
import { runProgram } from "../../../test/harness/program.ts";
import { until } from "../../../test/harness/until.ts";
import { newUuid } from "../../core/ids.ts";
import { isNoSpace } from "../disk/watch.ts";
import { toRuntimeEventRow } from "../stores/runtime-event-row.ts";
import { engineReserveBytes } from "./clickhouse-config.ts";

const SIZE = 200 * 1024 * 1024;
/** Room for the rows of an insert and the part made of them. */
const ROOM = 4 * 1024 * 1024;
const PIECE = Buffer.alloc(1024 * 1024);

const disk = await mkdtemp(join(tmpdir(), "telovix-part-guard-"));
const mounted =
  process.getuid?.() === 0 &&
  (await runProgram("mount", ["-t", "tmpfs", "-o", `size=${SIZE},mode=755`, "tmpfs", disk])).code === 0;
if (!mounted)
  process.stderr.write("SKIPPED: refused writes: no small disk can be mounted here (not root, or not allowed)\n");
afterAll(async () => {
  if (mounted) await runProgram("umount", ["-l", disk]);
  await rm(disk, { recursive: true, force: true });
});

/** Takes all space but so much, or gives back what is too much of it. */
function leaveFree(filler: number, size: number, bytes: number): number {
  const { bavail, bsize } = statfsSync(disk);
  let room = bavail * bsize - bytes;
  if (room < 0) {
    ftruncateSync(filler, size + room);
    return size + room;
  }
  try {
    for (; room > 0; room -= PIECE.length) size += writeSync(filler, PIECE, 0, Math.min(room, PIECE.length), size);
  } catch (error) {
    // Somebody else was quicker with the last of it.
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
  return size;
}

test.skipIf(!mounted)(
  "what was acknowledged can be read, though the disk refuses writes in the middle of an insert or a merge",
  async () => {
    await chmod(disk, 0o755);
    await using started = await startMigratedEngine(join(disk, "data"));
    const { engine: server, events, table } = started;
    const filler = openSync(join(disk, "filler"), "w");
    let size = 0;
    const tenantId = newUuid();
    const hosts = [{ sensorId: newUuid(), nodeName: "a" }];
    const acknowledged: number[] = [];
    const refusals: unknown[] = [];
    let seq = 0;
    /** The engine is at work on a part, of an insert or a merge. */
    const isWriting = (): boolean => readdirSync(table).some((name) => name.startsWith("tmp_"));
    /** A part was found not whole, and an insert refused: on a host that is busy the disk is rarely full at the right moment. */
    const seenAll = (): boolean => server.server.state.restarts > 0 && refusals.some(isNoSpace);
    for (let round = 1; server.server.state.restarts < 3 && (round <= 200 || !seenAll()); round++) {
      size = leaveFree(filler, size, engineReserveBytes(SIZE) + ROOM);
      const nowUs = Date.now() * 1000;
      const made = generateEvents({ seed: round, tenantId, hosts, count: 300, fromUs: nowUs - 1e6, toUs: nowUs });
      const rows = [...made].map((stored) => ({ ...toRuntimeEventRow(stored), seq: ++seq }));
      let over = false;
      const insert = events.insert("runtime_events", rows).then(
        () => acknowledged.push(...rows.map((row) => row.seq)),
        (error: unknown) => refusals.push(error),
      );
      void insert.then(() => (over = true));
      // Every third may go in, for the merges to have something.
      if (round % 3 > 0) {
        // It is over in moments: looked at without a pause.
        const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
        while (!over && !isWriting()) await turn();
        while (!over) {
          size = leaveFree(filler, size, 0);
          await turn();
        }
      }
      await insert;
      // While it starts again it refuses everything, which shows nothing.
      await until(() => server.server.state.status === "running");
      await until(() =>
        events.ping().then(
          () => true,
          () => false,
        ),
      );
    }
    ftruncateSync(filler, 0);
    expect(seenAll()).toBe(true);
    const stored = await until(() =>
      events.selectSystem<{ seq: number }>("SELECT seq, event, message FROM runtime_events").catch(() => undefined),
    );
    const there = new Set(stored.map((row) => Number(row.seq)));
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter((number) => !there.has(number))).toEqual([]);
  },
  600_000,
);
