import { readFile, stat } from "node:fs/promises";
import { AppError } from "../core/error.ts";
import { checkPolicyBytes } from "../core/policy/check.ts";
import { decodePlan } from "../core/policy/plan/decode.ts";
import { PLAN_MAGIC, PLAN_MAX_BYTES } from "../core/policy/plan/layout.ts";
import { lowerPlan } from "../core/policy/plan/lower.ts";
import type { Plan } from "../core/policy/plan/plan.ts";
import type { DocumentReport } from "../core/policy/report.ts";
import { printable, problemLines } from "./policy-problems.ts";
import { isStdin, readStdin, shownName } from "./policy-stdin.ts";

const tooLarge = (file: string): AppError =>
  new AppError("too_large", `${shownName(file)} is larger than ${PLAN_MAX_BYTES >> 20} MiB.`, {
    hint: "Is it a policy?",
  });

async function readBytes(file: string): Promise<Uint8Array> {
  if (isStdin(file)) {
    const bytes = await readStdin(PLAN_MAX_BYTES);
    if (bytes.length > PLAN_MAX_BYTES) throw tooLarge(file);
    return bytes;
  }
  const found = await stat(file);
  // A pipe or a device may never end.
  if (!found.isFile()) throw new AppError("invalid_request", `${file} is not a file.`);
  if (found.size > PLAN_MAX_BYTES) throw tooLarge(file);
  return readFile(file);
}

/** Everything that is in the way, as 'policy check' tells it. */
function refused(file: string, documents: readonly DocumentReport[]): AppError {
  const path = printable(shownName(file));
  const errors = documents.flatMap((d) => d.problems.filter((p) => p.severity === "error"));
  const lines = errors.map((problem) => problemLines(path, problem)).join("");
  return new AppError("invalid_request", `${path} is not valid.\n${lines.trimEnd()}`, {
    hint: "Nothing was done. 'telovix policy check' tells the same, and warnings, without doing more.",
  });
}

/** The plans of a file: those of each policy in a YAML text, or the one of a plan. AppError with all that is wrong when it has none. */
export async function readPlans(
  file: string,
  variables: ReadonlyMap<string, string> = new Map(),
): Promise<readonly Plan[]> {
  const bytes = await readBytes(file);
  if (PLAN_MAGIC.every((byte, i) => bytes[i] === byte)) return [decodePlan(bytes)];
  const { documents } = checkPolicyBytes(bytes, { variables });
  const bad = documents.filter((d) => d.verdict === "invalid");
  if (bad.length > 0) throw refused(file, bad);
  const policies = documents.flatMap((d) => d.policy ?? []);
  if (policies.length === 0)
    throw new AppError("invalid_request", `${shownName(file)} holds no policy.`, {
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
