/** Filters on the workload of the process (workloads.json, see workloads.ts). */
import { CGROUP, type JsonObject } from "../case.ts";
import type { FilterCase } from "./filter-case.ts";

const INSIDE = [`cgroup=${CGROUP}`];
const workload = (kind: string, labels: JsonObject): JsonObject => ({
  matchWorkloads: { [kind]: Object.keys(labels).length === 0 ? {} : { matchLabels: labels } },
});

export const WORKLOAD_FILTERS: readonly FilterCase[] = [
  {
    name: "workload-pod",
    filter: "matchWorkloads podSelector",
    selector: workload("podSelector", { app: "tx-policy" }),
    hits: [INSIDE, [...INSIDE, "fork"]],
    misses: [[]],
    needs: ["cgroup"],
  },
  {
    name: "workload-container",
    filter: "matchWorkloads containerSelector",
    selector: workload("containerSelector", { name: "tx-policy" }),
    hits: [INSIDE],
    misses: [[]],
    needs: ["cgroup"],
  },
  {
    name: "workload-other",
    filter: "matchWorkloads podSelector",
    selector: workload("podSelector", { app: "another" }),
    hits: [],
    misses: [INSIDE],
    needs: ["cgroup"],
    once: true,
  },
  {
    name: "workload-host",
    filter: "matchWorkloads hostSelector",
    selector: workload("hostSelector", {}),
    hits: [[]],
    misses: [["unshare=pid", "fork"], ["unshare=cgroup"]],
    needs: ["host:pid", "host:cgroup"],
  },
];
