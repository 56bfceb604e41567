import { expect, test } from "bun:test";
import fc from "fast-check";
import { bothWays, LineNumberer } from "../../../test/harness/chunk-readers.ts";
import { line } from "../../../test/harness/sample-lines.ts";

/** Mostly what is usual, sometimes what is not. */
const mostly = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 60, arbitrary: usual }, { weight: 1, arbitrary: odd });
const text = mostly(
  fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: "binary", maxLength: 12 })),
  fc.constantFrom(
    "",
    "/usr/bin/ls",
    "/usr/bin/cat",
    "/opt/a",
    "/tmp/a",
    "a b",
    "[kworker]",
    "$&",
    "x".repeat(1100),
    "é".repeat(600),
    "\ud800",
  ),
);
const number = fc.oneof(
  fc.nat(70_000),
  fc.constantFrom(4294967295, 4294967296, -1, 1.5, "12", "012", "", 2 ** 53, null),
);
const any = fc.oneof(text, number, fc.boolean(), fc.array(text, { maxLength: 3 }), fc.object({ maxDepth: 2 }));
/** A member of a process: mostly of its own kind, sometimes missing or of any. */
const member = (usual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 150, arbitrary: usual },
    { weight: 1, arbitrary: any },
    { weight: 3, arbitrary: fc.constant(undefined) },
  );
const id = fc.constantFrom("Yw==", "cA==", "a", "b", "c");
const process = fc.record({
  exec_id: member(id),
  parent_exec_id: member(id),
  pid: member(fc.nat(9)),
  ppid: member(fc.nat(100_000)),
  tid: member(fc.nat(300)),
  uid: member(fc.nat(70_000)),
  auid: member(fc.constantFrom(4294967295, 1000)),
  binary: member(mostly(fc.constantFrom("/usr/bin/ls", "/opt/a", "x", "/usr/lib/é"), text)),
  comm: member(fc.constant("cat")),
  argv: member(fc.array(text, { maxLength: 20 })),
  arguments: member(text),
  cwd: member(text),
  flags: member(mostly(fc.constantFrom("execve", "clone"), fc.constant("procFS"))),
  start_time: member(
    mostly(
      fc.constantFrom("2024-02-29T23:59:59.5Z", "2026-11-21T01:00:00.123456789Z", "2000-12-31T00:00:00Z"),
      fc.constantFrom("2026-02-29T00:00:00Z", "1970-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z"),
    ),
  ),
  cgroup: member(
    fc.constantFrom(
      "/",
      "",
      "/system.slice/cron.service",
      "/user.slice",
      `/kubepods/pod${"0".repeat(32)}/${"a".repeat(64)}`,
    ),
  ),
  docker: member(fc.constantFrom(undefined, "0123456789ab")),
  cap: member(
    fc.record({ effective: member(fc.subarray(["CAP_CHOWN", "CAP_KILL", "CAP_BPF", "CAP_CHECKPOINT_RESTORE"])) }),
  ),
  ns: member(
    fc.record({
      mnt: member(fc.record({ inum: member(fc.nat()) })),
      user: fc.record({ inum: fc.constant("4026531837") }),
      odd: any,
    }),
  ),
  process_credentials: member(fc.record({ gid: member(fc.nat(10)) })),
});
const around = fc.record({
  backend: member(fc.constant("tp_btf")),
  cpu: member(fc.nat(300)),
  ino: member(fc.constant("77")),
  nlink: member(mostly(fc.constantFrom<unknown>(1, "1"), fc.constant(0))),
  duration_ns: member(fc.constantFrom("123", "5000000000000", 12)),
});
const anyLine = fc.oneof(
  fc.record({
    kind: fc.constantFrom("process_exec", "process_fork"),
    process,
    parent: member(process),
    telovix: around,
    more: fc.constant({}),
  }),
  fc.record({
    kind: fc.constant("process_exit"),
    process,
    parent: member(process),
    telovix: around,
    more: fc.record({
      signal: fc.option(fc.constant("SIGTERM"), { nil: undefined }),
      status: member(fc.nat(300)),
      time: fc.option(text, { nil: undefined }),
    }),
  }),
);
/** A byte of the line is another. */
const damage = fc.oneof(
  { weight: 30, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(), fc.nat(255)) },
);

test("any lines, whole or damaged, give the bytes that the long way gives", () => {
  let packed = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyLine, damage, fc.nat(900)), { minLength: 10, maxLength: 30 }),
      fc.nat(3),
      (made, perChunk) => {
        const engine = new LineNumberer();
        const { same, quick } = bothWays();
        let chunk: string[] = [];
        for (const [{ kind, telovix, more, ...about }, damaged, stepMs] of made) {
          let one = engine.chunk(
            [line({ [kind]: { process: about.process, parent: about.parent, ...more } }, telovix)],
            stepMs,
          );
          if (damaged) {
            const at = damaged[0] % (one.length - 1);
            one = `${one.slice(0, at)}${String.fromCharCode(damaged[1])}${one.slice(at + 1)}`;
          }
          chunk.push(one);
          if (chunk.length > perChunk) {
            same(chunk.join(""));
            chunk = [];
          }
        }
        same(chunk.join(""));
        packed += quick.packed;
      },
    ),
    { numRuns: 100 },
  );
  // It must not hold only because everything went the long way.
  expect(packed).toBeGreaterThan(200);
}, 60_000);
