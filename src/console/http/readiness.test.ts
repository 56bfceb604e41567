import { expect, test } from "bun:test";
import { createReadiness, eventsWord } from "./readiness.ts";

test("events go through where there is room for them, and nothing is away that must be there", () => {
  const [well, away] = [
    { name: "clickhouse", ok: true },
    { name: "kafka", ok: false },
  ];
  expect(eventsWord(1, [well, { ...away, optional: true }])).toBe("takes events");
  expect(eventsWord(1, [well, away])).toBe("takes none");
  expect(eventsWord(0, [well])).toBe("takes none");
  const state = { name: "postgresql", ok: false };
  expect(eventsWord(1, [well, state])).toBe("takes those of streams that are open");
  expect(eventsWord(1, [away, state])).toBe("takes none");
  expect(eventsWord(1, [well, { name: "kafka readers", ok: false }])).toBe("takes events");
});

test("of what is known by a store that does not answer nothing is said", async () => {
  const fails = (why: string) => (): Promise<void> => Promise.reject(new Error(why));
  const keys = { name: "authority keys", optional: true, knownBy: "postgresql", action: "Copy.", ping: fails("late") };
  const look = (state: () => Promise<void>) =>
    createReadiness([{ name: "postgresql", action: "Start it.", ping: state }, keys])();
  expect(await look(fails("gone"))).toEqual([
    { name: "postgresql", ok: false, problem: "gone", action: "Start it." },
    { name: "authority keys", ok: true, optional: true },
  ]);
  expect((await look(() => Promise.resolve()))[1]).toMatchObject({ ok: false, problem: "late", action: "Copy." });
});
