import type { LabelRequirement, LabelSelector, WorkloadScope } from "../model-base.ts";
import { quoted, suggest } from "../problems.ts";
import type { LabelSelector as LabelSpec } from "../schema/labels.ts";
import { workloadText } from "../plan/workload.ts";
import { bytesOf } from "../value/text.ts";
import type { Context } from "./context.ts";
import { ENGINE_LIMITS } from "./engine-text.ts";

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
  if (spec.containerSelector !== undefined) checkContainerKeys(spec.containerSelector, ctx);
  const node = spec.nodeSelector && buildLabels(spec.nodeSelector, ctx);
  const scope = {
    ...(pod === undefined ? {} : { pod }),
    ...(container === undefined ? {} : { container }),
    ...(node === undefined ? {} : { node }),
    ...(spec.hostSelector === undefined ? {} : { host: true }),
  };
  const length = bytesOf(workloadText(scope)).length;
  if (length > ENGINE_LIMITS.workload)
    ctx.error(
      "labels.too-large",
      spec,
      undefined,
      `The selectors of workloads are ${length} bytes long as JSON, and ${ENGINE_LIMITS.workload} are allowed.`,
    );
  return scope;
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

/** Containers have no labels: the format gives them these two. */
const CONTAINER_KEYS = ["name", "repo"];

function checkContainerKeys({ matchLabels = {}, matchExpressions = [] }: LabelSpec, ctx: Context): void {
  const keys = [
    ...Object.keys(matchLabels).map((key) => ({ key, owner: matchLabels, member: key })),
    ...matchExpressions
      .filter((owner) => !ctx.source.isBroken(owner))
      .map((owner) => ({ key: owner.key, owner, member: "key" })),
  ];
  for (const { key, owner, member } of keys)
    if (!CONTAINER_KEYS.includes(key))
      ctx.error(
        "labels.container-key",
        owner,
        member,
        `A container has no ${quoted(key)} to choose it by.`,
        suggest(key, CONTAINER_KEYS),
      );
}
