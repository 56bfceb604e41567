import { RETENTION_DEFAULTS, type KeptFor, type RetentionDays } from "../../core/api/settings.ts";

/** A tenant's days, in force. */
export interface Kept {
  readonly tenantId: string;
  readonly days: RetentionDays;
}

interface Rule {
  readonly table: string;
  /** Start of a row's time, as ClickHouse writes it. */
  readonly time: string;
  readonly of: (days: RetentionDays) => number;
  /** Days of a partition, where rows go by whole partitions. */
  readonly partitionDays: number;
}

/** Hours after which ClickHouse looks again for what has ended, with some to spare. */
const LOOK_DAYS = 1;
/** Tables and what they go by. Proofs of integrity outlive any of it by their own rule. */
const RULES: readonly Rule[] = [
  { table: "runtime_events", time: "toDateTime(observed_at)", of: (d) => d.events, partitionDays: 7 },
  { table: "sensor_resources", time: "toDateTime(at)", of: (d) => d.resources, partitionDays: 0 },
  { table: "event_losses", time: "toDateTime(from_at)", of: (d) => d.losses, partitionDays: 0 },
];

/** How a table should let go of its rows. */
export interface WantedExpiry {
  readonly table: string;
  readonly ttl: string;
  readonly wholeParts: boolean;
  /** Days by tenant where they differ, and for all others; for comparing with what is in force. */
  readonly key: string;
}

/** Tenants that all keep something equally long let whole partitions go; others have their rows taken out one by one. */
export function wantedExpiries(kept: readonly Kept[]): readonly WantedExpiry[] {
  return RULES.map(({ table, time, of, partitionDays }) => {
    const days = kept.map((k) => [k.tenantId, of(k.days)] as const);
    const common = days[0]?.[1] ?? of(RETENTION_DEFAULTS);
    const same = days.every(([, n]) => n === common);
    const rest = same ? common : Math.max(...days.map(([, n]) => n));
    const own = same ? [] : days.filter(([, n]) => n !== rest).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const cases = own.map(([tenantId, n]) => `tenant_id = toUUID('${tenantId}'), ${n}, `).join("");
    const number = own.length === 0 ? String(rest) : `multiIf(${cases}${rest})`;
    return {
      table,
      ttl: `${time} + toIntervalDay(${number})`,
      wholeParts: partitionDays > 0 && same,
      key: keyOf(own, rest),
    };
  });
}

function keyOf(own: readonly (readonly [string, number])[], rest: number): string {
  return [...own.map(([id, n]) => `${id}=${n}`), rest].join(" ");
}

const CASE = /(?:\(tenant_id = toUUID\('([0-9a-f-]{36})'\)\)|tenant_id = toUUID\('([0-9a-f-]{36})'\)), (\d+), /g;

/** The same key, of an expression as ClickHouse writes it; undefined when it is none of ours. */
export function expiryKey(ttl: string): string | undefined {
  const inner = /\+ toIntervalDay\((.*)\)$/s.exec(ttl)?.[1];
  if (inner === undefined) return undefined;
  if (/^\d+$/.test(inner)) return keyOf([], Number(inner));
  const own: [string, number][] = [];
  const bare = inner.replace(CASE, (_, inParens: string | undefined, plain: string | undefined, n: string) => {
    own.push([inParens ?? plain ?? "", Number(n)]);
    return "";
  });
  const rest = /^multiIf\((\d+)\)$/.exec(bare)?.[1];
  if (rest === undefined || own.length === 0) return undefined;
  return keyOf(
    own.toSorted(([a], [b]) => (a < b ? -1 : 1)),
    Number(rest),
  );
}

/** What a tenant can count on. `same`: all tenants keep this equally long. */
export function keptFor(days: RetentionDays, others: readonly Kept[]): Readonly<Record<keyof RetentionDays, KeptFor>> {
  const of = (name: keyof RetentionDays, rule: Rule): KeptFor => {
    const same = others.every((o) => rule.of(o.days) === rule.of(days));
    const slack = LOOK_DAYS + (same ? rule.partitionDays : 0);
    return { at_least_days: days[name], gone_after_days: days[name] + slack };
  };
  return { events: of("events", RULES[0]!), resources: of("resources", RULES[1]!), losses: of("losses", RULES[2]!) };
}
