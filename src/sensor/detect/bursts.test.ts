import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { EventDraft } from "../normalize/draft.ts";
import { BurstFolder, MAX_OPEN_BURSTS, type OpenBurst } from "./bursts.ts";

const draft = (
  kind: EventDraft["kind"],
  ms: number,
  parent = "/bin/sh",
  severity: EventDraft["severity"] = "info",
): EventDraft => ({
  kind,
  severity,
  observed_at_us: ms * 1000,
  message: "",
  process: { exec_id: `e${ms}`, pid: 1, binary: "/bin/true", argv: [], ancestors: [], parent_binary: parent },
});

const feed = (folder: BurstFolder, events: readonly EventDraft[]): EventDraft[] => [
  ...events.flatMap((e) => folder.offer(e)),
  ...folder.drain(),
];

describe("bursts", () => {
  test("four executions a second pass; from the fifth on they are folded into one event", () => {
    const out = feed(
      new BurstFolder(),
      Array.from({ length: 20 }, (_, i) => draft("process_exec", i * 10)),
    );
    expect(out.map((e) => e.kind)).toEqual([...Array(4).fill("process_exec"), "process_exec_burst"]);
    expect(out[4]).toMatchObject({
      severity: "warning",
      observed_at_us: 40_000,
      burst: { count: 16, window_ms: 1000, first_us: 40_000, last_us: 190_000 },
    });
    expect(out[4]?.process?.exec_id).toBe("e40");
  });

  test("two forks a second pass, from the third on they are folded", () => {
    expect(
      feed(
        new BurstFolder(),
        [0, 1, 2, 3].map((ms) => draft("process_fork", ms)),
      ).map((e) => e.burst?.count),
    ).toEqual([undefined, undefined, 2]);
  });

  test("a steady rate of four a second is never folded, nor are many parents at once", () => {
    const steady = Array.from({ length: 100 }, (_, i) => draft("process_exec", i * 250));
    expect(feed(new BurstFolder(), steady)).toEqual(steady);
    const many = Array.from({ length: 100 }, (_, i) => draft("process_exec", i, `/bin/p${i}`));
    expect(feed(new BurstFolder(), many)).toEqual(many);
  });

  test("what may be an alert always passes", () => {
    const events = Array.from({ length: 20 }, (_, i) => draft("process_exec", i, "/bin/sh", "high"));
    expect(feed(new BurstFolder(), events)).toEqual(events);
  });

  test("a burst under way goes on after it was written down and read again", () => {
    const before = new BurstFolder();
    for (let i = 0; i < 8; i++) before.offer(draft("process_exec", i));
    const after = new BurstFolder(JSON.parse(JSON.stringify(before.open)) as OpenBurst[]);
    after.offer(draft("process_exec", 8));
    expect(after.drain()[0]?.burst?.count).toBe(5);
  });

  test("a burst is over by the clock too, and few are open at once", () => {
    const folder = new BurstFolder();
    for (let i = 0; i < 6; i++) folder.offer(draft("process_exec", i));
    expect(folder.flush(900_000)).toEqual([]);
    expect(folder.flush(1_100_000)[0]?.burst?.count).toBe(2);
    for (let p = 0; p < 200; p++)
      for (let i = 0; i < 6; i++) folder.offer(draft("process_exec", 2000 + i, `/bin/p${p}`));
    expect(folder.open.length).toBeLessThanOrEqual(MAX_OPEN_BURSTS);
  });

  test("in = out + folded, whatever comes", () => {
    const event = fc.record({
      kind: fc.constantFrom("process_exec", "process_fork", "process_exit"),
      step: fc.integer({ min: -50, max: 400 }),
      parent: fc.constantFrom("/a", "/b", "/c"),
      severity: fc.constantFrom("info", "warning", "high"),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (steps) => {
        let ms = 1000;
        const events = steps.map((s) =>
          draft(s.kind as EventDraft["kind"], (ms += s.step + 60), s.parent, s.severity as EventDraft["severity"]),
        );
        const folder = new BurstFolder();
        const out = feed(folder, events);
        const bursts = out.filter((e) => e.burst);
        const folded = bursts.reduce((sum, e) => sum + e.burst!.count, 0);
        expect(folded).toBe(folder.folded);
        expect(out.length - bursts.length + folded).toBe(events.length);
      }),
    );
  });
});
