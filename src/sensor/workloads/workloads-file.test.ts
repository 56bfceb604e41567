import { expect, test } from "bun:test";
import fc from "fast-check";
import { fileOf, FILE_LIMITS, wishesOf } from "./workloads-file.ts";

test("what the engine asks for is read, each once; the host alone and what is none is passed over", () => {
  const workloads = [
    { namespace: "shop", selector: "" },
    { namespace: "", selector: '{"podSelector":{"matchExpressions":[]}}' },
    { namespace: "shop", selector: "" },
    { namespace: "", selector: '{"hostSelector":{}}' },
    { namespace: 1, selector: "" },
    { namespace: "" },
    null,
    "x",
  ];
  expect(wishesOf(JSON.stringify({ policies: [], workloads }))).toEqual(workloads.slice(0, 2) as never);
  expect(wishesOf('{"policies":[]}')).toEqual([]);
  expect(wishesOf("[]")).toEqual([]);
  expect(wishesOf('{"workloads":')).toBeUndefined();
});

test("texts come back as they were, and numbers keep all their bits", () => {
  const texts = fc.string({ unit: "grapheme", maxLength: 40 });
  const answer = fc.record({
    wish: fc.record({ namespace: texts, selector: texts }),
    groups: fc.uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 8 }),
  });
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 6 }), (answers) => {
      const { text, leftOut } = fileOf(answers);
      const list = JSON.parse(text.replaceAll(/(?<=[[,])(\d+)(?=[\],])/g, '"$1"')) as { cgroups: string[] }[];
      expect(leftOut).toBe(0);
      expect(list.map(({ cgroups, ...wish }) => ({ wish, groups: new Set(cgroups.map(BigInt)) }))).toEqual(
        answers.map(({ wish, groups }) => ({ wish, groups: new Set(groups) })) as never,
      );
    }),
  );
});

test("what the engine would refuse is left out, and counted; the rest stands", () => {
  const wish = { namespace: "n", selector: "s" };
  const many = fileOf(
    [
      { wish, groups: [1n, 2n, 3n] },
      { wish, groups: [1n, 2n] },
      { wish, groups: [] },
    ],
    {
      ...FILE_LIMITS,
      groups: 4,
    },
  );
  expect([many.leftOut, (JSON.parse(many.text) as unknown[]).length]).toEqual([1, 2]);
  const wishes = [1n, 2n, 3n].map((group) => ({ wish, groups: [group] }));
  expect(fileOf(wishes, { ...FILE_LIMITS, workloads: 2 }).leftOut).toBe(1);
  const bytes = fileOf(wishes.slice(0, 2)).text.length + 1;
  const small = fileOf(wishes, { ...FILE_LIMITS, bytes });
  expect(small.leftOut).toBe(1);
  expect(small.text.length).toBeLessThanOrEqual(bytes);
});
