import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { leafOf, leafPrefix, Leaves, linkOf, missingText } from "./chain.ts";
import { toHex } from "./hash.ts";

const SENSOR = "01980000-0000-7000-8000-000000000002";
const EPOCH = "00000000000000aa";
const plain = (...parts: (string | Uint8Array)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

test("a leaf is what the format's description says, whatever the texts and whichever sequence came before", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 200 });
  fc.assert(
    fc.property(fc.constantFrom(EPOCH, "00000000000000ab"), fc.nat(), text, text, (epoch, seq, message, raw) => {
      const event = JSON.stringify({ seq, message });
      const expected = plain(`telovix event v1\n${SENSOR}\n${epoch}\n${seq}\n${event}\n${raw}`);
      expect(toHex(leafOf(leafPrefix(SENSOR, epoch), seq, event, raw))).toBe(expected);
    }),
  );
});

test("a leaf of an event larger than all before is right too, and so is the next small one", () => {
  const large = JSON.stringify({ message: "€".repeat(200_000) });
  for (const event of [large, "{}"])
    expect(toHex(leafOf(leafPrefix(SENSOR, EPOCH), 7, event, "raw"))).toBe(
      plain(`telovix event v1\n${SENSOR}\n${EPOCH}\n7\n${event}\nraw`),
    );
});

test("a digest is over all leaves in order, a link over all that is said of its block", () => {
  const leaves = new Leaves();
  const all = Array.from({ length: 200 }, (_, i) => leafOf(leafPrefix(SENSOR, EPOCH), i, `{"seq":${i}}`, ""));
  for (const leaf of all) leaves.add(leaf);
  expect(leaves.digest()).toBe(plain(...all));
  const missing = missingText([{ from_seq: 3, to_seq: 4, stage: "spool", cause: "spool_full" }]);
  expect(missing).toBe('[{"cause":"spool_full","from_seq":3,"stage":"spool","to_seq":4}]');
  const block = {
    sensorId: SENSOR,
    epoch: EPOCH,
    firstSeq: 1,
    lastSeq: 9,
    events: 7,
    digest: leaves.digest(),
    missing,
  };
  const previous = "0".repeat(64);
  expect(linkOf(previous, block)).toBe(
    plain(`telovix link v1\n${previous}\n${SENSOR}\n${EPOCH}\n1\n9\n7\n${leaves.digest()}\n${missing}`),
  );
});
