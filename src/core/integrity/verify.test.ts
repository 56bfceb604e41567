import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { resealed, sampleExport } from "../../../test/harness/integrity.ts";
import { generateSigningKey, openSigner } from "../sign/ed25519.ts";
import { sha256, toHex } from "./hash.ts";
import { merkleLeaf, merklePath, merkleRoot, rootOfPath } from "./merkle.ts";
import { ExportFault, type VerifyReport } from "./report.ts";
import { ExportVerifier } from "./verify.ts";

const keys = await generateSigningKey();
const signer = await openSigner(keys.privatePem);
const LOST = { from_seq: 8, to_seq: 9, stage: "spool", cause: "spool_overflow" };
const good = await sampleExport(
  signer,
  [
    [
      { first: 1, last: 4 },
      { first: 5, last: 12, missing: [LOST] },
    ],
    [{ first: 13, last: 16 }],
  ],
  [{ first: 17, last: 18 }],
);

async function verify(text: string, key?: string): Promise<VerifyReport> {
  const verifier = new ExportVerifier(key);
  const lines = text.split("\n");
  // A last newline that is missing is a cut.
  if (lines.pop() !== "") lines.push("cut");
  for (const line of lines) await verifier.line(line);
  return verifier.finish();
}

async function faultOf(text: string, key?: string): Promise<ExportFault> {
  try {
    await verify(text, key);
  } catch (error) {
    if (error instanceof ExportFault) return error;
    throw error;
  }
  throw new Error("the export was found to be whole");
}

/** The export with its lines changed; its end fits them, so that only the chain can tell. */
const forged = (change: (lines: string[]) => void): string => {
  const lines = good.trimEnd().split("\n");
  change(lines);
  return resealed(`${lines.join("\n")}\n`);
};
const edit = (lines: string[], at: number, change: (line: Record<string, unknown>) => void): void => {
  const line = JSON.parse(lines[at]!) as Record<string, unknown>;
  change(line);
  lines[at] = JSON.stringify(line);
};
const lineOf = (text: string): number => good.split("\n").findIndex((line) => line.includes(text));
const eventLine = (seq: number): number => lineOf(`"type":"event","seq":${seq},`);

describe("an export that is whole", () => {
  test("says what it proves", async () => {
    const report = await verify(good, keys.publicPem);
    expect(report).toMatchObject({ events: 16, missing: 2, keyGiven: true, nodeName: "db-17" });
    expect(report.chains).toEqual([
      {
        epoch: "00000000000000aa",
        firstSeq: 1,
        lastSeq: 18,
        signedTo: 16,
        events: 16,
        unsignedEvents: 2,
        absent: 0,
        late: 0,
        unproven: 0,
        missing: [{ stage: "spool", cause: "spool_overflow", count: 2 }],
      },
    ]);
    expect(report.roots.map((root) => root.hour)).toEqual(["2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z"]);
  });

  test("may begin in the middle of a chain, and leave out events it does not speak of", async () => {
    const lines = good.trimEnd().split("\n");
    const second = JSON.parse(lines[lineOf('"first_seq":5')]!) as { link: string };
    const first = JSON.parse(lines[lineOf('"first_seq":1,')]!) as { link: string };
    expect(second.link).not.toBe(first.link);
    edit(lines, 1, (line) => (line["previous"] = first.link));
    lines.splice(2, 5);
    for (const [first, count] of [
      [17, 2],
      [13, 4],
    ] as const) {
      const bare = lines.findIndex((line) => line.includes(`"first_seq":${first},`));
      edit(lines, bare, (line) => (line["with_events"] = false));
      lines.splice(bare + 1, count);
    }
    const report = await verify(resealed(`${lines.join("\n")}\n`));
    expect(report.chains[0]).toMatchObject({ firstSeq: 5, events: 6, absent: 0, signedTo: 16 });
  });
});

describe("an event under a number that was sealed as missing", () => {
  const withLate = (seq: number, mark: object): string =>
    forged((lines) => {
      const late = { ...(JSON.parse(lines[eventLine(7)]!) as { event: string }), seq, ...mark };
      late.event = late.event.replace('"seq":7', `"seq":${seq}`);
      lines.splice(eventLine(7) + 1, 0, JSON.stringify(late));
    });

  test("is counted beside what is proven when it is marked as late", async () => {
    const report = await verify(withLate(8, { late: true }), keys.publicPem);
    expect(report).toMatchObject({ events: 16, late: 1, missing: 2 });
    expect(report.chains[0]).toMatchObject({ events: 16, late: 1 });
  });

  test("is at fault without the mark, and so is the mark where nothing is missing", async () => {
    expect((await faultOf(withLate(8, {}))).where.seq).toBe(8);
    expect((await faultOf(withLate(7, { late: true }))).message).toContain("its block does not miss it");
    expect((await faultOf(withLate(10, { late: true }))).message).toContain("its block does not miss it");
  });
});

describe("the exact place is named when", () => {
  test("one bit of an event is turned", async () => {
    const at = eventLine(10);
    const fault = await faultOf(forged((lines) => (lines[at] = lines[at]!.replace("ä 10", "ä 11"))));
    expect([fault.line, fault.where.seq, fault.message]).toEqual([at + 1, 10, "event 10 was changed"]);
  });

  test("an event and its leaf are changed together, as by somebody who changed the store", async () => {
    const at = eventLine(10);
    const fault = await faultOf(
      forged((lines) => {
        // The leaf of another event is a leaf that fits nothing; a leaf made to fit is what an export of a changed store holds.
        const changed = JSON.parse(lines[at]!) as { seq: number; event: string; raw: string; leaf: string };
        changed.event = changed.event.replace("ä 10", "ä 11");
        const text = `telovix event v1\n01980000-0000-7000-8000-000000000002\n00000000000000aa\n10\n${changed.event}\n${changed.raw}`;
        changed.leaf = toHex(sha256(text));
        lines[at] = JSON.stringify(changed);
      }),
    );
    expect(fault.message).toContain("the events 5-12 are not those that were received");
    expect(fault.where).toEqual({ epoch: "00000000000000aa", seq: 5 });
  });

  test("an event is left out", async () => {
    const fault = await faultOf(forged((lines) => lines.splice(eventLine(6), 1)));
    expect([fault.line, fault.where.seq]).toEqual([eventLine(6) + 1, 6]);
    expect(fault.message).toContain("event 6 is missing");
  });

  test("the last event of a block is left out", async () => {
    const fault = await faultOf(forged((lines) => lines.splice(eventLine(12), 1)));
    expect(fault.message).toBe("event 12 is missing");
  });

  test("two events are swapped", async () => {
    const at = eventLine(6);
    const fault = await faultOf(forged((lines) => lines.splice(at, 2, lines[at + 1]!, lines[at]!)));
    expect([fault.line, fault.where.seq]).toEqual([at + 1, 6]);
  });

  test("an event is said to be missing that is not", async () => {
    const at = lineOf('"first_seq":13,');
    const fault = await faultOf(
      forged((lines) => {
        edit(lines, at, (line) =>
          Object.assign(line, {
            events: 3,
            missing: [{ from_seq: 14, to_seq: 14, stage: "kernel", cause: "ring_main" }],
          }),
        );
        lines.splice(eventLine(14), 1);
      }),
    );
    expect([fault.line, fault.where.seq]).toEqual([at + 1, 13]);
  });

  test("a block is left out, or two are swapped", async () => {
    const at = lineOf('"first_seq":5');
    const gone = await faultOf(forged((lines) => lines.splice(at, eventLine(12) - at + 1)));
    // Without the block its proof is of another chain.
    expect(gone.where.seq).toBe(4);
    const swapped = await faultOf(
      forged((lines) => {
        const block = lines.splice(at, eventLine(12) - at + 1);
        lines.splice(2, 0, ...block);
      }),
    );
    expect(swapped.where.seq).toBe(5);
  });

  test("the file is cut off, in a line or between two", async () => {
    const lines = good.split("\n");
    const between = await faultOf(`${lines.slice(0, 12).join("\n")}\n`);
    expect(between.message).toBe("the file is cut off: its end is missing");
    const inside = await faultOf(good.slice(0, -10));
    expect(inside.message).toContain("not JSON");
    expect(inside.line).toBe(good.split("\n").length - 1);
  });

  test("a root is signed by somebody else, or by nobody", async () => {
    const stranger = await generateSigningKey();
    const by = await openSigner(stranger.privatePem);
    const other = await sampleExport(by, [[{ first: 1, last: 3 }]]);
    expect((await verify(other)).events).toBe(3);
    expect((await faultOf(other, keys.publicPem)).message).toContain("signed with a key that is not the one given");
    const fault = await faultOf(
      forged((lines) =>
        edit(lines, 0, (line) => {
          const { roots } = line as unknown as { roots: { signature: string }[] };
          roots[1]!.signature = roots[0]!.signature;
        }),
      ),
    );
    expect([fault.line, fault.where.hour]).toEqual([1, "2026-06-01T01:00:00Z"]);
    expect(fault.message).toContain("does not bear a genuine signature");
  });

  test("a root is left out", async () => {
    const fault = await faultOf(
      forged((lines) => edit(lines, 0, (line) => void (line as unknown as { roots: unknown[] }).roots.shift())),
    );
    expect(fault.message).toContain("2026-06-01T00:00:00Z is not in the file");
  });

  test("any bit of any byte is turned", async () => {
    const bytes = Buffer.from(good);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
        const turned = Buffer.from(bytes);
        turned[at]! ^= 1 << bit;
        expect(await faultOf(turned.toString("utf8"))).toBeInstanceOf(ExportFault);
      }),
      { numRuns: 400 },
    );
  });

  test("the file is anything at all", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
        expect(await faultOf(text)).toBeInstanceOf(ExportFault);
      }),
    );
  });
});

test("a path leads to the root from its own leaf and place only", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat(), (size, a, b) => {
      const leaves = Array.from({ length: size }, (_, i) => merkleLeaf(Uint8Array.of(i)));
      const [index, other] = [a % size, b % size];
      const path = merklePath(leaves, index);
      const root = merkleRoot(leaves);
      expect(rootOfPath(leaves[index]!, index, size, path)).toBe(root);
      if (other !== index) {
        expect(rootOfPath(leaves[other]!, index, size, path)).not.toBe(root);
        expect(rootOfPath(leaves[index]!, other, size, path)).not.toBe(root);
      }
      expect(rootOfPath(leaves[index]!, index, size, [...path, root])).toBeUndefined();
      expect(rootOfPath(leaves[index]!, index, size, path.slice(1))).toBe(path.length === 0 ? root : undefined);
    }),
  );
});
