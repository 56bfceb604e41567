import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { appendFile, cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineLines } from "../../../test/harness/engine-lines.ts";
import { drain, live, stored } from "../../../test/harness/tail-life.ts";
import type { RuntimeEvent } from "../../core/event/event.ts";
import type { EventDraft } from "../normalize/draft.ts";
import { makeLossDraft } from "../normalize/engine-events.ts";
import { laneOf } from "./lane-of.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-lanes-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let homes = 0;

test("alerts, what was enforced, losses and the engine's state go ahead of the bulk", () => {
  const draft: EventDraft = { kind: "process_exec", severity: "info", observed_at_us: 1, message: "" };
  expect(laneOf(draft)).toBe("bulk");
  expect(laneOf({ ...draft, severity: "warning" })).toBe("bulk");
  expect(laneOf({ ...draft, severity: "high" })).toBe("alert");
  expect(laneOf({ ...draft, severity: "critical" })).toBe("alert");
  expect(laneOf({ ...draft, hook: { enforced: { method: "signal", stopped: true } } })).toBe("alert");
  expect(laneOf({ ...draft, kind: "engine_start" })).toBe("alert");
  expect(laneOf(makeLossDraft("ring_full", 3, 1, 2))).toBe("alert");
});

/** The line of an execution that was stopped. */
function enforced(text: string): string {
  const value = JSON.parse(text) as { telovix: object };
  return `${JSON.stringify({ ...value, telovix: { ...value.telovix, enforced: { method: "signal", stopped: true } } })}\n`;
}

const word = (event: RuntimeEvent): string | undefined => event.process?.argv[1];
const sum = (events: readonly RuntimeEvent[], cause: string): number =>
  events.reduce((n, e) => n + (e.loss?.cause === cause ? e.loss.count : 0), 0);

type Step = {
  readonly do: "alert" | "bulk" | "gap" | "long" | "turn" | "read" | "gather" | "inject" | "kill" | "between";
};
const STEPS: readonly [number, Step["do"]][] = [
  [4, "alert"],
  [4, "bulk"],
  [2, "gap"],
  [1, "long"],
  [1, "turn"],
  [2, "read"],
  [3, "gather"],
  [1, "inject"],
  [1, "kill"],
  [6, "between"],
];
const step = fc.oneof(...STEPS.map(([weight, name]) => ({ weight, arbitrary: fc.constant<Step>({ do: name }) })));

describe("killed between the two lanes", () => {
  test("each line's events exist once, in its lane, and each loss is counted once", async () => {
    let crashes = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 50 }), async (steps) => {
        let home = join(root, String(++homes));
        for (const dir of ["out", "spool"]) await mkdir(join(home, dir), { recursive: true });
        let lines = new EngineLines(join(home, "out"));
        let refuse = false;
        let ahead = false;
        const before = (kind: string): void => {
          if (kind === "alert") ahead = true;
          else if (refuse && ahead) throw new Error("planted");
        };
        let life = await live(home, before);
        const written = { alert: [] as string[], bulk: [] as string[] };
        let [gone, long, injected, count] = [0, 0, 0, 0];
        const gave = new AbortController();
        gave.abort();
        /** The next life begins with what is on disk now. */
        const restart = async (): Promise<void> => {
          const copy = join(root, String(++homes));
          await cp(home, copy, { recursive: true });
          await life[Symbol.asyncDispose]();
          await rm(home, { recursive: true });
          home = copy;
          const { runId, segment, seq } = lines;
          lines = Object.assign(new EngineLines(join(home, "out"), { runId, segment }), { seq });
          life = await live(home, before);
        };
        for (const { do: what } of steps) {
          if (what === "alert" || what === "bulk") {
            const text = lines.exec(String(++count));
            written[what].push(String(count));
            await appendFile(lines.path, what === "alert" ? enforced(text) : text);
          } else if (what === "gap") {
            for (let i = 0; i < 3; i++) lines.exec("gone");
            gone += 3;
            const text = lines.exec(String(++count));
            written.bulk.push(String(count));
            await appendFile(lines.path, text);
          } else if (what === "long") {
            lines.exec("long");
            await appendFile(lines.path, `{"x":"${"y".repeat(600_000)}"}\n`);
            long++;
          } else if (what === "turn") lines.turn();
          else if (what === "read") await life.tail.step(gave.signal);
          else if (what === "gather") await life.tail.step(gave.signal, true);
          else if (what === "inject") {
            life.tail.inject({ kind: "engine_stop", severity: "warning", observed_at_us: 1, message: "x" });
            // Durable only once a step has taken it; a kill before that loses it, as nothing else knows of it.
            await life.tail.step(gave.signal);
            injected++;
          } else {
            if (what === "between") {
              [refuse, ahead] = [true, false];
              await life.tail.step(gave.signal);
              refuse = false;
              if (ahead) crashes++;
            }
            await restart();
          }
        }
        await drain(life);
        const [alert, bulk] = [await stored(life, "alert"), await stored(life, "bulk")];
        await life[Symbol.asyncDispose]();
        await rm(home, { recursive: true });
        expect(alert.flatMap((e) => word(e) ?? [])).toEqual(written.alert);
        expect(bulk.flatMap((e) => word(e) ?? [])).toEqual(written.bulk);
        expect(sum(alert, "engine_lines")).toBe(gone);
        expect(sum(alert, "long_line")).toBe(long);
        expect(alert.filter((e) => e.kind === "engine_stop")).toHaveLength(injected);
      }),
      { numRuns: 40 },
    );
    expect(crashes).toBeGreaterThan(30);
  }, 120_000);
});

const REFUSALS = ["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO"];
test.each(REFUSALS)("a disk that refuses with %s makes the tail wait: nothing is lost or comes twice", async (code) => {
  const home = join(root, String(++homes));
  for (const dir of ["out", "spool"]) await mkdir(join(home, dir), { recursive: true });
  const lines = new EngineLines(join(home, "out"));
  let refusals = 0;
  let left = 3;
  await using life = await live(home, (kind) => {
    if (left === 0 || (left === 1 && kind === "alert")) return;
    left--;
    refusals++;
    throw Object.assign(new Error(code), { code });
  });
  await appendFile(lines.path, lines.exec("a") + enforced(lines.exec("b")) + lines.exec("c"));
  const step = life.tail.step(new AbortController().signal);
  let ended = false;
  void step.then(() => (ended = true));
  while (!ended) {
    await life.clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(refusals).toBe(3);
  expect(life.tail.appendFailures).toBe(3);
  expect((await stored(life, "alert")).map(word)).toEqual(["b"]);
  expect((await stored(life, "bulk")).map(word)).toEqual(["a", "c"]);
});
