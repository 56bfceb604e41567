import { listed } from "./prose.ts";

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

function isExpression(value: unknown): value is Expression {
  if (typeof value !== "object" || value === null) return false;
  const { key, operator, values } = value as Record<string, unknown>;
  return (
    typeof key === "string" &&
    typeof operator === "string" &&
    Array.isArray(values) &&
    values.every((v) => typeof v === "string")
  );
}

function expressionWords({ key, operator, values }: Expression): string {
  switch (operator) {
    case "In":
      return values.length === 1 ? `${key}=${values[0]}` : `${key} one of ${listed(values)}`;
    case "NotIn":
      return values.length === 1 ? `${key} not ${values[0]}` : `${key} none of ${listed(values, "and")}`;
    case "Exists":
      return `label ${key}`;
    default:
      return `no label ${key}`;
  }
}

function selectorWords(what: string, any: string, selector: unknown): string {
  const list = (selector as { matchExpressions?: unknown } | null)?.matchExpressions;
  const expressions = Array.isArray(list) ? list.filter(isExpression) : [];
  return expressions.length === 0 ? any : `${what} with ${listed(expressions.map(expressionWords), "and")}`;
}

/** The workloads that a plan's JSON of selectors names: "pods with app=web, in containers with name=db". */
export function workloadWords(json: string): string {
  let said: Record<string, unknown>;
  try {
    said = { ...(JSON.parse(json) as Record<string, unknown>) };
  } catch {
    return "workloads that cannot be read";
  }
  const inside: string[] = [];
  if (said["podSelector"]) inside.push(selectorWords("pods", "any pod", said["podSelector"]));
  if (said["containerSelector"]) inside.push(selectorWords("containers", "any container", said["containerSelector"]));
  const parts = inside.length > 0 ? [inside.join(", in ")] : [];
  if (said["hostSelector"]) parts.push("the host itself");
  const where = parts.length > 0 ? parts.join(", or on ") : "any workload";
  if (!said["nodeSelector"]) return where;
  const nodes = selectorWords("nodes", "any node", said["nodeSelector"]);
  return parts.length === 0 ? `${nodes}` : `${where}, on ${nodes}`;
}
