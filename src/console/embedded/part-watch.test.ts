import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, cp, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import fc from "fast-check";
import { startMigratedEngine } from "../../../test/harness/event-engine.ts";
import { generateEvents } from "../../../test/harness/events.ts";
import { newUuid } from "../../core/ids.ts";
import { toRuntimeEventRow } from "../stores/runtime-event-row.ts";
import { readPartSizes } from "./part-checksums.ts";
import { PartWatch } from "./part-watch.ts";

let root: string;
/** A table's directory with parts of the engine, of several inserts and a merge; the engine has ended. */
let table: string;
let parts: string[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "telovix-part-watch-"));
  await chmod(root, 0o755);
  await using started = await startMigratedEngine(root);
  const { events } = started;
  table = started.table;
  const tenantId = newUuid();
  for (let seed = 1; seed < 4; seed++) {
    const hosts = [{ sensorId: newUuid(), nodeName: "a" }];
    const nowUs = Date.now() * 1000;
    const rows = [...generateEvents({ seed, tenantId, hosts, count: 500, fromUs: nowUs - 1e6, toUs: nowUs })];
    await events.insert("runtime_events", rows.map(toRuntimeEventRow));
  }
  await events.command("OPTIMIZE TABLE runtime_events FINAL");
  // Parts of the other form, a file or more to a column.
  await events.command("ALTER TABLE runtime_events MODIFY SETTING min_bytes_for_wide_part = 0");
  await events.command("OPTIMIZE TABLE runtime_events FINAL");
}, 60_000);

afterAll(() => rm(root, { recursive: true, force: true }));

beforeAll(async () => {
  parts = (await readdir(table)).filter((name) => /_\d+_\d+_\d+$/.test(name));
});

describe("parts of the engine", () => {
  test("are whole as it wrote them, each looked at once", async () => {
    expect(parts.length).toBeGreaterThan(3);
    const watch = new PartWatch();
    expect(watch.look(table)).toEqual([]);
    expect(watch.look(table)).toEqual([]);
    expect(watch.look(join(root, "nowhere"))).toEqual([]);
  });

  test("are found out when any of their files lost anything", async () => {
    const missed: string[] = [];
    const isMerged = (part: string): boolean => !part.endsWith("_0");
    const merged = parts.filter(isMerged);
    expect(merged.length).toBeGreaterThan(1);
    for (const part of [parts.find((name) => !isMerged(name))!, ...merged]) {
      const files = await readdir(join(table, part), { recursive: true });
      // A projection lies within those that merges have made.
      expect(files.includes("by_slot.proj/checksums.txt")).toBe(isMerged(part));
      const copy = join(root, `copy-${part}`);
      await cp(join(table, part), join(copy, part), { recursive: true });
      for (const file of files) {
        const path = join(copy, part, file);
        if ((await stat(path)).isDirectory()) continue;
        const whole = await readFile(path);
        const sizes = readPartSizes(await readFile(join(table, part, dirname(file), "checksums.txt")))!;
        if (whole.length === 0) continue;
        // Small files without a size of their own are written at once or not at all.
        for (const left of sizes.has(basename(file)) ? [0, whole.length - 1] : [0]) {
          await truncate(path, left);
          if (new PartWatch().look(copy).length !== 1) missed.push(`${part}/${file} ${left}`);
        }
        await writeFile(path, whole);
      }
      expect(new PartWatch().look(copy)).toEqual([]);
    }
    expect(missed).toEqual([]);
  });

  test("are found when they come, also within the step of the kernel's clock in which others did", async () => {
    const copy = join(root, "coming");
    await cp(join(table, parts[0]!), join(copy, parts[0]!), { recursive: true });
    const { mtimeMs, atime, mtime } = await stat(copy);
    let nowMs = mtimeMs + 10;
    const watch = new PartWatch(() => nowMs);
    expect(watch.look(copy)).toEqual([]);
    const come = async (name: string): Promise<void> => {
      await cp(join(table, parts[0]!), join(copy, name), { recursive: true });
      await truncate(join(copy, name, "columns.txt"), 0);
    };
    await come("1_1_1_0");
    await utimes(copy, atime, mtime);
    expect(watch.look(copy).length).toBe(1);
    await rm(join(copy, "1_1_1_0"), { recursive: true });
    nowMs += 3_600_000;
    expect(watch.look(copy)).toEqual([]);
    expect(watch.look(copy)).toEqual([]);
    await come("2_2_2_0");
    expect(watch.look(copy).length).toBe(1);
  });

  test("that were there before are left to the engine", async () => {
    const copy = join(root, "adopted");
    await cp(join(table, parts[0]!), join(copy, parts[0]!), { recursive: true });
    await truncate(join(copy, parts[0]!, "columns.txt"), 0);
    const watch = new PartWatch();
    watch.adopt(copy);
    expect(watch.look(copy)).toEqual([]);
  });
});

test("a list of sizes is read as it is, or not at all", async () => {
  const text = await readFile(join(table, parts[0]!, "checksums.txt"));
  const sizes = readPartSizes(text)!;
  expect(sizes.get("data.bin")).toBe((await stat(join(table, parts[0]!, "data.bin"))).size);
  for (let length = 0; length < text.length; length++) expect(readPartSizes(text.subarray(0, length))).toBeUndefined();
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.nat(255), (at, value) => {
      const changed = Buffer.from(text);
      changed[at] = value;
      const read = readPartSizes(changed);
      return read === undefined || read.size <= 10_000;
    }),
    { numRuns: 2_000 },
  );
});
