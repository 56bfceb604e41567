import { lowerPlan } from "../core/policy/plan/lower.ts";
import type { Resolution } from "../core/policy/plan/resolution.ts";
import type { DocumentReport, PolicyReport, Problem } from "../core/policy/report.ts";
import { resolvePlans } from "./policy-resolve.ts";

type Found = Resolution["hooks"][number];

/** A hook this host can't have as it is written; S3, whatever of the host is in the way. */
function problemOf({ line, column, state, reason, nearest }: Found, document: DocumentReport): Problem {
  const isRejected = state === "rejected";
  // The name stands in the hint.
  const what = nearest === undefined ? reason : reason.replace(` (nearest: ${nearest})`, "");
  return {
    stage: "S3",
    rule: isRejected ? "host.rejected" : "host.degraded",
    severity: isRejected ? "error" : "warning",
    // Hooks of `loader: true` stand nowhere in the text.
    line: line === 0 ? document.line : line,
    column: column === 0 ? 1 : column,
    path: "",
    message: `${what.slice(0, 1).toUpperCase()}${what.slice(1)}.`,
    ...(nearest === undefined ? {} : { hint: `Did you mean '${nearest}'?` }),
  };
}

function withFound(document: DocumentReport, { hooks }: Resolution): DocumentReport {
  // The calls of a list stand at one place: a reason they share is told once.
  const told = new Map<string, Problem>();
  for (const hook of hooks) {
    if (hook.state === "ok" || hook.reason === "") continue;
    const problem = problemOf(hook, document);
    told.set(`${problem.line}:${problem.column} ${problem.message}`, problem);
  }
  const problems = [...document.problems, ...told.values()].toSorted((a, b) => a.line - b.line || a.column - b.column);
  const isRejected = [...told.values()].some((p) => p.severity === "error");
  const { policy, ...rest } = document;
  if (isRejected) return { ...rest, verdict: "invalid", problems };
  return { ...rest, problems, ...(policy === undefined ? {} : { policy }) };
}

/**
 * A report with what this host says of each valid policy (S3). Policies with open placeholders are left as they are.
 * AppError `unavailable` when the engine can't be asked.
 */
export async function checkHere(
  report: PolicyReport,
  signal: AbortSignal,
  resolve: typeof resolvePlans = resolvePlans,
): Promise<PolicyReport> {
  const policies = report.documents.flatMap(({ policy }) => (policy?.placeholders.length === 0 ? [policy] : []));
  if (policies.length === 0) return report;
  const found = await resolve(policies.map(lowerPlan), signal);
  const documents = report.documents.map((document) => {
    const of = document.policy === undefined ? undefined : found[policies.indexOf(document.policy)];
    return of === undefined ? document : withFound(document, of);
  });
  return { verdict: documents.some((d) => d.verdict === "invalid") ? "invalid" : "valid", documents };
}
