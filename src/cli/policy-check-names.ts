import { dirname } from "node:path";
import { policyKey } from "../core/policy/check.ts";
import type { DocumentReport, PolicyReport } from "../core/policy/report.ts";

/**
 * Remembers which policies the files of each directory hold. Each may be loaded by itself, so a name that stands twice is
 * only told.
 */
export class PolicyNames {
  readonly #first = new Map<string, string>();

  /** The report, with a warning for each policy that another file of the directory has by its name. */
  check(path: string, report: PolicyReport): PolicyReport {
    return { ...report, documents: report.documents.map((document) => this.#check(path, document)) };
  }

  #check(path: string, document: DocumentReport): DocumentReport {
    const { policy, problems } = document;
    if (policy === undefined) return document;
    const name = policyKey(policy);
    const key = `${dirname(path)}\n${name}`;
    const first = this.#first.get(key);
    if (first === undefined) this.#first.set(key, path);
    if (first === undefined || first === path) return document;
    const twice = {
      stage: "S2",
      rule: "policy.duplicate-name",
      severity: "warning",
      ...policy.at,
      path: "/metadata/name",
      message: `A policy named '${name}' stands in ${first} already; only one of them can be loaded.`,
      hint: "Rename one of them, to load the whole directory.",
    } as const;
    return { ...document, problems: [twice, ...problems] };
  }
}
