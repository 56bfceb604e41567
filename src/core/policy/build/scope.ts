import type { LabelRequirement, LabelSelector, WorkloadScope } from "../model-base.ts";
import type { LabelSelector as LabelSpec } from "../schema/labels.ts";
import type { Context } from "./context.ts";

interface ScopeSpec {
  readonly podSelector?: LabelSpec;
  readonly containerSelector?: LabelSpec;
  readonly hostSelector?: LabelSpec;
  readonly nodeSelector?: LabelSpec;
}

/** Which workloads a policy, or one selector, is meant for. */
export function buildScope(spec: ScopeSpec, ctx: Context): WorkloadScope {
  const pod = spec.podSelector && buildLabels(spec.podSelector, ctx);
  const container = spec.containerSelector && buildLabels(spec.containerSelector, ctx);
  const node = spec.nodeSelector && buildLabels(spec.nodeSelector, ctx);
  return {
    ...(pod === undefined ? {} : { pod }),
    ...(container === undefined ? {} : { container }),
    ...(node === undefined ? {} : { node }),
    ...(spec.hostSelector === undefined ? {} : { host: true }),
  };
}

function buildLabels(spec: LabelSpec, ctx: Context): LabelSelector {
  const requirements: LabelRequirement[] = Object.entries(spec.matchLabels ?? {}).map(([key, value]) => ({
    key,
    op: "In",
    values: [value],
  }));
  for (const expression of spec.matchExpressions ?? []) {
    if (ctx.source.isBroken(expression)) continue;
    const { key, operator, values = [] } = expression;
    const needsValues = operator === "In" || operator === "NotIn";
    if (needsValues && values.length === 0)
      ctx.error("labels.no-values", expression, "values", `The operator ${operator} needs values.`);
    if (!needsValues && values.length > 0)
      ctx.error("labels.values", expression, "values", `The operator ${operator} takes no values.`);
    requirements.push({ key, op: operator, values });
  }
  return { requirements };
}
