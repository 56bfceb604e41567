import type { LabelSelector, WorkloadScope } from "../model-base.ts";

function selector({ requirements }: LabelSelector): object {
  return {
    matchExpressions: requirements.map(({ key, op, values }) => ({ key, operator: op, values })),
  };
}

/**
 * JSON of a scope for whoever knows workloads: the selectors under the names and in the shape they have in Kubernetes,
 * labels as expressions. Empty when nothing is restricted.
 */
export function workloadText({ pod, container, node, host }: WorkloadScope): string {
  const said = {
    ...(pod ? { podSelector: selector(pod) } : {}),
    ...(container ? { containerSelector: selector(container) } : {}),
    ...(node ? { nodeSelector: selector(node) } : {}),
    ...(host ? { hostSelector: {} } : {}),
  };
  return Object.keys(said).length === 0 ? "" : JSON.stringify(said);
}
