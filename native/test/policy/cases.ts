/** All cases, and the files they need. */
import type { Case } from "./case.ts";
import { actionCases } from "./cases/actions.ts";
import { callsExamples } from "./cases/examples/calls.ts";
import { enforcementExamples } from "./cases/examples/enforcement.ts";
import { executionExamples } from "./cases/examples/execution.ts";
import { filesExamples } from "./cases/examples/files.ts";
import { networkExamples } from "./cases/examples/network.ts";
import { filterCases } from "./cases/filters.ts";
import { gateCases } from "./cases/gates.ts";
import { furtherActionCases } from "./cases/further-actions.ts";
import { kernelTypeCases } from "./cases/kernel-types.ts";
import { loaderCases } from "./cases/loader.ts";
import { taskCases } from "./cases/of-the-task.ts";
import { markCases } from "./cases/marks.ts";
import { overrideCases } from "./cases/overrides.ts";
import { returnCases } from "./cases/returns.ts";
import { refusedCases } from "./matrix/refused.ts";
import { skippedCases } from "./cases/skipped.ts";
import { selectorCases } from "./cases/selectors.ts";
import { trackingCases } from "./cases/tracking.ts";
import { valueTypeCases } from "./cases/value-types.ts";
import { unreadCases } from "./cases/unread.ts";
import { wayCases } from "./cases/ways.ts";
import { matrixCases } from "./matrix/matrix.ts";

export const CASES: readonly Case[] = [
  ...filesExamples,
  ...executionExamples,
  ...callsExamples,
  ...networkExamples,
  ...enforcementExamples,
  ...valueTypeCases,
  ...kernelTypeCases,
  ...wayCases,
  ...unreadCases,
  ...skippedCases,
  ...loaderCases,
  ...selectorCases,
  ...filterCases,
  ...taskCases,
  ...actionCases,
  ...overrideCases,
  ...gateCases,
  ...markCases,
  ...furtherActionCases,
  ...returnCases,
  ...trackingCases,
  ...matrixCases,
  ...refusedCases,
];

/** The cases of a run, by group, in the order of their first case. */
export function groupsOf(cases: readonly Case[]): Map<string, Case[]> {
  const groups = new Map<string, Case[]>();
  for (const c of cases) groups.set(c.group, [...(groups.get(c.group) ?? []), c]);
  return groups;
}
