import { describe, expect, test } from "bun:test";
import { Unpackr } from "msgpackr";
import type { RuntimeEvent } from "../../core/event/event.ts";
import { bothWays, ChunkReader, LineNumberer } from "../../../test/harness/chunk-readers.ts";
import { hook, line, parent, proc, sock } from "../../../test/harness/sample-lines.ts";
import { Enricher } from "../enrich/enrich.ts";
import { PodNames } from "../enrich/pod-names.ts";
import type { EventDraft } from "../normalize/draft.ts";
import { LineProgram, type Ran } from "../normalize/line-program.ts";
import { PackedEvents } from "./packed-events.ts";
import { Pipeline } from "./pipeline.ts";
import { START } from "./position.ts";

const unpackr = new Unpackr({ useRecords: false, int64AsType: "number" });
const SECOND_MS = 1000;

const exec = (over: object = {}, telovix: object = {}, by: object = parent): string =>
  line({ process_exec: { process: proc(over), parent: by } }, telovix);
const exit = (over: object = {}, more: object = {}, telovix: object = {}): string =>
  line({ process_exit: { process: proc(over), parent, ...more } }, telovix);
const fork = (over: object = {}): string => line({ process_fork: { process: proc(over), parent } });

describe("lines in WebAssembly", () => {
  test("give the bytes that the long way gives, and most lines go so", () => {
    const engine = new LineNumberer();
    const { same, quick } = bothWays();
    const life = (n: number): string[] => [
      fork({ exec_id: `f${n}`, pid: n, flags: "clone" }),
      exec(
        { exec_id: `e${n}`, parent_exec_id: `e${n - 1}`, pid: n, argv: ["cat", `/etc/${n}`] },
        { ino: "1", dev: "8:1" },
      ),
      exit({ exec_id: `e${n}`, parent_exec_id: `e${n - 1}`, pid: n }, n % 2 ? { signal: "SIGKILL" } : { status: 3 }, {
        duration_ns: "1234567",
      }),
    ];
    const lives = Array.from({ length: 200 }, (_, n) => engine.chunk(life(n), SECOND_MS));
    same(...lives);
    expect(quick.packed).toBeGreaterThan(590);
    same(lives.slice(0, 10).join(""));
  });

  test("what a process knows of its ancestors, either way it was read", () => {
    const engine = new LineNumberer();
    const { same } = bothWays();
    // One that goes the long way between two that do not.
    same(
      engine.chunk([exec({ exec_id: "a", parent_exec_id: "cA==" })], SECOND_MS),
      engine.chunk([exec({ exec_id: "b", parent_exec_id: "a", binary: "/tmp/x", docker: "0123456789ab" })], SECOND_MS),
      engine.chunk([exec({ exec_id: "c", parent_exec_id: "b", pid: 43 })], SECOND_MS),
      engine.chunk([hook("telovix-network-baseline", "tcp_connect", [sock()], {}, {}, proc({ exec_id: "c" }))]),
      engine.chunk([exit({ exec_id: "c", parent_exec_id: "b", pid: 43 })]),
      // A grace later they are forgotten, but for those that did not end.
      engine.chunk([exec({ exec_id: "d", parent_exec_id: "c", pid: 44 })], 61 * SECOND_MS),
      engine.chunk([exit({ exec_id: "d", parent_exec_id: "c", pid: 44 })], 61 * SECOND_MS),
      engine.chunk([exec({ exec_id: "e", parent_exec_id: "c", pid: 45 })], 61 * SECOND_MS),
      // One that executes another program is over, too.
      engine.chunk([exec({ exec_id: "f", parent_exec_id: "cA==", pid: 50 })], SECOND_MS),
      engine.chunk([exec({ exec_id: "g", parent_exec_id: "f", pid: 50 })], SECOND_MS),
      engine.chunk([exit({ exec_id: "e", parent_exec_id: "c", pid: 45 })], 61 * SECOND_MS),
      engine.chunk([exec({ exec_id: "h", parent_exec_id: "f", pid: 51 })], SECOND_MS),
      engine.chunk([exec({ exec_id: "i", parent_exec_id: "g", pid: 52 })], SECOND_MS),
    );
  });

  test("ancestors that are too large for one event's room", () => {
    const engine = new LineNumberer();
    const { same } = bothWays();
    const chain = (n: number, binary: string): string =>
      exec({ exec_id: `l${n}`, parent_exec_id: `l${n - 1}`, pid: 60 + n, binary, argv: ["x"], arguments: "" });
    const long = Array.from({ length: 20 }, (_, n) => chain(n, `/${"€".repeat(4000)}`));
    same(engine.chunk(long, SECOND_MS), engine.chunk([chain(20, "/usr/bin/ls"), chain(21, "/usr/bin/ls")], SECOND_MS));
  });

  test("bursts begin, go on and end at the same lines", () => {
    const engine = new LineNumberer();
    const { same, quick, long } = bothWays();
    const many = (count: number): string[] =>
      Array.from({ length: count }, (_, n) => exec({ exec_id: `x${n}`, pid: 100 + n }));
    same(engine.chunk(many(30), 20), engine.chunk([exit({})], 3 * SECOND_MS), engine.chunk(many(90), 100));
    same(engine.chunk([...many(3), fork({}), fork({}), fork({}), fork({}), exit({})]));
    expect(long.pipeline.counters.events_folded).toBeGreaterThan(20);
    expect(quick.pipeline.drain()).toEqual(long.pipeline.drain());
  });

  test("a lane that began anew numbers anew", () => {
    const program = new ChunkReader(new LineProgram()).pipeline;
    const made: (EventDraft | PackedEvents)[] = [];
    const give = (event: EventDraft | PackedEvents): boolean => made.push(event) > 0;
    const lines = Array.from({ length: 9 }, (_, n) => exec({ exec_id: `n${n}` }));
    program.chunk(Buffer.from(new LineNumberer().chunk(lines, SECOND_MS)), { nextSeq: 126, give });
    for (const first of [1, 126, 127, 250, 65_530, 2 ** 32 - 4, 2 ** 40]) {
      const events = program.encodeAll(made, first).map((payload) => unpackr.unpack(payload) as RuntimeEvent);
      expect(events.map((event) => event.seq)).toEqual(lines.map((_, n) => first + n));
      expect(events.map((event) => event.process?.exec_id)).toEqual(lines.map((_, n) => `n${n}`));
    }
    expect(made.filter((one) => one instanceof PackedEvents)).not.toHaveLength(0);
  });

  test("a fault of the program ends it: lines go the long way", () => {
    class Faulty extends LineProgram {
      left = 3;
      override run(...args: Parameters<LineProgram["run"]>): Ran {
        if (this.left-- <= 0) throw new WebAssembly.RuntimeError("planted");
        return super.run(...args);
      }
    }
    for (const fault of ["run", "find"] as const) {
      const program = new Faulty();
      const faults: unknown[] = [];
      const hooks = { onFault: (error: unknown) => void faults.push(error) };
      const pipeline = new Pipeline(new Enricher(new PodNames("/nonexistent")), START, hooks, new Map(), program);
      const engine = new LineNumberer();
      let count = 0;
      const give = (event: EventDraft | PackedEvents): boolean =>
        (count += event instanceof PackedEvents ? event.count : 1) > 0;
      for (let n = 0; n < 6; n++) {
        if (n === 2 && fault === "find")
          program.find = () => {
            throw new WebAssembly.RuntimeError("planted");
          };
        // The second of them goes the long way.
        const texts = [exec({ exec_id: `t${n}`, pid: n }), exec({ exec_id: `u${n}`, binary: "/tmp/x" })];
        pipeline.chunk(Buffer.from(engine.chunk(texts, SECOND_MS)), { nextSeq: 1, give });
      }
      expect(faults).toHaveLength(1);
      expect(count).toBe(12);
      expect(pipeline.counters).toMatchObject({ lines_read: 12, events_normalized: 12, lines_repeated: 0 });
    }
  });

  test("gaps, repeats, another run, rubbish and lines that are too long", () => {
    const engine = new LineNumberer();
    const { same, quick } = bothWays();
    const [a, b, c, d] = Array.from({ length: 4 }, (_, n) => engine.chunk([exec({ exec_id: `g${n}` })], SECOND_MS));
    same(a!, c!, b!, `rubbish\n\n${d!}`, `{"process_exec":{"process":{\n`, `${"x".repeat(70_000)}\n`);
    const next = engine.chunk([exec({ exec_id: "g9" })]);
    same(next.replace(/"seq":"\d+"/, '"seq":"9"'), next.replace('"run_id":"aa"', '"run_id":"bb"'));
    expect(quick.pipeline.counters.lines_repeated).toBe(1);
    expect(quick.pipeline.counters.lines_malformed).toBe(2);
  });
});
