import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SensorInstance } from "../../core/wire/stream.ts";
import { judgeHello, type Start } from "./clones.ts";

const NOW = Date.UTC(2026, 10, 25);
const who = (name: string, machine = "a", boot = "x"): SensorInstance => ({
  machine_hash: machine.repeat(64),
  boot_id: boot,
  start_id: name.repeat(16),
});

/** Verdicts over hellos one after another, a second apart. */
function follow(hellos: readonly SensorInstance[]): ReturnType<typeof judgeHello>[] {
  let starts: readonly Start[] = [];
  return hellos.map((hello, i) => {
    const verdict = judgeHello(starts, hello, [], NOW + i * 1_000);
    starts = verdict.starts;
    return verdict;
  });
}

describe("two nodes of one identity", () => {
  test("are found when they take turns, each told once", () => {
    const [a, b] = [who("1"), who("2", "b")];
    const verdicts = follow([a, b, a, b, a, b]);
    expect(verdicts.map((v) => v.clone !== undefined)).toEqual([false, false, true, true, true, true]);
    expect(verdicts.map((v) => v.tell)).toEqual([false, false, true, true, false, false]);
    expect(verdicts[2]!.clone).toContain("Two machines");
  });

  test("are told apart: a copied disk, two processes on one node", () => {
    expect(judgeHello([], who("1", "a", "x"), [who("2", "a", "y")], NOW).clone).toContain("copies of one disk");
    expect(judgeHello([], who("1"), [who("2")], NOW).clone).toContain("Two sensors on one node");
  });

  test("are no restarts: a sensor that reconnects, restarts, reboots or moves for good is never suspected", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ times: fc.integer({ min: 1, max: 4 }), machine: fc.constantFrom("a", "b") })),
        (lives) => {
          const hellos = lives.flatMap(({ times, machine }, i) =>
            Array.from({ length: times }, () => ({
              ...who("0", machine, `boot ${i}`),
              start_id: String(i).padStart(16, "0"),
            })),
          );
          expect(follow(hellos).some((v) => v.clone !== undefined)).toBe(false);
        },
      ),
    );
  });

  test("are forgotten after a day, and the record stays small", () => {
    const [a, b] = [who("1"), who("2")];
    const { starts } = judgeHello(judgeHello([], a, [], NOW).starts, b, [], NOW);
    expect(judgeHello(starts, a, [], NOW + 25 * 3_600_000).clone).toBeUndefined();
    const many = follow(Array.from({ length: 100 }, (_, i) => ({ start_id: String(i).padStart(16, "0") })));
    expect(many.at(-1)!.starts).toHaveLength(16);
  });
});
