import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { appendFile, cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineLines } from "../../../test/harness/engine-lines.ts";
import { drain, live, stored } from "../../../test/harness/tail-life.ts";
import type { RuntimeEvent } from "../../core/event/event.ts";
import { decodePosition, encodePosition, START } from "./position.ts";
import { listSegments } from "./reader.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-tail-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let homes = 0;
const newHome = async (): Promise<string> => {
  const home = join(root, String(++homes));
  for (const dir of ["out", "spool"]) await mkdir(join(home, dir), { recursive: true });
  return home;
};
const never = new AbortController().signal;

const names = (events: readonly RuntimeEvent[]): (string | undefined)[] =>
  events.filter((e) => e.kind === "process_exec").map((e) => e.process?.argv[1]);
const losses = (events: readonly RuntimeEvent[]) =>
  events.flatMap((e) => (e.loss ? [[e.loss.cause, e.loss.count]] : []));

describe("the tail", () => {
  test("reads segment after segment, numbers the events and deletes what is done with", async () => {
    const home = await newHome();
    await using life = await live(home);
    const lines = new EngineLines(join(home, "out"));
    await lines.append("a", "b");
    await drain(life);
    lines.turn();
    await lines.append("c");
    lines.turn();
    await lines.append("d");
    await drain(life);
    const events = await stored(life);
    expect(names(events)).toEqual(["a", "b", "c", "d"]);
    expect(listSegments(join(home, "out"))).toEqual([3]);
  });

  test("waits for the rest of a line that is being written", async () => {
    const home = await newHome();
    await using life = await live(home);
    const lines = new EngineLines(join(home, "out"));
    const text = lines.exec("slow");
    await lines.raw(text.slice(0, 100));
    await drain(life);
    expect(await stored(life)).toEqual([]);
    await lines.raw(text.slice(100));
    await drain(life);
    expect(names(await stored(life))).toEqual(["slow"]);
    expect(life.pipeline.counters.lines_malformed).toBe(0);
  });

  test("counts and reports what it can't read: a torn end, a line too long, one that is not JSON", async () => {
    const home = await newHome();
    await using life = await live(home);
    const lines = new EngineLines(join(home, "out"));
    await lines.append("a");
    lines.exec("spoiled");
    await lines.raw("{not json\n");
    await lines.append("b");
    lines.exec("long");
    await lines.raw(`{"x":"${"y".repeat(600_000)}"}\n`);
    await lines.append("c");
    await lines.raw(lines.exec("torn").slice(0, 50));
    await drain(life);
    const next = new EngineLines(join(home, "out"), { runId: "00000000000000bb", segment: 2 });
    await next.append("d");
    await drain(life);
    const events = await stored(life);
    expect(names(events)).toEqual(["a", "b", "c", "d"]);
    // The one that is no JSON is missed by its number; what was skipped is counted once, as what it is.
    expect(losses(events)).toEqual([
      ["engine_lines", 1],
      ["long_line", 1],
      ["torn_line", 1],
    ]);
    expect(life.pipeline.counters).toMatchObject({ lines_malformed: 3, kernel_lost: 3 });
  });

  test("counts a line that is too long or torn once, also over a restart and beside lines that never came", async () => {
    const home = await newHome();
    const lines = new EngineLines(join(home, "out"));
    {
      await using life = await live(home);
      await lines.append("a");
      lines.exec("long");
      await lines.raw(`{"x":"${"y".repeat(600_000)}"}\n`);
      await drain(life);
    }
    await using life = await live(home);
    lines.exec("never came");
    await lines.append("b");
    await lines.raw(lines.exec("torn").slice(0, 50));
    lines.turn();
    lines.exec("never came");
    await lines.append("c");
    await drain(life);
    const events = await stored(life);
    expect(names(events)).toEqual(["a", "b", "c"]);
    expect(losses(events)).toEqual([
      ["long_line", 1],
      ["engine_lines", 1],
      ["torn_line", 1],
      ["engine_lines", 1],
    ]);
  });

  test("tells as a loss what it can't write down, and what it had no room for", async () => {
    const home = await newHome();
    await using life = await live(home);
    const draft = { kind: "engine_stop", severity: "warning", observed_at_us: 7, message: "gone" } as const;
    const huge = { ...draft, message: "x".repeat(600_000), raw: "y".repeat(600_000) };
    const unreadable = Object.defineProperty({ ...draft }, "detail", {
      enumerable: true,
      get: () => {
        throw new Error("planted");
      },
    });
    life.tail.inject(huge);
    life.tail.inject(unreadable);
    for (let i = 0; i < 1_003; i++) life.tail.inject({ ...draft, observed_at_us: 100 + i });
    await drain(life);
    const events = await stored(life);
    expect(events.filter((e) => e.kind === "engine_stop")).toHaveLength(998);
    expect(events.flatMap((e) => (e.loss ? [e.loss] : []))).toEqual([
      { cause: "unwritable", count: 1, from_us: 7, to_us: 7 },
      { cause: "unwritable", count: 1, from_us: 7, to_us: 7 },
      { cause: "sensor_events", count: 5, from_us: 1_098, to_us: 1_102 },
    ]);
    await drain(life);
    expect(await stored(life)).toHaveLength(events.length);
  });

  test("says which lines never came, and skips those it had", async () => {
    const home = await newHome();
    await using life = await live(home);
    const lines = new EngineLines(join(home, "out"));
    const first = lines.exec("a");
    await lines.raw(first);
    for (let i = 0; i < 7; i++) lines.exec("gone");
    await lines.append("b");
    await lines.raw(first);
    await drain(life);
    const events = await stored(life);
    expect(names(events)).toEqual(["a", "b"]);
    expect(losses(events)).toEqual([["engine_lines", 7]]);
    expect(life.pipeline.counters.lines_repeated).toBe(1);
  });

  test("goes on with an engine whose segments were deleted under it", async () => {
    const home = await newHome();
    const lines = new EngineLines(join(home, "out"));
    {
      await using life = await live(home);
      await lines.append("a");
      await drain(life);
    }
    await rm(lines.path);
    lines.segment = 9;
    await lines.append("b");
    await using life = await live(home);
    await drain(life);
    expect(names(await stored(life))).toEqual(["a", "b"]);
  });

  test("takes events of the sensor itself into the stream", async () => {
    const home = await newHome();
    await using life = await live(home);
    life.tail.inject({ kind: "engine_stop", severity: "warning", observed_at_us: 1, message: "gone" });
    await drain(life);
    expect((await stored(life)).map((e) => e.kind)).toEqual(["engine_stop"]);
  });

  test("a position is read back as written, and garbage is none", () => {
    const position = { ...START, segment: 3, offset: 17, run_id: "aa", line: 5 };
    expect(decodePosition(encodePosition(position))).toEqual(position);
    for (const bad of ["", "{", "{}", '{"segment":-1}'])
      expect(decodePosition(new TextEncoder().encode(bad))).toBeUndefined();
  });
});

describe("killed at any moment", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("write" as const), lines: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("read" as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("gather" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("turn" as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("kill" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("half" as const) }) },
  );

  test("each line is in the spool exactly once, in order, under numbers without gaps", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        let home = await newHome();
        let lines = new EngineLines(join(home, "out"));
        let life = await live(home);
        const written: string[] = [];
        let rest = "";
        for (const s of steps) {
          if (s.do === "write") {
            const more = Array.from({ length: s.lines }, (_, i) => `${written.length + i}`);
            written.push(...more);
            await appendFile(lines.path, rest + more.map((n) => lines.exec(n)).join(""));
            rest = "";
          } else if (s.do === "half" && rest === "") {
            const text = lines.exec(String(written.length));
            written.push(String(written.length));
            await appendFile(lines.path, text.slice(0, 40));
            rest = text.slice(40);
          } else if (s.do === "turn" && rest === "") lines.turn();
          else if (s.do === "read") await life.tail.step(never);
          else if (s.do === "gather") await life.tail.step(never, true);
          else if (s.do === "kill") {
            // What a kill leaves is what is on disk now: the next life gets a copy of it.
            const copy = join(root, String(++homes));
            await cp(home, copy, { recursive: true });
            await life[Symbol.asyncDispose]();
            await rm(home, { recursive: true });
            home = copy;
            const { runId, segment, seq } = lines;
            lines = Object.assign(new EngineLines(join(home, "out"), { runId, segment }), { seq });
            life = await live(home);
          }
        }
        await appendFile(lines.path, rest);
        await drain(life);
        const events = await stored(life);
        await life[Symbol.asyncDispose]();
        await rm(home, { recursive: true });
        expect(events.map((e) => e.process?.argv[1])).toEqual(written);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
