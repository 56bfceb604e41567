import type { SensorListQuery } from "../../../core/api/sensors.ts";
import { HEALTH_WORDS, LIFECYCLE_WORDS, TRUST_HEALTH_WORDS, TRUST_WORDS, sentence } from "../../words.ts";

type Field = Exclude<keyof SensorListQuery, "sort" | "order" | "page" | "page_size">;

export interface SensorFilterInfo {
  readonly field: Field;
  readonly label: string;
  /** Values with their words; absent where the value is written freely. */
  readonly values?: readonly (readonly [string, string])[];
}

const words = (table: Readonly<Record<string, string>>): (readonly [string, string])[] => Object.entries(table);
const plain = (...values: string[]): (readonly [string, string])[] =>
  values.map((value) => [value, sentence(value)] as const);

/** Every filter of the sensor list, in the order of the menu. */
export const SENSOR_FILTERS: readonly SensorFilterInfo[] = [
  { field: "health_state", label: "Health", values: words(HEALTH_WORDS) },
  { field: "needs_attention", label: "Attention", values: [["true", "Needs attention"]] },
  { field: "lifecycle_status", label: "Status", values: words(LIFECYCLE_WORDS) },
  { field: "trust_state", label: "Trust", values: words(TRUST_WORDS) },
  { field: "trust_health", label: "Certificate", values: words(TRUST_HEALTH_WORDS) },
  {
    field: "has_active_trust_alert",
    label: "Trust alert",
    values: [
      ["true", "Active"],
      ["false", "None"],
    ],
  },
  { field: "runtime_mode", label: "Mode", values: plain("live", "compatibility", "simulated") },
  { field: "runtime_state", label: "Engine", values: plain("running", "starting", "backoff", "failed", "stopped") },
  { field: "enforcement_state", label: "Enforcement", values: plain("observe", "enforce_ready", "enforced") },
  { field: "assigned_pack_presence", label: "Policy pack", values: plain("assigned", "unassigned") },
  { field: "flavor", label: "Flavour", values: plain("standard", "telecom") },
  { field: "declared_role", label: "Role" },
  { field: "cluster", label: "Cluster" },
  { field: "assigned_pack_id", label: "Pack" },
];

const FIELDS: readonly string[] = [...SENSOR_FILTERS.map((info) => info.field), "q"];
const SORTS = ["node_name", "health_state", "last_seen_at", "enrolled_at", "sensor_version"];
export const PAGE_SIZE = 100;

/** What of a URL belongs to the sensor list; unknown values are left out; pure. */
export function sensorParams(params: URLSearchParams): Record<string, string> {
  const out: Record<string, string> = {};
  for (const field of FIELDS) {
    const value = params.get(field);
    const known = SENSOR_FILTERS.find((info) => info.field === field)?.values;
    if (value && (known === undefined || known.some(([v]) => v === value))) out[field] = value;
  }
  const sort = params.get("sort");
  if (sort && SORTS.includes(sort)) out["sort"] = sort;
  const order = params.get("order");
  if (order === "asc" || order === "desc") out["order"] = order;
  const page = Number(params.get("page"));
  if (Number.isInteger(page) && page > 1) out["page"] = String(page);
  return out;
}

/** Filters in force as words. */
export function sensorTokens(
  params: Readonly<Record<string, string>>,
): { readonly field: string; readonly label: string; readonly value: string }[] {
  return SENSOR_FILTERS.filter((info) => params[info.field] !== undefined).map((info) => {
    const value = params[info.field] ?? "";
    return {
      field: info.field,
      label: info.label.toLowerCase(),
      value: info.values?.find(([v]) => v === value)?.[1] ?? value,
    };
  });
}
