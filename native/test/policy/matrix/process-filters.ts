/** Filters on who the process is and where it comes from: what makes them hold, and near misses. */
import { ACT, ALPHA, BETA, type JsonObject } from "../case.ts";
import { as, type FilterCase } from "./filter-case.ts";

const pids = (more: JsonObject): JsonObject => ({ matchPIDs: [{ operator: "In", ...more }] });
const binaries = (operator: string, values: readonly string[], more: JsonObject = {}): JsonObject => ({
  matchBinaries: [{ operator, values, ...more }],
});
const parents = (operator: string, values: readonly string[], more: JsonObject = {}): JsonObject => ({
  matchParentBinaries: [{ operator, values, ...more }],
});
export const PROCESS_FILTERS: readonly FilterCase[] = [
  {
    name: "pid-in",
    filter: "matchPIDs",
    selector: pids({ values: [31011] }),
    hits: [["pid=31011"]],
    misses: [[], ["pid=31012"]],
    short: true,
  },
  {
    name: "pid-notin",
    filter: "matchPIDs",
    selector: pids({ operator: "NotIn", values: [31013] }),
    hits: [["pid=31014"]],
    misses: [["pid=31013"]],
  },
  {
    name: "pid-follow",
    filter: "matchPIDs followForks",
    selector: pids({ values: [31015], followForks: true }),
    hits: [["pid=31015"], ["pid=31015", "fork"], ["pid=31015", "fork", "fork"]],
    misses: [["pid=31016", "fork"]],
  },
  {
    name: "pid-notin-follow",
    filter: "matchPIDs followForks",
    selector: pids({ operator: "NotIn", values: [31017], followForks: true }),
    hits: [["pid=31018", "fork"]],
    misses: [["pid=31017"], ["pid=31017", "fork"]],
  },
  {
    name: "pid-namespace",
    filter: "matchPIDs isNamespacePID",
    selector: pids({ values: [2], isNamespacePID: true }),
    hits: [["unshare=pid", "fork", "fork"]],
    misses: [["unshare=pid", "fork"], []],
  },
  {
    name: "binary-in",
    filter: "matchBinaries",
    selector: binaries("In", [ALPHA]),
    hits: [[as(ALPHA)]],
    misses: [[], [as(BETA)]],
    short: true,
  },
  {
    name: "binary-notin",
    filter: "matchBinaries",
    selector: binaries("NotIn", [ALPHA, BETA]),
    hits: [[as(ACT)]],
    misses: [[as(ALPHA)], [as(BETA)]],
  },
  {
    name: "binary-prefix",
    filter: "matchBinaries",
    selector: binaries("Prefix", [ALPHA.slice(0, -2)]),
    hits: [[as(ALPHA)]],
    misses: [[as(BETA)]],
  },
  {
    name: "binary-notprefix",
    filter: "matchBinaries",
    selector: binaries("NotPrefix", [ALPHA.slice(0, -2)]),
    hits: [[as(BETA)]],
    misses: [[as(ALPHA)]],
  },
  {
    name: "binary-postfix",
    filter: "matchBinaries",
    selector: binaries("Postfix", ["/alpha"]),
    hits: [[as(ALPHA)]],
    misses: [[as(BETA)]],
  },
  {
    name: "binary-notpostfix",
    filter: "matchBinaries",
    selector: binaries("NotPostfix", ["/alpha"]),
    hits: [[as(BETA)]],
    misses: [[as(ALPHA)]],
  },
  {
    name: "binary-follow",
    filter: "matchBinaries followChildren",
    selector: binaries("In", [ALPHA], { followChildren: true }),
    hits: [[as(ALPHA)], [as(ALPHA), "fork", as(BETA)], [as(ALPHA), "fork", "fork", as(BETA)]],
    misses: [[as(BETA)], [as(BETA), "fork", as(ACT)]],
  },
  {
    name: "binary-notin-follow",
    filter: "matchBinaries followChildren",
    selector: binaries("NotIn", [ALPHA], { followChildren: true }),
    hits: [[as(BETA)]],
    misses: [[as(ALPHA)], [as(ALPHA), "fork", as(BETA)]],
  },
  {
    name: "parent-in",
    filter: "matchParentBinaries",
    selector: parents("In", [ALPHA]),
    hits: [
      [as(ALPHA), "fork"],
      [as(ALPHA), "fork", as(BETA)],
    ],
    misses: [[as(BETA), "fork"], [as(ALPHA)], [as(ALPHA), "fork", as(BETA), "fork"]],
  },
  {
    name: "parent-notin",
    filter: "matchParentBinaries",
    selector: parents("NotIn", [ALPHA]),
    hits: [[as(BETA), "fork"]],
    misses: [[as(ALPHA), "fork"]],
  },
  {
    name: "parent-prefix",
    filter: "matchParentBinaries",
    selector: parents("Prefix", [ALPHA.slice(0, -2)]),
    hits: [[as(ALPHA), "fork", as(BETA)]],
    misses: [[as(BETA), "fork", as(ALPHA)]],
  },
  {
    name: "parent-postfix",
    filter: "matchParentBinaries",
    selector: parents("Postfix", ["/alpha"]),
    hits: [[as(ALPHA), "fork", as(BETA)]],
    misses: [[as(BETA), "fork", as(ALPHA)]],
  },
  {
    name: "parent-follow",
    filter: "matchParentBinaries followChildren",
    selector: parents("In", [ALPHA], { followChildren: true }),
    hits: [[as(ALPHA), "fork", as(BETA), "fork"]],
    misses: [[as(BETA), "fork"]],
  },
];
