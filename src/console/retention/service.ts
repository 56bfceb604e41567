import { RETENTION_DEFAULTS, type DiskState, RetentionDays, type RetentionSettings } from "../../core/api/settings.ts";
import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import { expiryKey, keptFor, wantedExpiries, type Kept } from "./expiry.ts";
import type { RetentionStore } from "./store.ts";

const checker = compile(RetentionDays);

/** The person behind a change. */
export interface Actor {
  readonly tenantId: string;
  readonly email: string;
  readonly clientIp: string;
  readonly userAgent: string | undefined;
}

/** How long things are kept, and what that costs. */
export interface RetentionService {
  get(tenantId: string): Promise<RetentionSettings>;
  /** AppError `invalid_request` for days out of bounds. What is older than the new days goes within a day, and is gone for good. */
  set(actor: Actor, body: unknown): Promise<RetentionSettings>;
  /** Has the event store let go of rows as the settings say; does nothing where it does already. */
  apply(): Promise<void>;
}

export function createRetentionService(deps: {
  store: RetentionStore;
  disk: () => DiskState | undefined;
  clock: Clock;
  log: Log;
}): RetentionService {
  const { store, clock } = deps;
  const log = deps.log.child("retention");

  const listKept = async (): Promise<Kept[]> =>
    (await store.listTenants()).map(({ tenantId, days }) => ({ tenantId, days: days ?? RETENTION_DEFAULTS }));

  const get = async (tenantId: string): Promise<RetentionSettings> => {
    const [kept, tables, perDay, lastBackup] = await Promise.all([
      listKept(),
      store.listTables(),
      store.bytesPerDay(),
      store.findLastBackup(),
    ]);
    const days = kept.find((k) => k.tenantId === tenantId)?.days ?? RETENTION_DEFAULTS;
    const disk = deps.disk() ?? null;
    return {
      days,
      kept: keptFor(days, kept),
      tables,
      disk,
      bytes_per_day: perDay === undefined ? null : Math.round(perDay),
      days_until_full: daysUntilFull(disk, perDay, days, tables.find((t) => t.name === "runtime_events")?.bytes ?? 0),
      last_backup_at: lastBackup?.toISOString() ?? null,
    };
  };

  /** By table: a server that writes an expression in words we do not know must not be told the same every hour. */
  const applied = new Map<string, string>();

  const apply = async (): Promise<void> => {
    const now = new Map((await store.listExpiries()).map((e) => [e.table, e]));
    for (const want of wantedExpiries(await listKept())) {
      const have = now.get(want.table);
      if (!have) continue;
      const whole = have.wholeParts === want.wholeParts;
      const known = have.ttl === undefined ? undefined : expiryKey(have.ttl);
      if (whole && (known === want.key || (known === undefined && applied.get(want.table) === want.key))) continue;
      await store.setExpiry(want);
      applied.set(want.table, want.key);
      log.info("retention changed", { table: want.table, ttl: want.ttl });
    }
  };

  return {
    get,
    apply,
    async set(actor, body) {
      const days = checker.parse(body);
      if (days.losses < days.events)
        throw new AppError("invalid_request", "/losses: must be kept at least as long as events", {
          pointer: "/losses",
          hint: "Without them nobody can tell afterwards which of the events are missing.",
        });
      const { tenantId, email, clientIp, userAgent } = actor;
      const before = (await store.find(tenantId)) ?? RETENTION_DEFAULTS;
      const detail = { from: before, to: days };
      const entry = { tenantId, actionType: "retention_changed", outcome: "success", actorEmail: email } as const;
      await store.set(tenantId, days, { ...entry, detail, clientIp, userAgent }, new Date(clock.nowMs()));
      await apply();
      return get(tenantId);
    },
  };
}

/** At today's rate. Null when old events make room for new ones before the disk is full, or nothing is known. */
function daysUntilFull(
  disk: DiskState | null,
  bytesPerDay: number | undefined,
  days: RetentionDays,
  eventBytes: number,
): number | null {
  if (!disk || bytesPerDay === undefined || bytesPerDay <= 0) return null;
  // What the events will take once the oldest of them are as old as they get.
  const growth = bytesPerDay * (days.events + 7) - eventBytes;
  if (growth <= disk.free_bytes) return null;
  return Math.floor(disk.free_bytes / bytesPerDay);
}
