import { readFile, stat } from "node:fs/promises";
import { AppError } from "../core/error.ts";
import { checkPolicyBytes } from "../core/policy/check.ts";
import { decodePlan } from "../core/policy/plan/decode.ts";
import { PLAN_MAGIC, PLAN_MAX_BYTES } from "../core/policy/plan/layout.ts";
import { lowerPlan } from "../core/policy/plan/lower.ts";
import type { Plan } from "../core/policy/plan/plan.ts";
import type { DocumentReport } from "../core/policy/report.ts";

async function readBytes(file: string): Promise<Uint8Array> {
  const found = await stat(file);
  // A pipe or a device may never end.
  if (!found.isFile()) throw new AppError("invalid_request", `${file} is not a file.`);
  if (found.size > PLAN_MAX_BYTES)
    throw new AppError("too_large", `${file} is larger than ${PLAN_MAX_BYTES >> 20} MiB.`, { hint: "Is it a policy?" });
  return readFile(file);
}

function refused(file: string, { problems, name }: DocumentReport): AppError {
  const errors = problems.filter((p) => p.severity === "error");
  const first = errors[0];
  const which = name === undefined ? file : `${file}, policy ${name}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  const what = first ? `line ${first.line}: ${first.message}` : "it is not valid";
  return new AppError("invalid_request", `${which}, ${what}${more}`, {
    hint: `'telovix policy check ${file}' shows everything that is in the way.`,
  });
}

/** The plans of a file: those of each policy in a YAML text, or the one of a plan. AppError with the line when it has none. */
export async function readPlans(
  file: string,
  variables: ReadonlyMap<string, string> = new Map(),
): Promise<readonly Plan[]> {
  const bytes = await readBytes(file);
  if (PLAN_MAGIC.every((byte, i) => bytes[i] === byte)) return [decodePlan(bytes)];
  const { documents } = checkPolicyBytes(bytes, { variables });
  const bad = documents.find((d) => d.verdict === "invalid");
  if (bad) throw refused(file, bad);
  const policies = documents.flatMap((d) => d.policy ?? []);
  if (policies.length === 0)
    throw new AppError("invalid_request", `${file} holds no policy.`, {
      hint: "A policy has kind: TracingPolicy or TracingPolicyNamespaced.",
    });
  return policies.map(lowerPlan);
}

/** A file name for a plan, without ending: its policy's name, behind the namespace where it has one. */
export function planFileName({ policy: { name, namespace } }: Plan): string {
  const text = namespace === "" ? name : `${namespace}_${name}`;
  // Names of Kubernetes objects are this narrow; a plan could hold anything.
  if (!/^[a-zA-Z0-9][\w.-]{0,250}$/.test(text))
    throw new AppError("invalid_request", `No file can be named after the policy '${text.slice(0, 64)}'.`, {
      hint: "Its name may have letters, digits, '-' and '.'.",
    });
  return text;
}
