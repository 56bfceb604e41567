import { describe, expect, test } from "bun:test";
import { HOOK_KINDS, type Case, type Truth } from "../../native/test/policy/case.ts";
import { CASES } from "../../native/test/policy/cases.ts";
import { checkCase, contains, NOT_EMPTY, type Line } from "../../native/test/policy/match.ts";
import { damage, seal } from "../../native/test/policy/mutate.ts";
import { judge } from "../../native/test/policy/outcome.ts";
import { ARG_TYPES } from "../../src/core/policy/arg-types.ts";
import { ActionSelector, ARG_OPERATORS } from "../../src/core/policy/schema/selector.ts";
import { AppError } from "../../src/core/error.ts";
import { decodePlan } from "../../src/core/policy/plan/decode.ts";
import { planOf } from "../../src/core/policy/plan/test-plan.ts";
import { writePlan } from "../../src/core/policy/plan/write.ts";
import { Dice } from "../harness/dice.ts";

const line = (pid: number, event: object, telovix = {}): Line => ({
  kind: "process_kprobe",
  event: { process: { pid }, ...event } as Line["event"],
  telovix,
});
const truth: Truth = { id: "0.0", pid: 7, ret: -1, errno: 1, signal: 0, extra: { caught: 10 } };

describe("the table of cases", () => {
  test("names are unique, and short enough for a policy", () => {
    expect(new Set(CASES.map((c) => c.name)).size).toBe(CASES.length);
    for (const c of CASES) expect(c.name).toMatch(/^[a-z0-9][a-z0-9-]{0,62}$/);
  });

  test("every case does something, and every operator has a near miss", () => {
    for (const c of CASES) expect(c.runs.length > 0 || c.compile !== undefined).toBe(true);
    const operators = Map.groupBy(
      CASES.filter((c) => c.shows.operator !== undefined),
      (c) => `${c.hook} ${c.shows.operator}`,
    );
    for (const [name, cases] of operators) {
      if (cases.every((c) => c.compile !== undefined)) continue;
      const runs = cases.flatMap((c) => c.runs);
      expect([name, runs.some((run) => run.events.length > 0)]).toEqual([name, true]);
      expect([name, runs.some((run) => run.events.length === 0)]).toEqual([name, true]);
    }
  });
});

describe("the matrix is whole:", () => {
  /** What `loader` asks for has neither selectors nor arguments. */
  const hooks = HOOK_KINDS.filter((hook) => hook !== "loader");
  const returns = ["syscall return", "kretprobe", "fexit", "uretprobe"];
  const shown = (aspect: "operator" | "filter" | "action" | "type"): Set<string> =>
    new Set(CASES.flatMap((c) => (c.shows[aspect] === undefined ? [] : [`${c.hook}: ${c.shows[aspect]}`])));
  const namesOf = (aspect: "filter" | "action"): string[] => [...new Set(CASES.flatMap((c) => c.shows[aspect] ?? []))];

  test("each operator of the format at each kind of hook", () => {
    const have = shown("operator");
    expect(
      hooks.flatMap((hook) => ARG_OPERATORS.map((o) => `${hook}: ${o}`)).filter((cell) => !have.has(cell)),
    ).toEqual([]);
  });

  test("each action, with its variants", () => {
    const names = namesOf("action");
    const have = shown("action");
    expect(ActionSelector.properties.action.enum.filter((name) => !names.includes(name))).toEqual([]);
    expect(hooks.flatMap((hook) => names.map((name) => `${hook}: ${name}`)).filter((cell) => !have.has(cell))).toEqual(
      [],
    );
  });

  test("each filter; of data at the entry, of the return value at the return", () => {
    const have = shown("filter");
    const here = (hook: string, filter: string): boolean =>
      filter === "matchData" ? !returns.includes(hook) : filter !== "matchReturnArgs" || returns.includes(hook);
    const cells = hooks.flatMap((hook) => namesOf("filter").flatMap((f) => (here(hook, f) ? [`${hook}: ${f}`] : [])));
    expect(cells.filter((cell) => !have.has(cell))).toEqual([]);
  });

  test("each type of argument somewhere", () => {
    const types = new Set(CASES.map((c) => c.shows.type));
    expect(ARG_TYPES.filter((type) => !types.has(type))).toEqual([]);
  });
});

describe("comparison", () => {
  test("an object may have more, a list may not", () => {
    expect(contains({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ c: 2 }] })).toBe(true);
    expect(contains({ b: [{ c: 2 }, {}] }, { b: [{ c: 2 }] })).toBe(false);
    expect(contains({ a: "1" }, { a: 1 })).toBe(false);
    expect(contains({ a: [] }, { a: NOT_EMPTY })).toBe(false);
    expect(contains({ a: "sys_lseek" }, { a: "~lseek" })).toBe(true);
    expect(contains({ a: "sys_read" }, { a: "~lseek" })).toBe(false);
    expect(contains({ a: 1 }, { b: null })).toBe(true);
    expect(contains({ b: 1 }, { b: null })).toBe(false);
  });

  const one: Case = {
    name: "one",
    group: "g",
    hook: "kprobe",
    shows: {},
    spec: {},
    needs: ["kprobe"],
    runs: [{ act: ["x"], events: [{ args: [{ int_arg: 5 }] }], effect: { errno: 1 }, weaker: { signal: 9 } }],
  };
  const good = line(7, { args: [{ int_arg: 5, label: "l" }], policy_name: "one" });

  test("an event of another process is not this run's", () => {
    expect(checkCase(one, [truth], [good, line(8, { args: [] })], false)).toEqual([]);
    expect(checkCase(one, [truth], [line(8, { args: [{ int_arg: 5 }] })], false)[0]).toContain("0 events, not 1");
  });

  test("a wrong argument, one event too many, another effect, a hung run: each is a fault", () => {
    expect(checkCase(one, [truth], [line(7, { args: [{ int_arg: 6 }] })], false)[0]).toContain("event 1 is");
    expect(checkCase(one, [truth], [good, good], false)[0]).toContain("2 events, not 1");
    expect(checkCase(one, [{ ...truth, errno: 0 }], [good], false)[0]).toContain("it ended with");
    expect(checkCase(one, [{ ...truth, hung: true }], [good], false)).toEqual(["x: the run hung"]);
    expect(checkCase(one, [undefined], [good], false)).toEqual(["x: act said nothing of it"]);
  });

  test("the weaker effect is good enough only for an engine that has said so", () => {
    const killed = { ...truth, errno: 0, signal: 9 };
    expect(checkCase(one, [killed], [good], true)).toEqual([]);
    expect(checkCase(one, [killed], [good], false)).toHaveLength(1);
  });

  const facts = (has: string[]): { kernel: string; has: Set<string> } => ({ kernel: "6.1", has: new Set(has) });
  const seen = (state: "ok" | "degraded" | "rejected", reason?: string) => ({
    compiled: { name: "one", plan: "p" },
    state: { name: "one", state, ...(reason === undefined ? {} : { reason }) },
    truths: [truth],
    lines: [good],
    lost: 0,
  });

  test("a refusal counts as impossible only where the kernel lacks something, and with a reason", () => {
    expect(judge(one, facts(["kprobe"]), seen("ok")).outcome).toBe("works");
    expect(judge(one, facts(["kprobe"]), seen("degraded", "why")).outcome).toBe("degraded");
    expect(judge(one, facts([]), seen("rejected", "no kprobes")).outcome).toBe("not possible");
    expect(judge(one, facts([]), seen("rejected")).outcome).toBe("FAILED");
    expect(judge(one, facts(["kprobe"]), seen("rejected", "no kprobes")).outcome).toBe("FAILED");
    expect(judge(one, facts(["kprobe"]), { ...seen("ok"), lines: [] }).outcome).toBe("FAILED");
    expect(judge(one, facts(["kprobe"]), { ...seen("ok"), trouble: "it died" }).outcome).toBe("FAILED");
    expect(judge(one, facts(["kprobe"]), { ...seen("ok"), compiled: { name: "one", error: "no" } }).outcome).toBe(
      "FAILED",
    );
    const ordered = { ...one, needs: ["kprobe", "order:x"] };
    expect(judge(ordered, facts(["kprobe"]), { ...seen("ok"), lines: [] }).outcome).toBe("not possible");
    expect(judge(ordered, facts(["kprobe", "order:x"]), { ...seen("ok"), lines: [] }).outcome).toBe("FAILED");
    expect(
      judge({ ...one, compile: { rejected: "no" } }, facts(["kprobe"]), {
        ...seen("ok"),
        compiled: { name: "one", error: "no" },
      }).outcome,
    ).toBe("refused");
  });
});

describe("damaged plans", () => {
  const damaged = (seed: number): Uint8Array => {
    const bytes = writePlan(planOf("sys_write", "sys_read"));
    damage(bytes, new Dice(seed));
    return seal(bytes);
  };

  test("the same seed does the same damage, and another another", () => {
    expect(damaged(7)).toEqual(damaged(7));
    expect(damaged(7)).not.toEqual(damaged(8));
  });

  test("the checksum fits, some are refused for what stands in them and some are not", () => {
    const said = Array.from({ length: 300 }, (_, seed) => {
      try {
        decodePlan(damaged(seed));
        return "taken";
      } catch (error) {
        if (error instanceof AppError) return error.message;
        throw error;
      }
    });
    expect(said.filter((text) => text.includes("checksum"))).toEqual([]);
    expect(said.filter((text) => text === "taken").length).toBeGreaterThan(10);
    expect(new Set(said).size).toBeGreaterThan(20);
  });
});
