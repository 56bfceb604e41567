import { manifest } from "../../embed/manifest.ts";
import { systemClock } from "../core/clock.ts";
import { AppError } from "../core/error.ts";
import { createLog, Secret } from "../core/log.ts";
import { Metrics } from "../core/metrics.ts";
import { Stack } from "../core/service.ts";
import { loadConsoleConfig } from "../console/config.ts";
import { migrateStores } from "../console/store-migrate/migrate.ts";
import type { Check, Progress } from "../console/store-migrate/report.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { isConsoleRunning } from "./control-client.ts";
import { UsageError } from "./parse.ts";

function urlFlag(call: Call, name: string, pattern: RegExp): Secret | undefined {
  const text = textFlag(call.flags, name);
  if (text === undefined) return undefined;
  if (!pattern.test(text) || !URL.canParse(text))
    throw new UsageError(`--${name} is not such an address.`, "See 'telovix console store migrate --help'.");
  return new Secret(text);
}

function tell(call: Call, { store, table, partition, day, rows, copied }: Progress): void {
  const where = [table, day ?? partition].filter(Boolean).join(" ");
  call.err(`${copied ? "copied " : "is there"}  ${store.padEnd(10)}  ${where.padEnd(40)}  ${rows} rows\n`);
}

function verdict(call: Call, checks: readonly Check[], urls: { postgres: boolean; clickhouse: boolean }): void {
  for (const check of checks.filter((c) => !c.ok))
    call.out(
      `DIFFERS  ${check.store} ${check.table} ${check.partition ?? ""}: ${check.source_rows} rows here, ${check.target_rows} there\n`,
    );
  const rows = checks.reduce((sum, c) => sum + c.target_rows, 0);
  if (!checks.every((c) => c.ok)) return;
  call.out(
    `Both ends hold the same: ${checks.length} tables and partitions, ${rows} rows, compared by count and hash.\n`,
  );
  const lines = [urls.postgres && "postgres_url: …", urls.clickhouse && "clickhouse_url: …"].filter(Boolean);
  call.out(
    `\nNow put into the Console's configuration (or as flags, or as TELOVIX_CONSOLE_POSTGRES_URL and\nTELOVIX_CONSOLE_CLICKHOUSE_URL), with the addresses given here, and start it:\n\n    ${lines.join("\n    ")}\n\n`,
  );
  call.out(
    "The trust directory stays where it is. What was copied from is unchanged; remove it once the Console runs on the new stores.\n",
  );
}

/** `telovix console store migrate`: exit code 0 when both ends are the same, 3 when they differ. */
export async function run(call: Call): Promise<number> {
  const postgresUrl = urlFlag(call, "postgres-url", /^postgres(ql)?:\/\//);
  const clickhouseUrl = urlFlag(call, "clickhouse-url", /^https?:\/\//);
  if (!postgresUrl && !clickhouseUrl)
    throw new UsageError("There is nowhere to copy to.", "Give --postgres-url, --clickhouse-url or both.");
  const { config: file, "data-dir": dir, json, "verify-only": verifyOnly } = call.flags;
  // The flags of this command name the target; the configuration names what the Console works on now.
  const config = await loadConsoleConfig({ flags: { config: file, "data-dir": dir } });
  if (await isConsoleRunning(config.dataDir))
    throw new AppError("conflict", `The Console on ${config.dataDir} runs.`, {
      hint: "Stop it first: what it takes meanwhile would not be copied. Sensors keep their events until it is back.",
    });
  const log = createLog({ format: config.logFormat, level: "warn", write: call.err });
  const stack = new Stack(log);
  try {
    const deps = { config, clock: systemClock, log, metrics: new Metrics(), stack, ...manifest };
    const checks = await migrateStores(deps, {
      postgresUrl,
      clickhouseUrl,
      verifyOnly: verifyOnly === true,
      report: { progress: (step) => (json ? call.err(`${JSON.stringify(step)}\n`) : tell(call, step)) },
    });
    const ok = checks.every((c) => c.ok);
    if (json) call.out(`${JSON.stringify({ ok, checks }, null, 2)}\n`);
    else verdict(call, checks, { postgres: postgresUrl !== undefined, clickhouse: clickhouseUrl !== undefined });
    return ok ? EXIT.ok : EXIT.findings;
  } finally {
    await stack[Symbol.asyncDispose]();
  }
}
