import type { Position } from "../core/policy/model-base.ts";
import type { Hook, Policy } from "../core/policy/model.ts";
import { lowerPlan } from "../core/policy/plan/lower.ts";
import type { Resolution } from "../core/policy/plan/resolution.ts";
import type { DocumentReport, PolicyReport, Problem } from "../core/policy/report.ts";
import { resolvePlans } from "./policy-resolve.ts";

type Found = Resolution["hooks"][number];

/** What the engine can say of a hook that stands in the text. */
interface Written {
  readonly document: DocumentReport;
  readonly policy: Policy;
}

/** Characters of a name the engine repeats. */
const NAME_CHARS = 60;

/** Where a list has the name that this kernel lacks; undefined where the hook itself names it. */
function listedPlace(reason: string, hook: Hook | undefined, { listed }: Policy): Position | undefined {
  const name = /^no such [a-z ]+ on this kernel: (\S+)/.exec(reason)?.[1];
  if (name === undefined || (hook !== undefined && "call" in hook && hook.call.slice(0, NAME_CHARS) === name))
    return undefined;
  return name.length < NAME_CHARS ? listed.get(name) : [...listed].find(([text]) => text.startsWith(name))?.[1];
}

/** The name or argument at fault where the text has it, else the hook; hooks of `loader: true` stand nowhere in the text. */
function placeOf({ line, column, argument, reason }: Found, { document, policy }: Written): Position {
  if (line === 0) return { line: document.line, column: 1 };
  // Hooks of a list share a place and their arguments.
  const hook = policy.hooks.find(({ at }) => at.line === line && at.column === column);
  const named = listedPlace(reason, hook, policy);
  if (named !== undefined) return named;
  const args = hook === undefined || argument === undefined ? [] : [...hook.args, ...hook.data];
  return args[argument ?? 0]?.at ?? { line, column };
}

/** A hook this host can't have as it is written: S4 where a feature of it is missing, else S3. */
function problemOf(found: Found, written: Written): Problem {
  const { state, reason, nearest, feature } = found;
  const isRejected = state === "rejected";
  // The name stands in the hint.
  const what = nearest === undefined ? reason : reason.replace(` (nearest: ${nearest})`, "");
  // A sentence may begin with a name, which is written as it is.
  const sentence = /^[a-z]+(?![\w.:/])/.test(what) ? `${what.slice(0, 1).toUpperCase()}${what.slice(1)}` : what;
  return {
    stage: feature === true ? "S4" : "S3",
    rule: isRejected ? "host.rejected" : "host.degraded",
    severity: isRejected ? "error" : "warning",
    ...placeOf(found, written),
    path: "",
    message: `${sentence}.`,
    ...(nearest === undefined ? {} : { hint: `Did you mean '${nearest}'?` }),
  };
}

function withFound(document: DocumentReport, policy: Policy, { hooks }: Resolution): DocumentReport {
  // The calls of a list stand at one place: a reason they share is told once.
  const told = new Map<string, Problem>();
  for (const hook of hooks) {
    if (hook.state === "ok" || hook.reason === "") continue;
    const problem = problemOf(hook, { document, policy });
    told.set(`${problem.line}:${problem.column} ${problem.message}`, problem);
  }
  const problems = [...document.problems, ...told.values()].toSorted((a, b) => a.line - b.line || a.column - b.column);
  const isRejected = [...told.values()].some((p) => p.severity === "error");
  const { policy: _, ...rest } = document;
  return isRejected ? { ...rest, verdict: "invalid", problems } : { ...rest, problems, policy };
}

/**
 * A report with what this host says of each valid policy (S3, S4). Policies with open placeholders are left as they are.
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
    const { policy } = document;
    const of = policy === undefined ? undefined : found[policies.indexOf(policy)];
    return policy === undefined || of === undefined ? document : withFound(document, policy, of);
  });
  return { verdict: documents.some((d) => d.verdict === "invalid") ? "invalid" : "valid", documents };
}
