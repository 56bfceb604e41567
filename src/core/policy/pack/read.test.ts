import { describe, expect, test } from "bun:test";
import { readPack } from "./read.ts";
import { actArguments, isProof, type SelfTestStep } from "./self-test.ts";

const MANIFEST = `id: test-pack
version: 0.1.0
title: A pack
description: For tests.
roles: [generic_linux]
enforcementCapable: false
policies: [first, second]
`;
const META = `title: A policy
description: It catches something.
why: It matters.
noise: None known.
mitre: [T1055, T1055.008]
severity: high
kind: process_ptrace
selfTest:
  - act: ptrace-child
    args: ["x"]
    from: /tmp
    as: nmap
    pidNamespace: true
    expect:
      event: process_kprobe
      fields: { message: "m", args.1.int_arg: 4 }
`;

function files(change: Readonly<Record<string, string | undefined>> = {}): Map<string, string> {
  const all = {
    "pack.yaml": MANIFEST,
    "first.yaml": "one",
    "first.meta.yaml": META,
    "second.yaml": "two",
    "second.meta.yaml": META,
    ...change,
  };
  return new Map(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

describe("reading a pack", () => {
  test("gives the policies in the manifest's order, with their texts and metadata", () => {
    const pack = readPack("test-pack", files());
    expect(pack.manifest.enforcementCapable).toBe(false);
    expect(pack.policies.map((p) => [p.name, p.text])).toEqual([
      ["first", "one"],
      ["second", "two"],
    ]);
    expect(pack.policies[0]?.metadata.kind).toBe("process_ptrace");
  });

  const faults: readonly [name: string, change: Record<string, string | undefined>, says: RegExp][] = [
    ["no manifest", { "pack.yaml": undefined }, /pack\.yaml: the pack lacks/],
    ["a policy without its file", { "first.yaml": undefined }, /first\.yaml: the pack lacks/],
    ["a policy without metadata", { "second.meta.yaml": undefined }, /second\.meta\.yaml: the pack lacks/],
    ["a file of no policy", { "third.yaml": "x" }, /third\.yaml: no policy/],
    ["a policy twice", { "pack.yaml": MANIFEST.replace("second", "first") }, /policies/],
    ["another directory's name", { "pack.yaml": MANIFEST.replace("test-pack", "other-pack") }, /its directory/],
    ["an unknown field", { "pack.yaml": `${MANIFEST}colour: red\n` }, /colour: unknown field/],
    ["a path as a policy's name", { "pack.yaml": MANIFEST.replace("second", "../second") }, /policies/],
    ["a version that is none", { "pack.yaml": MANIFEST.replace("0.1.0", "0.1") }, /version/],
    ["a role that is none", { "pack.yaml": MANIFEST.replace("generic_linux", "Generic Linux") }, /roles/],
    ["a technique that is none", { "first.meta.yaml": META.replace("T1055,", "TA0001,") }, /mitre/],
    ["a severity that is none", { "first.meta.yaml": META.replace("high", "urgent") }, /severity/],
    ["a kind that is none", { "first.meta.yaml": META.replace("process_ptrace", "ptrace") }, /kind/],
    [
      "a description that is no sentence",
      { "first.meta.yaml": META.replace("something.", "something") },
      /description/,
    ],
    ["no self-test", { "first.meta.yaml": META.replace(/selfTest:[^]*/, "selfTest: []\n") }, /selfTest/],
    ["an action that proves nothing", { "first.meta.yaml": META.replace(/fields:.*/, "fields: {}") }, /fields/],
    ["a copy anywhere else", { "first.meta.yaml": META.replace("/tmp", "/etc") }, /from/],
    ["a stand-in of another pack", { "first.meta.yaml": `${META}fallbackOf: elsewhere\n` }, /elsewhere is no other/],
    ["a stand-in for itself", { "first.meta.yaml": `${META}coveredBy: [first]\n` }, /first is no other/],
    ["a key twice", { "pack.yaml": `${MANIFEST}id: test-pack\n` }, /pack\.yaml: .*unique/i],
    ["an alias", { "pack.yaml": MANIFEST.replace("A pack", "&a A pack\nx: *a") }, /pack\.yaml:/],
    ["a text that is too large", { "first.meta.yaml": META + "#".repeat(70_000) }, /larger than/],
    ["a prototype", { "first.meta.yaml": `${META}__proto__: { x: 1 }\n` }, /__proto__/],
  ];
  test.each(faults)("refuses %s", (_name, change, says) =>
    expect(() => readPack("test-pack", files(change))).toThrow(says),
  );
});

test("a self-test's step becomes arguments of the engine", () => {
  const step = readPack("test-pack", files()).policies[0]!.metadata.selfTest[0]!;
  expect(actArguments(step).join(" ")).toBe("act --from /tmp --as nmap --pid-ns ptrace-child x");
  expect(actArguments({ act: "setuid-same", expect: step.expect })).toEqual(["act", "setuid-same"]);
});

describe("an event proves a step", () => {
  const step: SelfTestStep = {
    act: "exec-copy",
    expect: {
      event: "process_tracepoint",
      fields: { message: "Started", "args.0.linux_binprm_arg.path": "{target}", "args.1.size_arg": 5 },
    },
  };
  const answer = { pid: 7, target: "/tmp/x/nmap" };
  const event = (change: object = {}): Record<string, unknown> => ({
    process_tracepoint: {
      process: { pid: 7 },
      policy_name: "tools",
      message: "Started",
      args: [{ linux_binprm_arg: { path: "/tmp/x/nmap" } }, { size_arg: "5" }],
      ...change,
    },
  });

  test("when policy, process and every field agree", () => expect(isProof(step, "tools", answer, event())).toBe(true));
  test.each([
    ["of another process", event({ process: { pid: 8 } })],
    ["of another policy", event({ policy_name: "other" })],
    ["with another field", event({ message: "Ended" })],
    ["about another file", event({ args: [{ linux_binprm_arg: { path: "/tmp/y" } }, { size_arg: "5" }] })],
    ["without the argument", event({ args: [] })],
    ["of another kind", { process_kprobe: event()["process_tracepoint"] }],
  ])("not %s", (_name, line) => expect(isProof(step, "tools", answer, line)).toBe(false));
  test("not when the action told no target", () => expect(isProof(step, "tools", { pid: 7 }, event())).toBe(false));
});
