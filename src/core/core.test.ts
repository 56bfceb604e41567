import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Type } from "typebox";
import { compile } from "./check.ts";
import { ManualClock } from "./clock.ts";
import { AppError } from "./error.ts";
import { formatEventId, parseEventId, RuntimeEvent } from "./event/event.ts";
import { isUuid, newUuid, randomToken } from "./ids.ts";
import { createLog, Secret } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { Stack } from "./service.ts";
import { silentLog } from "./log.ts";

describe("ids", () => {
  test("a UUID carries its time and sorts by it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: 1, max: 2 ** 40 }), (a, more) => {
        const [first, second] = [newUuid(a), newUuid(a + more)];
        expect(isUuid(first)).toBe(true);
        expect(first < second).toBe(true);
        expect(Number.parseInt(first.replaceAll("-", "").slice(0, 12), 16)).toBe(a);
      }),
    );
  });

  test("an event id is read back as it was written, and nothing else is", () => {
    const sensorId = newUuid();
    expect(parseEventId(formatEventId(sensorId, "0123456789abcdef", 42))).toEqual({
      sensorId,
      epoch: "0123456789abcdef",
      seq: 42,
    });
    for (const bad of [
      "",
      "x.y.1",
      `${sensorId}.0123456789abcdef.0`,
      `${sensorId}.0123456789abcdef.1'`,
      `${sensorId}.XYZ.1`,
    ])
      expect(parseEventId(bad)).toBeUndefined();
  });

  test("32 random bytes are 43 URL-safe characters", () => expect(randomToken(32)).toMatch(/^[A-Za-z0-9_-]{43}$/));
});

describe("checked shapes", () => {
  const checker = compile(
    Type.Object(
      { a: Type.Integer(), b: Type.Optional(Type.Array(Type.Object({ c: Type.String({ maxLength: 2 }) }))) },
      { additionalProperties: false },
    ),
  );

  test("the pointer names the field at fault", () => {
    expect(checker.fault({ a: 1, b: [{ c: "ab" }, { c: "abc" }] })?.pointer).toBe("/b/1/c");
    expect(checker.fault({ a: "1" })?.pointer).toBe("/a");
    expect(checker.fault({ a: 1, zz: 2 })).toEqual({ pointer: "/zz", reason: "unknown field" });
    expect(checker.fault({ a: 1 })).toBeUndefined();
  });

  test("parse throws an error for people", () => {
    expect(() => checker.parse({ a: 1.5 })).toThrow(AppError);
  });

  test("an event of an unknown kind or severity is refused", () => {
    const events = compile(RuntimeEvent);
    const event = { seq: 1, kind: "process_exec", severity: "info", observed_at_us: 1, message: "m" };
    expect(events.is(event)).toBe(true);
    expect(events.fault({ ...event, kind: "nope" })?.pointer).toBe("/kind");
    expect(events.fault({ ...event, severity: "bad" })?.pointer).toBe("/severity");
    expect(events.fault({ ...event, seq: 0 })?.pointer).toBe("/seq");
    expect(events.fault({ ...event, tenant_id: "x" })?.reason).toBe("unknown field");
  });
});

describe("log", () => {
  test("a secret never reaches a line, whatever it stands in", () => {
    const lines: string[] = [];
    for (const format of ["json", "text"] as const) {
      const log = createLog({ format, write: (l) => void lines.push(l) });
      log.info("x", {
        token: new Secret("hunter2"),
        nested: { deep: [new Secret("hunter2")] },
        text: String(new Secret("hunter2")),
      });
    }
    expect(lines.length).toBe(2);
    for (const line of lines) expect(line).not.toContain("hunter2");
    expect(Bun.inspect(new Secret("hunter2"))).not.toContain("hunter2");
  });

  test("JSON lines stay one line", () => {
    const lines: string[] = [];
    createLog({ write: (l) => void lines.push(l) })
      .child("a")
      .child("b")
      .error("bad\nnews", { error: new AppError("conflict", "no", { hint: "h" }) });
    expect(lines[0]!.split("\n").length).toBe(2);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      subsystem: "a.b",
      level: "error",
      error: { code: "conflict", hint: "h" },
    });
  });
});

describe("metrics", () => {
  test("are printed as Prometheus reads them", () => {
    const metrics = new Metrics();
    metrics.counter("x_total", "an x")(2, { why: 'a"b' });
    metrics.gauge("y", "a y")(1.5);
    metrics.histogram("z_ms", "a z", [1, 10])(5);
    const text = metrics.render();
    expect(text).toContain('x_total{why="a\\"b"} 2');
    expect(text).toContain("# TYPE y gauge\ny 1.5");
    expect(text).toContain('z_ms_bucket{le="1"} 0');
    expect(text).toContain('z_ms_bucket{le="10"} 1');
    expect(text).toContain('z_ms_bucket{le="+Inf"} 1');
  });
});

describe("time and stopping", () => {
  test("sleepers wake in order, and an aborted one at once", async () => {
    const clock = new ManualClock();
    const woken: string[] = [];
    const controller = new AbortController();
    const sleeps = [
      clock.sleep(20).then(() => woken.push("late")),
      clock.sleep(10).then(() => woken.push("early")),
      clock.sleep(99, controller.signal).then(() => woken.push("cut")),
    ];
    controller.abort();
    await clock.advance(20);
    await Promise.all(sleeps);
    expect(woken).toEqual(["cut", "early", "late"]);
  });

  test("a stack stops in reverse, past a part that fails", async () => {
    const stopped: string[] = [];
    {
      await using stack = new Stack(silentLog);
      stack.add("a", () => void stopped.push("a"));
      stack.add("b", () => {
        throw new Error("b will not");
      });
      stack.start(
        {
          name: "c",
          run: (signal) =>
            new Promise((resolve) => signal.addEventListener("abort", () => (stopped.push("c"), resolve()))),
        },
        () => {},
      );
    }
    expect(stopped).toEqual(["c", "a"]);
  });
});
