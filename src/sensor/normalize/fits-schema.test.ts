import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { parseLine } from "./line.ts";
import type { KnownPolicies } from "../policy/known.ts";
import { normalize } from "./normalize.ts";
import { testPolicy } from "../../../test/harness/packs.ts";
import { file, hook, line, parent, proc, read, schema, sock } from "../../../test/harness/sample-lines.ts";

describe("whatever comes, what goes out fits the schema", () => {
  const samples = [
    line({ process_exec: { process: proc(), parent } }),
    hook("telovix-file-open", "sys_openat", file("/etc/shadow", "O_RDONLY")),
    hook("telovix-network-baseline", "tcp_close", [sock()], {}, { bytes_sent: "5", direction: "inbound" }),
    hook(
      "telovix-dns",
      "dns_response",
      [sock()],
      {},
      {
        dns: {
          id: 1,
          rcode: 0,
          questions: [{ name: "a", type: "A" }],
          answers: [{ name: "a", type: "A", ttl: 1, data: "b" }],
        },
      },
    ),
    hook("telovix-syscall", "sys_mount", [{ string_arg: "a" }, { int_arg: 1 }]),
    hook("p", "f", [{ int_arg: 1 }], { message: "m", tags: ["t"] }),
    hook(
      "known",
      "sys_connect",
      [
        { sockaddr_arg: { family: "AF_INET", addr: "10.0.0.9", port: 1 }, label: "peer" },
        { string_arg: "/p", label: "path" },
        { int_arg: 2, label: "type" },
      ],
      { message: "m", tags: ["t"] },
      { enforced: { method: "lsm", stopped: true }, monitored: true },
    ),
    hook("telovix-syscall", "sys_bpf", [], {}, { tamper: { object: "map", id: 1, act: "opened" } }),
    line({ engine_start: { version: "1", backends: [{ sensor: "s", hook: "h", backend: "b", status: "ok" }] } }),
    line({ engine_policy_off: { policy_name: "p", reason: "Switched off: it matched 9 times a second." } }),
    line({ engine_loss: { cause: "c", count: "1", from_ktime_ns: "1", to_ktime_ns: "2" } }),
  ].map((text) => JSON.parse(text) as object);
  const known: KnownPolicies = new Map([["known", { ...testPolicy("known"), pack: "p" }]]);
  const HOSTILE = fc.oneof(
    fc.constant(null),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant("\ud800"),
    fc.constant("x".repeat(9000)),
    fc.constant("-1"),
    fc.constant("99999999999999999999"),
    fc.string(),
    fc.constant([]),
    fc.constant({}),
    fc.array(fc.string(), { maxLength: 300 }),
  );
  const leaves = (value: unknown, path: string[] = []): string[][] =>
    typeof value === "object" && value !== null
      ? [path, ...Object.entries(value).flatMap(([k, v]) => leaves(v, [...path, k]))]
      : [path];

  test("with any field replaced by anything", () => {
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.nat(), HOSTILE, (sample, at, value) => {
        const paths = leaves(sample).filter((p) => p.length > 0);
        const path = paths[at % paths.length]!;
        const copy = structuredClone(sample) as Record<string, never>;
        let target: Record<string, unknown> = copy;
        for (const key of path.slice(0, -1)) target = target[key] as Record<string, unknown>;
        target[path.at(-1)!] = value;
        const parsed = parseLine(JSON.stringify(copy));
        if (typeof parsed === "string") return;
        const found = normalize(parsed, known);
        if (found.type !== "event" && found.type !== "start") return;
        expect(schema.fault({ seq: 1, ...found.draft })).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  let real: string[] = [];
  try {
    real = readFileSync(new URL("../../../test/fixtures/engine/sample.jsonl", import.meta.url), "utf8")
      .split("\n")
      .filter(Boolean);
  } catch {
    real = [];
  }
  test.skipIf(real.length === 0)("and the lines of a real engine", () => {
    const unknown: string[] = [];
    for (const text of real) {
      const found = read(text);
      if (found.type === "unknown") unknown.push(found.what);
      if (found.type === "event" || found.type === "start")
        expect(schema.fault({ seq: 1, ...found.draft })).toBeUndefined();
    }
    expect(unknown).toEqual([]);
  });
});
