import { describe, expect, test } from "bun:test";
import type { Lineage, LineageNode } from "../../core/api/events.ts";
import { timeDomain } from "./time-domain.ts";
import { layoutTree } from "./tree-layout.ts";

const at = (secs: number): string => new Date(Date.UTC(2026, 0, 1) + secs * 1000).toISOString();
const none: ReadonlySet<string> = new Set();

function node(id: string, parent: string | null, secs: number, more: Partial<LineageNode> = {}): LineageNode {
  return {
    exec_id: id,
    parent_exec_id: parent,
    pid: 1,
    uid: 0,
    binary: `/bin/${id}`,
    arguments: "",
    started_at: at(secs),
    ended_at: at(secs + 1),
    exit_code: 0,
    exit_signal: null,
    container_id: "",
    inferred: false,
    counts: { files: 0, connections: 0, dns: 0, warnings: 0 },
    severity: "info",
    children_total: 0,
    ...more,
  };
}
function lineage(nodes: readonly LineageNode[], focus = "focus"): Lineage {
  return { sensor_id: "s", node_name: "n", focus_exec_id: focus, nodes, left_out: 0, took_ms: 1 };
}
const sleeps = (count: number, args = "1"): LineageNode[] =>
  Array.from({ length: count }, (_, i) => node(`s${i}`, "focus", 10 + i, { binary: "/bin/sleep", arguments: args }));
const shape = (rows: ReturnType<typeof layoutTree>): string[] =>
  rows.map(
    (row) => `${" ".repeat(row.depth)}${row.node.exec_id}${row.members.length > 1 ? `×${row.members.length}` : ""}`,
  );

describe("layoutTree", () => {
  test("puts children under parents in order of their start", () => {
    const rows = layoutTree(
      lineage([node("b", "root", 3), node("focus", "root", 2), node("root", null, 0), node("c", "focus", 5)]),
      none,
      none,
    );
    expect(shape(rows)).toEqual(["root", " focus", "  c", " b"]);
    expect(rows.map((row) => row.parent)).toEqual([-1, 0, 1, 0]);
    expect(rows.map((row) => row.onPath)).toEqual([true, true, false, false]);
  });
  test("draws equal siblings as one, opens them on wish", () => {
    const given = lineage([node("focus", null, 0), ...sleeps(14), node("other", "focus", 12)]);
    const rows = layoutTree(given, none, none);
    expect(shape(rows)).toEqual(["focus", " s0×14", " other"]);
    expect(shape(layoutTree(given, new Set([rows[1]!.key]), none))).toHaveLength(17);
  });
  test("keeps two equal ones, other arguments, parents and the focus apart", () => {
    expect(shape(layoutTree(lineage([node("focus", null, 0), ...sleeps(2)]), none, none))).toHaveLength(3);
    const mixed = sleeps(3).map((n, i) => ({ ...n, arguments: String(i) }));
    expect(shape(layoutTree(lineage([node("focus", null, 0), ...mixed]), none, none))).toHaveLength(4);
    expect(shape(layoutTree(lineage([node("focus", null, 0), ...sleeps(3)], "s1"), none, none))).toHaveLength(4);
    expect(
      shape(layoutTree(lineage([node("focus", null, 0), ...sleeps(3), node("child", "s1", 20)]), none, none)),
    ).toHaveLength(5);
  });
  test("draws a crowd of one program as one whatever its arguments", () => {
    const crowd = sleeps(25).map((n, i) => ({ ...n, arguments: String(i) }));
    expect(shape(layoutTree(lineage([node("focus", null, 0), ...crowd]), none, none))).toEqual(["focus", " s0×25"]);
  });
  test("closes a process and says how many are hidden", () => {
    const rows = layoutTree(
      lineage([node("root", null, 0), node("focus", "root", 1), node("c", "focus", 2)]),
      none,
      new Set(["root"]),
    );
    expect(shape(rows)).toEqual(["root"]);
    expect(rows[0]!.hidden).toBe(2);
  });
  test("survives orphans and a process that is its own parent", () => {
    expect(shape(layoutTree(lineage([node("focus", "gone", 1), node("self", "self", 2)]), none, none))).toEqual([
      "focus",
      "self",
    ]);
  });
  test("draws fork and execs of one process as one row", () => {
    const life = { pid: 7, exit_code: null };
    const rows = layoutTree(
      lineage(
        [
          node("shell", null, 0, { pid: 6 }),
          node("fork", "shell", 1, { ...life, counts: { files: 1, connections: 0, dns: 0, warnings: 0 } }),
          node("sh", "shell", 2, {
            ...life,
            severity: "high",
            counts: { files: 2, connections: 0, dns: 0, warnings: 0 },
          }),
          node("cat", "shell", 3, { pid: 7, exit_code: 4 }),
          node("child", "sh", 2.5, { pid: 8 }),
          node("later", "shell", 9, { pid: 7 }),
        ],
        "cat",
      ),
      none,
      none,
    );
    expect(shape(rows)).toEqual(["shell", " cat", "  child", " later"]);
    expect(rows[1]!.chain.map((n) => n.exec_id)).toEqual(["fork", "sh", "cat"]);
    expect(rows[1]!.node).toMatchObject({ started_at: at(1), ended_at: at(4), exit_code: 4, severity: "high" });
    expect(rows[1]!.node.counts.files).toBe(3);
    expect(rows[1]!.isFocus).toBe(true);
  });
  test("lays out 500 nodes", () => {
    const many = Array.from({ length: 500 }, (_, i) =>
      node(`n${i}`, i === 0 ? null : `n${Math.floor((i - 1) / 3)}`, i),
    );
    expect(layoutTree(lineage(many, "n3"), none, none)).toHaveLength(500);
  });
});

describe("timeDomain", () => {
  test("leaves ancestors of long ago outside", () => {
    const nodes = [node("root", null, -86_400, { ended_at: null }), node("focus", "root", 0), node("c", "focus", 9)];
    const { fromMs, toMs } = timeDomain(nodes, "focus", 0);
    expect(toMs - fromMs).toBeCloseTo(11_000, -1);
    expect(fromMs).toBe(Date.parse(at(0)) - 500);
  });
  test("is never empty", () => {
    const { fromMs, toMs } = timeDomain([node("focus", null, 0, { ended_at: null })], "focus", 0);
    expect(toMs).toBeGreaterThan(fromMs);
  });
});
