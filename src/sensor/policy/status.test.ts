import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compile } from "../../core/check.ts";
import { PolicyState } from "../../core/wire/state.ts";
import { policiesToLoad } from "./stand-in.ts";
import { knownPolicies } from "./known.ts";
import { readPolicies, type EnginePolicy } from "./status.ts";
import { testPolicy } from "../../../test/harness/packs.ts";

const STATS = { matched: 7, posted: 6, lost: 1, rateLimited: 0, enforced: 2, guarded: 0, monitored: 0, truncated: 0 };
const HOOK = { hook: "sys_openat", kind: "kprobe", backend: "sys_enter", status: "ok" };
const read = (...policies: object[]): EnginePolicy[] => [
  ...(readPolicies(JSON.stringify({ policies })) ?? []).values(),
];

describe("what the engine says", () => {
  test.each([
    ["ok", "ok"],
    ["loaded", "ok"],
    ["loading", "waiting"],
    ["degraded", "degraded"],
    ["rejected", "rejected"],
    ["off", "off"],
  ] as const)("%p means %p", (said, state) => expect(read({ name: "p", state: said })[0]?.state).toBe(state));

  test("is taken with mode and counters", () =>
    expect(read({ name: "p", file: "p.plan", mode: "enforce", state: "ok", hooks: [HOOK], stats: STATS })).toEqual([
      { name: "p", mode: "enforce", state: "ok", matched: 7, enforced: 2, lost: 1, hooks: 1, hooksRejected: 0 },
    ]));

  test("has the hook in its reason, which says more than that there is one", () => {
    const rejected = { ...HOOK, hook: "file_open", status: "rejected", reason: "no BPF LSM on this kernel" };
    const [policy] = read({ name: "p", state: "rejected", reason: "None of its hooks.", hooks: [HOOK, rejected] });
    expect(policy).toMatchObject({ reason: "file_open: no BPF LSM on this kernel", hooks: 2, hooksRejected: 1 });
    expect(read({ name: "p", state: "off", reason: "too many events" })[0]?.reason).toBe("too many events");
  });

  test("a policy of a state nobody knows, or without a name, is left out", () =>
    expect(
      read({ name: "p", state: "asleep" }, { state: "ok" }, { name: "q", state: "ok" }).map((p) => p.name),
    ).toEqual(["q"]));

  test.each(["", "{", "[]", "null", '{"policies":{}}'])("%p says nothing", (text) =>
    expect(readPolicies(text)).toBeUndefined(),
  );

  const fits = compile(PolicyState);
  test("whatever it is, what is made of it fits the heartbeat", () => {
    const some = fc.oneof(fc.jsonValue(), fc.constant("x".repeat(3000)), fc.constant("\ud800"), fc.integer());
    const hook = fc.record({ hook: some, status: fc.constantFrom("ok", "rejected", "degraded"), reason: some });
    const policy = fc.record({
      name: some,
      state: fc.constantFrom("ok", "degraded", "rejected", "off"),
      mode: some,
      reason: some,
      hooks: fc.oneof(some, fc.array(hook, { maxLength: 4 })),
      stats: fc.oneof(some, fc.record({ matched: some, enforced: some, lost: some })),
    });
    fc.assert(
      fc.property(fc.array(policy, { maxLength: 4 }), (policies) => {
        for (const { hooks: _h, hooksRejected: _r, ...state } of read(...policies))
          expect(fits.fault(state)).toBeUndefined();
      }),
    );
  });
});

describe("a policy that stands in for another", () => {
  const pack = {
    id: "p",
    version: "0.1.0",
    title: "t",
    enforcementCapable: false,
    file: { file: "", sizeBytes: 0, sha256: "" },
  };
  const known = knownPolicies([
    { ...pack, policies: [testPolicy("first"), testPolicy("other", { fallbackOf: "first" }), testPolicy("third")] },
  ]);
  const told = (state: string, hooks: object[] = []) =>
    readPolicies(JSON.stringify({ policies: [{ name: "first", state, hooks }] }))!;
  const load = (status: ReadonlyMap<string, EnginePolicy>, ...loaded: string[]): string[] => [
    ...policiesToLoad(known, status, new Set(loaded)),
  ];

  test("waits until the engine has spoken", () => expect(load(new Map())).toEqual(["first", "third"]));
  test("stays, as long as the engine of a new run has not", () =>
    expect(load(new Map(), "other")).toEqual(["first", "other", "third"]));
  test("comes where the other was rejected, or a hook of it", () => {
    expect(load(told("rejected"))).toEqual(["first", "other", "third"]);
    expect(load(told("degraded", [HOOK, { ...HOOK, status: "rejected" }]))).toEqual(["first", "other", "third"]);
  });
  test("goes where the other works", () => {
    expect(load(told("ok", [HOOK]), "other")).toEqual(["first", "third"]);
    expect(load(told("degraded", [{ ...HOOK, status: "degraded" }]), "other")).toEqual(["first", "third"]);
  });
});
