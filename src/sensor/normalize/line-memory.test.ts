import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LineMemory } from "./line-memory.ts";
import { readParent, readProcess } from "./process.ts";

interface Body {
  process: Record<string, unknown>;
  parent?: Record<string, unknown>;
}

/** Texts that look like the end of what is about a process. */
const hostile = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.constantFrom('},"function_name":', '"},"function_name":"x', "\\", '"}', '},"process":{', "__proto__"),
);
const process = fc.record(
  {
    exec_id: fc.constantFrom("a", "b", "c"),
    pid: fc.constantFrom(1, 2),
    tid: fc.constantFrom(1, 2),
    uid: fc.nat(3),
    binary: hostile,
    argv: fc.array(hostile, { maxLength: 3 }),
    start_time: fc.constant("2026-11-21T03:12:00.123456789Z"),
  },
  { noNullPrototype: true },
);
const parent = fc.option(fc.record({ exec_id: hostile, pid: fc.nat(9), binary: hostile }, { noNullPrototype: true }), {
  nil: undefined,
});
const line = fc
  .record({
    event: fc.constantFrom("process_kprobe", "process_lsm", "process_exec", "process_exit"),
    process,
    parent,
    more: fc.dictionary(hostile, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3, noNullPrototype: true }),
    seq: fc.nat(),
  })
  .map(({ event, process: about, parent: by, more, seq }) =>
    JSON.stringify({
      [event]: { process: about, ...(by ? { parent: by } : {}), function_name: "f", ...more },
      node_name: "n",
      telovix: { seq },
    }),
  );

describe("a line that is parsed with the memory of those before", () => {
  test("means what JSON.parse says, whatever its texts look like", () => {
    let remembered = 0;
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
        const memory = new LineMemory();
        for (const text of [...lines, ...lines, ...lines]) {
          const { value, known } = memory.parse(text);
          expect(value).toEqual(JSON.parse(text));
          if (!known) continue;
          remembered++;
          const body = Object.values(JSON.parse(text) as Record<string, Body>)[0]!;
          expect(known.seen).toEqual(readProcess(body.process));
          expect(known.parent).toEqual(readParent(body.parent));
        }
      }),
    );
    expect(remembered).toBeGreaterThan(100);
  });

  test("is refused when it is no JSON, however well it begins", () => {
    const memory = new LineMemory();
    const good = '{"process_kprobe":{"process":{"exec_id":"a","pid":1,"tid":1,"uid":0},"function_name":"f"}}';
    for (let i = 0; i < 3; i++) memory.parse(good);
    expect(memory.parse(good).known?.seen?.process.pid).toBe(1);
    expect(() => memory.parse(good.slice(0, -2))).toThrow(SyntaxError);
    expect(() => memory.parse(`${good}}`)).toThrow(SyntaxError);
  });

  test("is not taken for another's that begins alike", () => {
    const memory = new LineMemory();
    const alone = '{"process_kprobe":{"process":{"exec_id":"a","pid":1,"tid":1,"uid":0},"function_name":"f"}}';
    for (let i = 0; i < 3; i++) memory.parse(alone);
    const withParent = alone.replace(',"function_name"', ',"parent":{"exec_id":"p","pid":2},"function_name"');
    const { value, known } = memory.parse(withParent);
    expect(value).toEqual(JSON.parse(withParent));
    expect(known?.parent?.ancestor.exec_id ?? "p").toBe("p");
    const twice = alone.replace('"f"', '"f","process":{"exec_id":"z","pid":9}');
    expect(memory.parse(twice).value).toEqual(JSON.parse(twice));
  });
});
