import { describe, expect, test } from "bun:test";
import { DEFAULT_BEHAVIOUR } from "../sim/options.ts";
import { parseFlags } from "./parse.ts";
import { behaviourGiven, behaviourOf } from "./sim-behaviour.ts";
import { BEHAVIOUR_FLAGS } from "./sim-commands.ts";

const flagsOf = (...words: string[]) =>
  parseFlags({ name: "sim", summary: "", flags: BEHAVIOUR_FLAGS, load: () => Promise.reject(new Error()) }, words)
    .flags;

describe("how a fleet behaves", () => {
  test("every flag is understood, and none is when none is given", () => {
    const words = BEHAVIOUR_FLAGS.flatMap(({ name }) => [
      `--${name}`,
      { profile: "db", burst: "0.1:9", ramp: "1s", duration: "9s" }[name] ?? "1",
    ]);
    expect(behaviourGiven(flagsOf(...words))).toEqual(BEHAVIOUR_FLAGS.map(({ name }) => name));
    expect(behaviourGiven(flagsOf())).toEqual([]);
    expect(behaviourOf(flagsOf(...words))).toMatchObject({ n: 1, profiles: ["db"], durationMs: 9_000 });
  });

  test("what the call says comes before what a scenario wants, before what is usual", () => {
    const wanted = { rampMs: 0, rogue: 0.05 };
    expect(behaviourOf(flagsOf(), wanted)).toEqual({ ...DEFAULT_BEHAVIOUR, ...wanted, durationMs: 60_000 });
    expect(behaviourOf(flagsOf("--ramp", "1s", "--rogue", "0.1"), wanted)).toMatchObject({ rampMs: 1_000, rogue: 0.1 });
  });

  test("events go on for a minute after the last sensor started, unless the call says for how long", () => {
    expect(behaviourOf(flagsOf("--ramp", "5m")).durationMs).toBe(360_000);
    expect(behaviourOf(flagsOf("--ramp", "5m", "--duration", "7m")).durationMs).toBe(420_000);
  });

  test("a call of which sensors would never start is wrong, and says what to do", () => {
    for (const words of [
      ["--ramp", "5m", "--duration", "1m"],
      ["--ramp", "1m", "--duration", "1m"],
    ]) {
      const call = () => behaviourOf(flagsOf(...words));
      expect(call).toThrow("A fleet that starts over");
      try {
        call();
      } catch (error) {
        expect((error as { hint: string }).hint).toContain("longer than --ramp");
      }
    }
  });
});
