import { arch } from "node:os";
import { Type, type Static } from "typebox";
import { compile } from "../../core/check.ts";
import type { Plan, PlanFilter } from "../../core/policy/plan/plan.ts";

const Expression = Type.Object({
  key: Type.String({ maxLength: 317 }),
  operator: Type.Enum(["In", "NotIn", "Exists", "DoesNotExist"]),
  values: Type.Array(Type.String({ maxLength: 63 }), { maxItems: 1_000 }),
});
/** The part of a plan's `workload` that is about nodes (docs/plan-format.md). */
const Scope = Type.Object({
  nodeSelector: Type.Optional(Type.Object({ matchExpressions: Type.Array(Expression, { maxItems: 1_000 }) })),
});
const scope = compile(Scope);

export type NodeSelector = NonNullable<Static<typeof Scope>["nodeSelector"]>;
export type Labels = Readonly<Record<string, string>>;

/** Which nodes a policy is for; undefined: all. */
export function nodeSelectorOf({ policy }: Plan): NodeSelector | undefined {
  return policy.workload === "" ? undefined : scope.parse(JSON.parse(policy.workload)).nodeSelector;
}

/** Whether labels satisfy every expression, as Kubernetes has it: NotIn holds where there is no such label. */
export function selects({ matchExpressions }: NodeSelector, labels: Labels): boolean {
  return matchExpressions.every(({ key, operator, values }) => {
    const isThere = Object.hasOwn(labels, key);
    if (operator === "Exists") return isThere;
    if (operator === "DoesNotExist") return !isThere;
    const isIn = isThere && values.includes(labels[key]!);
    return operator === "In" ? isIn : !isIn;
  });
}

/** The engine itself knows who is outside containers. */
export const HOST_ONLY = '{"hostSelector":{}}';

/** Whether a filter is about pods or containers. */
function isOfWorkloads({ kind, values }: PlanFilter): boolean {
  return kind === "workload" && values.some(({ text }) => new TextDecoder().decode(text) !== HOST_ONLY);
}

/** Whether a policy speaks of pods or containers: who they are must be known for it to match anything. */
export function needsWorkloads({ policy, hooks }: Plan): boolean {
  return (
    policy.flags.includes("workload") ||
    policy.flags.includes("namespaced") ||
    hooks.some(({ selectors }) => selectors.some(({ filters }) => filters.some(isOfWorkloads)))
  );
}

/** Labels of this node: those every Kubernetes node has, and what it was enrolled as. */
export function nodeLabels(node: { readonly name: string; readonly role: string; readonly flavor: string }): Labels {
  const machine = arch();
  return {
    "kubernetes.io/hostname": node.name,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": machine === "x64" ? "amd64" : machine,
    "telovix.com/role": node.role,
    "telovix.com/flavor": node.flavor,
  };
}
