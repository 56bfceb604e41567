import type { Condition, FilterColumn, TimeRange } from "./filter.ts";

/** A WHERE expression and its bound parameters. No text of a user stands in `sql`. */
export interface SqlFilter {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const COLUMN_TYPE: Readonly<Record<FilterColumn, string>> = {
  event_kind: "String",
  severity: "String",
  sensor_id: "UUID",
  node_name: "String",
  process_executable: "String",
  exec_id: "String",
};

/** `%` and `_` are wildcards of LIKE and `\` its escape: all three must stand for themselves. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

function conditionSql(condition: Condition, name: string): SqlFilter {
  switch (condition.op) {
    case "in":
      return {
        sql: `${condition.column} IN {${name}:Array(${COLUMN_TYPE[condition.column]})}`,
        params: { [name]: condition.values },
      };
    case "file_name":
      return {
        sql: `(process_executable = {${name}:String} OR endsWith(process_executable, concat('/', {${name}:String})))`,
        params: { [name]: condition.value },
      };
    case "container_prefix":
      return { sql: `startsWith(container_id, {${name}:String})`, params: { [name]: condition.value } };
    case "word":
      // LIKE, not position(): only LIKE is answered by the ngram index.
      return { sql: `search LIKE {${name}:String}`, params: { [name]: `%${escapeLike(condition.value)}%` } };
  }
}

/** Time range as SQL on `observed_at`. */
function rangeSql(range: TimeRange): SqlFilter {
  return {
    sql: "observed_at >= fromUnixTimestamp64Micro({from_us:Int64}, 'UTC') AND observed_at < fromUnixTimestamp64Micro({to_us:Int64}, 'UTC')",
    params: { from_us: range.fromUs, to_us: range.toUs },
  };
}

/** WHERE of a query on `runtime_events`: the tenant, the range and every condition. */
export function filterSql(conditions: readonly Condition[], range: TimeRange): SqlFilter {
  const parts = [rangeSql(range), ...conditions.map((condition, i) => conditionSql(condition, `f${i}`))];
  return {
    sql: ["tenant_id = {tenant_id:UUID}", ...parts.map((part) => part.sql)].join(" AND "),
    params: Object.assign({}, ...parts.map((part) => part.params)) as Record<string, unknown>,
  };
}
