import { resolve } from "node:path";
import { manifest } from "../../embed/manifest.ts";
import { systemClock } from "../core/clock.ts";
import { AppError } from "../core/error.ts";
import { createLog } from "../core/log.ts";
import { Metrics } from "../core/metrics.ts";
import { Stack } from "../core/service.ts";
import { restoreBackup, verifyBackup } from "../console/backup/restore.ts";
import { loadConsoleConfig } from "../console/config.ts";
import { EXIT, type Call } from "./command.ts";
import { readPassphrase } from "./console-backup.ts";
import { isConsoleRunning } from "./control-client.ts";
import { UsageError } from "./parse.ts";

/** `telovix console restore`. */
export async function run(call: Call): Promise<number> {
  const given = call.args[0];
  if (given === undefined || call.args.length > 1)
    throw new UsageError(
      "Name the backup to restore.",
      `For example: telovix ${call.name} telovix.tlvx --data-dir /var/lib/telovix-console`,
    );
  const path = resolve(given);
  const passphrase = await readPassphrase(call);
  const { json, "check-only": checkOnly, config: file, "data-dir": dir } = call.flags;
  if (checkOnly) {
    const { header, manifest: found } = await verifyBackup(path, passphrase);
    const rows = found.entries.reduce((sum, e) => sum + e.rows, 0);
    if (json) call.out(`${JSON.stringify({ ok: true, header, manifest: found }, null, 2)}\n`);
    else
      call.out(
        `Whole: of ${header.created_at}, version ${header.product_version}, ${found.entries.length} entries, ${rows} rows.\n`,
      );
    return EXIT.ok;
  }
  const config = await loadConsoleConfig({
    flags: {
      config: file,
      "data-dir": dir,
      "postgres-url": call.flags["postgres-url"],
      "clickhouse-url": call.flags["clickhouse-url"],
    },
  });
  if (await isConsoleRunning(config.dataDir))
    throw new AppError("conflict", `A Console runs on ${config.dataDir}.`, {
      hint: "Name an empty directory with --data-dir.",
    });
  const log = createLog({ format: config.logFormat, level: "warn", write: call.err });
  const deps = { config, clock: systemClock, log, metrics: new Metrics(), stack: new Stack(log), ...manifest };
  const summary = await restoreBackup(deps, {
    path,
    passphrase,
    progress: json ? () => {} : ({ name, rows }) => call.err(`${name.padEnd(44)}  ${rows} rows\n`),
  });
  if (json) call.out(`${JSON.stringify(summary, null, 2)}\n`);
  else {
    call.out(
      `Restored the Console of ${summary.created_at}: ${summary.state_rows} rows of state, ${summary.events} events.\n`,
    );
    if (!summary.keys)
      call.out(
        "The backup has no keys: put the trust directory into the data directory before the first start, or every sensor must enrol again.\n",
      );
    call.out(
      "Before you start it: what was revoked, disabled or changed after that time is as it was before. Look at Settings, Audit log.\n" +
        `Start it with: telovix console serve --data-dir ${config.dataDir}\n`,
    );
  }
  return EXIT.ok;
}
