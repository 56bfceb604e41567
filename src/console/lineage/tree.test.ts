import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Ancestor } from "../../core/event/process.ts";
import type { ProcessFacts } from "./store-facts.ts";
import { buildTree, type TreeInput } from "./tree.ts";

const START = 1_790_000_000_000_000;

function facts(execId: string, parentExecId: string, more: Partial<ProcessFacts> = {}): ProcessFacts {
  return {
    execId,
    parentExecId,
    parentBinary: "",
    ppid: 0,
    pid: 10,
    uid: 0,
    binary: `/bin/${execId}`,
    arguments: "",
    containerId: "",
    startedUs: START,
    endedUs: 0,
    exitCode: null,
    exitSignal: null,
    files: 0,
    connections: 0,
    dns: 0,
    warnings: 0,
    severityRank: 0,
    ...more,
  };
}
const ancestor = (exec_id: string, pid = 1): Ancestor => ({ exec_id, pid, binary: `/bin/${exec_id}` });

function tree(input: Partial<TreeInput> & { facts: readonly ProcessFacts[] }) {
  const all = {
    execIds: input.facts.map((f) => f.execId),
    ancestries: [],
    childCounts: new Map<string, number>(),
    ...input,
  };
  return new Map(buildTree(all).map((node) => [node.exec_id, node]));
}
const parents = (nodes: ReturnType<typeof tree>): Record<string, string | null> =>
  Object.fromEntries([...nodes].map(([id, node]) => [id, node.parent_exec_id]));

describe("buildTree", () => {
  interface OddCase {
    readonly name: string;
    readonly input: Partial<TreeInput> & { facts: readonly ProcessFacts[] };
    readonly parents: Record<string, string | null>;
  }
  const cases: OddCase[] = [
    {
      name: "a plain chain",
      input: { facts: [facts("a", ""), facts("b", "a"), facts("c", "b")] },
      parents: { a: null, b: "a", c: "b" },
    },
    {
      name: "an exec chain: one pid, each image the child of the one before",
      input: { facts: [facts("a", ""), facts("b", "a", { startedUs: START + 1 })] },
      parents: { a: null, b: "a" },
    },
    { name: "a parent nobody asked for", input: { facts: [facts("b", "gone")] }, parents: { b: null } },
    {
      name: "a parent known only by name",
      input: { facts: [facts("b", "p", { parentBinary: "/sbin/init", ppid: 1 })], execIds: ["b", "p"] },
      parents: { b: "p", p: null },
    },
    {
      name: "ancestors known only from ancestry",
      input: {
        facts: [facts("c", "b")],
        execIds: ["c", "b", "a"],
        ancestries: [{ of: "c", ancestors: [ancestor("b"), ancestor("a")] }],
      },
      parents: { c: "b", b: "a", a: null },
    },
    { name: "a process that calls itself its parent", input: { facts: [facts("a", "a")] }, parents: { a: null } },
    {
      name: "two that call each other parent: the older is the root",
      input: { facts: [facts("a", "b", { startedUs: START + 5 }), facts("b", "a", { startedUs: START })] },
      parents: { a: "b", b: null },
    },
    {
      name: "a cycle below which honest processes hang",
      input: {
        facts: [
          facts("x", "z", { startedUs: 3 }),
          facts("y", "x", { startedUs: 1 }),
          facts("z", "y", { startedUs: 2 }),
          facts("h", "z"),
        ],
      },
      parents: { x: "z", y: null, z: "y", h: "z" },
    },
    {
      name: "an ancestry that names a process twice",
      input: {
        facts: [facts("c", "b")],
        execIds: ["c", "b"],
        ancestries: [{ of: "c", ancestors: [ancestor("b"), ancestor("c"), ancestor("b")] }],
      },
      parents: { c: "b", b: null },
    },
    {
      name: "one pid used twice: two processes, since exec ids differ",
      input: { facts: [facts("a", "", { endedUs: START + 1 }), facts("b", "", { startedUs: START + 100 })] },
      parents: { a: null, b: null },
    },
    { name: "a node nobody knows anything of", input: { facts: [], execIds: ["?"] }, parents: { "?": null } },
  ];
  test.each(cases)("$name", ({ input, parents: expected }) => expect(parents(tree(input))).toEqual(expected));

  test("an image replaced by exec ended when the next one began; a sibling process did not", () => {
    const nodes = tree({
      facts: [
        facts("a", "", { pid: 1 }),
        facts("sh", "a", { pid: 7 }),
        facts("curl", "sh", { pid: 7, startedUs: START + 10, endedUs: START + 20, exitCode: 3 }),
        facts("other", "a", { pid: 8, startedUs: START + 5 }),
      ],
    });
    const at = (us: number): string =>
      `${new Date(us / 1000).toISOString().slice(0, -1)}${String(us % 1000).padStart(3, "0")}Z`;
    expect([nodes.get("sh")!.ended_at, nodes.get("sh")!.exit_code]).toEqual([at(START + 10), null]);
    expect([nodes.get("curl")!.ended_at, nodes.get("curl")!.exit_code]).toEqual([at(START + 20), 3]);
    expect(nodes.get("other")!.ended_at).toBeNull();
  });

  test("a reused pid under another parent does not end the first process", () => {
    const nodes = tree({
      facts: [
        facts("p", ""),
        facts("q", "", { pid: 2 }),
        facts("a", "p", { pid: 9 }),
        facts("b", "q", { pid: 9, startedUs: START + 9 }),
      ],
    });
    expect(nodes.get("a")!.ended_at).toBeNull();
  });

  test("what is known only from others is marked and keeps what they told", () => {
    const nodes = tree({
      facts: [facts("b", "a", { parentBinary: "/sbin/init", ppid: 1 })],
      execIds: ["a", "b"],
      childCounts: new Map([["a", 12]]),
    });
    expect(nodes.get("a")).toMatchObject({
      inferred: true,
      pid: 1,
      binary: "/sbin/init",
      children_total: 12,
      started_at: null,
    });
    expect(nodes.get("b")!.inferred).toBe(false);
  });

  test("whatever hostile events say, there is no cycle, every parent stands in the tree, and nothing is lost", () => {
    const ids = ["a", "b", "c", "d", "e", "f"];
    const id = fc.constantFrom(...ids);
    const some = fc.array(fc.record({ execId: id, parent: id, at: fc.nat(9) }), { maxLength: 8 });
    const lists = fc.array(
      fc.record({
        of: id,
        ancestors: fc.array(
          id.map((i) => ancestor(i)),
          { maxLength: 8 },
        ),
      }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(some, lists, (links, ancestries) => {
        const nodes = tree({
          facts: links.map((l) => facts(l.execId, l.parent, { startedUs: l.at })),
          execIds: ids,
          ancestries,
        });
        expect([...nodes.keys()].toSorted()).toEqual(ids);
        for (const start of ids) {
          const way = new Set<string>();
          for (let at: string | null = start; at !== null; at = nodes.get(at)!.parent_exec_id) {
            expect(way.has(at)).toBe(false);
            way.add(at);
          }
        }
      }),
    );
  });
});
