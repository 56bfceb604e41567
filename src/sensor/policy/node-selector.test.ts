import { expect, test } from "bun:test";
import { nodeLabels, selects } from "./node-selector.ts";

const LABELS = nodeLabels({ name: "db-17", role: "generic_linux", flavor: "standard" });
const says = (key: string, operator: "In" | "NotIn" | "Exists" | "DoesNotExist", ...values: string[]) => ({
  key,
  operator,
  values,
});

test("a node is selected when every expression holds, as Kubernetes has it", () => {
  const cases: [ReturnType<typeof says>[], boolean][] = [
    [[], true],
    [[says("kubernetes.io/hostname", "In", "db-16", "db-17")], true],
    [[says("kubernetes.io/hostname", "In", "db-16")], false],
    [[says("kubernetes.io/hostname", "NotIn", "db-16")], true],
    [[says("kubernetes.io/hostname", "NotIn", "db-17")], false],
    [[says("zone", "NotIn", "north")], true],
    [[says("zone", "In", "north")], false],
    [[says("zone", "Exists")], false],
    [[says("zone", "DoesNotExist")], true],
    [[says("telovix.com/role", "Exists"), says("zone", "Exists")], false],
    [[says("__proto__", "Exists")], false],
    [[says("toString", "Exists")], false],
  ];
  for (const [matchExpressions, holds] of cases)
    expect([matchExpressions, selects({ matchExpressions }, LABELS)]).toEqual([matchExpressions, holds]);
});
