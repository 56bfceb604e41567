import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Packr } from "msgpackr";
import { makeBenchEvents } from "../../../scripts/bench-events.ts";
import { arbitraryOf } from "../../../test/harness/schema-arbitrary.ts";
import { compile } from "../../core/check.ts";
import { RuntimeEvent } from "../../core/event/event.ts";
import { severityRank } from "../../core/event/severity.ts";
import { encodeRuntimeEvents } from "../stores/runtime-event-block.ts";
import { toRuntimeEventRow } from "../stores/runtime-event-row.ts";
import { encodeParts } from "./encode.ts";
import { makeRows, type MadeRows } from "./make-rows.ts";
import { PackedEvents } from "./packed-events.ts";
import { PlainRows } from "./plain-rows.ts";

const NOW_MS = 1_760_000_000_000;
const checker = compile(RuntimeEvent);
const packr = new Packr({ useRecords: false, variableMapSize: true });
const wide = new Packr({ useRecords: false });
const origin = {
  tenantId: "01980000-0000-7000-8000-000000000001",
  sensorId: "01980000-0000-7000-8000-000000000002",
  nodeName: "node-é",
  epoch: "00000000000000aa",
};
const PREFIX = `telovix event v1\n${origin.sensorId}\n${origin.epoch}\n`;
const source = { origin, ingestedAtMs: NOW_MS };
const ANY = { previousSeq: -1, firstSeq: 0, lastSeq: Infinity, cursor: 0, fromUs: 0, toUs: Infinity };

const pack = (events: readonly unknown[], codec = packr): PackedEvents =>
  new PackedEvents(Buffer.concat(events.map((event) => Buffer.from(codec.pack(event)))), events.length);
const numbered = (events: readonly RuntimeEvent[]): RuntimeEvent[] =>
  events.map((event, i) => ({ ...event, seq: i + 1 }));
const stored = (events: readonly RuntimeEvent[]) => events.map((event) => ({ ...origin, event, ingestedAtMs: NOW_MS }));
const event = arbitraryOf<RuntimeEvent>(RuntimeEvent);

/** Holds rows against those made of the same events as objects, to the byte. */
function expectSame(made: MadeRows | undefined, events: readonly RuntimeEvent[]): void {
  expect(made?.rows.count).toBe(events.length);
  const plain = PlainRows.of(stored(events));
  for (const [i] of events.entries()) {
    expect(Buffer.from(made!.rows.leafAt(i))).toEqual(Buffer.from(plain.leafAt(i, PREFIX)));
    expect([made!.rows.seqAt(i), made!.rows.observedUsAt(i)]).toEqual([plain.seqAt(i), plain.observedUsAt(i)]);
  }
  expect([...made!.rows.ranks]).toEqual(events.map(({ severity }) => severityRank(severity)));
  expect(made!.rows.rows()).toEqual([...plain.rows()]);
}

describe("rows of packed events", () => {
  test("are to the byte what they are when made of objects", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 20 }), fc.boolean(), async (some, isWide) => {
        const events = numbered(some);
        const made = makeRows(pack(events, isWide ? wide : packr), source, ANY);
        expectSame(made, events);
        const block = await encodeParts([made!.rows]);
        expect(Buffer.from(block)).toEqual(Buffer.from(encodeRuntimeEvents(stored(events).map(toRuntimeEventRow))));
        expect(made!.losses).toEqual(events.filter((one) => one.loss !== undefined));
      }),
      { numRuns: 300 },
    );
  });

  test("are taken of the texts JSON and UTF-8 make hard", () => {
    const texts = [
      "",
      '"\\/',
      "\u0000\u001f\u007f\u0080",
      "a\b\f\n\r\tz",
      "é€😀\u2028\uffff",
      "x".repeat(15) + '"',
      "😀".repeat(100),
    ];
    for (const length of [0, 1, 15, 16, 17, 31, 32, 126, 127, 128, 255, 256, 2_000])
      texts.push("y".repeat(length), `${"é".repeat(length >> 1)}"`);
    const events = makeBenchEvents(1, 1, texts.length, NOW_MS * 1000).map((one, i) => ({
      ...one,
      message: texts[i]!,
      raw: texts[i]!,
      detail: { value: texts[i]! },
    }));
    expectSame(makeRows(pack(events), source, ANY), events);
  });

  test("of many events come in blocks, of which the store would make the same rows", async () => {
    const events = makeBenchEvents(3, 1, 2_500, NOW_MS * 1000);
    const made = makeRows(pack(events), source, ANY);
    expectSame(made, events);
    const parts = [2_048, 2_500].map((to, i) => events.slice(i * 2_048, to));
    const blocks = parts.map((some) => makeRows(pack(some), source, ANY)!.rows);
    expect(Buffer.from(made!.rows.encoded!)).toEqual(Buffer.concat(blocks.map((rows) => rows.encoded!)));
    // Small batches of several sensors share a block.
    const other = {
      ...source,
      origin: { ...origin, sensorId: origin.tenantId, epoch: "00000000000000bb", nodeName: "" },
    };
    const halves = [
      makeRows(pack(events.slice(0, 3)), source, ANY)!.rows,
      makeRows(pack(events.slice(3, 5)), other, ANY)!.rows,
    ];
    const rows = [
      ...stored(events.slice(0, 3)),
      ...stored(events.slice(3, 5)).map((one) => ({ ...one, ...other.origin })),
    ];
    expect(Buffer.from(await encodeParts(halves))).toEqual(
      Buffer.from(encodeRuntimeEvents(rows.map(toRuntimeEventRow))),
    );
  });

  test("leave out what was had, and are none when a number or time is out of order", () => {
    const events = makeBenchEvents(1, 11, 10, NOW_MS * 1000);
    const made = makeRows(pack(events), source, { ...ANY, cursor: 14 });
    expect(made?.had).toBe(4);
    expectSame(made, events.slice(4));
    expect(makeRows(pack(events), source, { ...ANY, cursor: 20 })?.rows.rows()).toEqual([]);
    const times = events.map((one) => one.observed_at_us);
    for (const bounds of [
      { firstSeq: 12 },
      { lastSeq: 19 },
      { previousSeq: 11 },
      { fromUs: Math.max(...times) },
      { toUs: Math.min(...times) },
    ])
      expect(makeRows(pack(events), source, { ...ANY, ...bounds })).toBeUndefined();
    expect(makeRows(pack([events[1], events[0]]), source, ANY)).toBeUndefined();
    const { bytes } = pack(events);
    expect(makeRows(new PackedEvents(bytes, 9), source, ANY)).toBeUndefined();
    expect(makeRows(new PackedEvents(bytes, 11), source, ANY)).toBeUndefined();
  });
});

describe("what does not fit the schema is never taken", () => {
  test("whatever is changed in an event", () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown>(null, -1, 1.5, -0, 2 ** 53, "", "x".repeat(5_000), [], {}, true),
      fc.anything(),
    );
    let taken = 0;
    fc.assert(
      fc.property(event, odd, fc.nat(), fc.boolean(), (one, value, at, adds) => {
        // Somewhere in it another value, or a field nobody knows.
        const places: [Record<string, unknown>, string][] = [];
        const walk = (node: unknown): void => {
          if (typeof node !== "object" || node === null) return;
          for (const key of Object.keys(node)) {
            places.push([node as Record<string, unknown>, key]);
            walk((node as Record<string, unknown>)[key]);
          }
        };
        const copy = structuredClone({ ...one, seq: 1 });
        walk(copy);
        const [owner, key] = places[at % places.length]!;
        if (adds && !Array.isArray(owner)) owner[`${key}x`] = value;
        else owner[key] = value;
        let packed: PackedEvents;
        try {
          packed = pack([copy]);
        } catch {
          return;
        }
        const made = makeRows(packed, source, ANY);
        if (!made) return;
        taken++;
        const [read] = packed.unpack();
        expect(checker.fault(read)).toBeUndefined();
        expectSame(made, [read as RuntimeEvent]);
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(10);
  });

  test("whatever bytes are changed, left out or put in", () => {
    const some = fc.array(event, { minLength: 1, maxLength: 4 });
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom("set", "cut", "put", "end")), {
      maxLength: 4,
    });
    let taken = 0;
    fc.assert(
      fc.property(some, edits, (events, changes) => {
        const whole = pack(numbered(events));
        let bytes = [...whole.bytes];
        for (const [place, byte, edit] of changes) {
          const at = place % Math.max(1, bytes.length);
          if (edit === "set") bytes[at] = byte;
          else if (edit === "cut") bytes.splice(at, 1);
          else if (edit === "put") bytes.splice(at, 0, byte);
          else bytes = bytes.slice(0, at);
        }
        const packed = new PackedEvents(Uint8Array.from(bytes), whole.length);
        const made = makeRows(packed, source, ANY);
        if (!made) return;
        taken++;
        const read = packed.unpack() as RuntimeEvent[];
        for (const one of read) expect(checker.fault(one)).toBeUndefined();
        expectSame(made, read);
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(10);
  });
});
