import { readFile, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { manifest } from "../../embed/manifest.ts";
import { buildInfo } from "../core/build-info.ts";
import { systemClock } from "../core/clock.ts";
import { AppError } from "../core/error.ts";
import { createLog } from "../core/log.ts";
import { Metrics } from "../core/metrics.ts";
import { Stack } from "../core/service.ts";
import { createBackup, type BackupSummary } from "../console/backup/create.ts";
import { dataPath, loadConsoleConfig, type ConsoleConfig } from "../console/config.ts";
import { fromAddresses, type StoreAddresses, type StoreTargets } from "../console/control/store-addresses.ts";
import { clickhouseTarget, postgresTarget, prepareEmbedded, type StoresDeps } from "../console/open-stores.ts";
import { openEvents, openState } from "../console/store-migrate/open-ends.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { askConsole, isConsoleRunning } from "./control-client.ts";
import { UsageError } from "./parse.ts";

/** The first line of a passphrase file; says so when more than its owner may read it. */
export async function readPassphrase(call: Call): Promise<string | undefined> {
  const path = textFlag(call.flags, "passphrase-file");
  if (path === undefined) return undefined;
  const found = await stat(path);
  // What a pipe's permissions say is nothing about the passphrase.
  if (found.isFile() && (found.mode & 0o077) !== 0)
    call.err(`telovix: others than its owner may read ${path}, which opens the backup: chmod 600 ${path}\n`);
  const line = (await readFile(path, "utf8")).split("\n")[0]!.replace(/\r$/, "");
  if (line.length >= 8) return line;
  throw new AppError("invalid_request", `the first line of ${path} is no passphrase: it has fewer than 8 characters`, {
    hint: "Make one, for example: head -c 24 /dev/urandom | base64 > passphrase; and keep it apart from the backup.",
  });
}

function sinceMs(call: Call): number | undefined | null {
  const text = textFlag(call.flags, "events");
  if (text === undefined) return null;
  if (text === "all") return undefined;
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  if (days !== undefined) return Date.now() - Number(days) * 86_400_000;
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new UsageError(`--events takes no '${text}'.`, "Write --events all, --events 7d or --events 2026-11-01.");
}

async function target(call: Call): Promise<string> {
  const given = call.args[0];
  if (given === undefined || call.args.length > 1)
    throw new UsageError("Name one file or directory.", `For example: telovix ${call.name} /srv/backup`);
  const path = resolve(given);
  const info = await stat(path).catch(() => undefined);
  const at = new Date().toISOString().replace(/[-:]/g, "").slice(0, 15);
  return info?.isDirectory() ? join(path, `telovix-${hostname()}-${at}Z.tlvx`) : path;
}

function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Number((bytes / 1000 ** step).toPrecision(3))} ${units[step]!}`;
}

/** Those of the Console that runs, or the embedded ones started for this. */
async function findStores(config: ConsoleConfig, deps: StoresDeps): Promise<StoreTargets> {
  if (await isConsoleRunning(config.dataDir))
    return fromAddresses(await askConsole<StoreAddresses>(config.dataDir, "GET", "/stores"));
  await stat(dataPath(config, "trust")).catch(() => {
    throw new AppError("not_found", `there is no Console in ${config.dataDir}`, {
      hint: "Name its directory with --data-dir.",
    });
  });
  const accounts = await prepareEmbedded(config);
  const { target: postgres } = await postgresTarget(deps, accounts);
  return { postgres, clickhouse: (await clickhouseTarget(deps, accounts)).target };
}

function say(call: Call, summary: BackupSummary): void {
  const parts = [`${summary.state_rows} rows of state`, `${summary.events} events`];
  parts.push(summary.keys ? "the keys" : "no keys");
  call.out(
    `${summary.path}: ${sizeText(summary.size_bytes)}, ${summary.encrypted ? "encrypted" : "NOT encrypted"}; ${parts.join(", ")}.\n`,
  );
  if (summary.keys && !summary.encrypted)
    call.out("Whoever has this file can be this Console: keep it as you would keep the key of its authority.\n");
}

/** `telovix console backup`. */
export async function run(call: Call): Promise<number> {
  const path = await target(call);
  const passphrase = await readPassphrase(call);
  const { json, "plain-keys": plainKeys, "no-keys": noKeys, config: file, "data-dir": dir } = call.flags;
  const since = sinceMs(call);
  if (passphrase === undefined && !plainKeys && !noKeys)
    throw new UsageError(
      "The backup would hold the Console's private keys for everybody to read.",
      "Give --passphrase-file to encrypt it, --no-keys to leave them out, or --plain-keys if that is meant.",
    );
  const config = await loadConsoleConfig({ flags: { config: file, "data-dir": dir } });
  const log = createLog({ format: config.logFormat, level: "warn", write: call.err });
  const stack = new Stack(log);
  try {
    const deps: StoresDeps = { config, clock: systemClock, log, metrics: new Metrics(), stack, ...manifest };
    const stores = await findStores(config, deps);
    // The schema is the one the Console made; a backup changes nothing.
    const summary = await createBackup({
      path,
      trustDir: noKeys ? undefined : dataPath(config, "trust"),
      passphrase,
      state: await openState(stores.postgres, deps),
      events: since === null ? undefined : { client: await openEvents(stores.clickhouse, deps), sinceMs: since },
      productVersion: buildInfo().version,
      nowMs: () => systemClock.nowMs(),
      progress: json ? () => {} : ({ name, rows }) => call.err(`${name.padEnd(44)}  ${rows} rows\n`),
    });
    if (json) call.out(`${JSON.stringify(summary, null, 2)}\n`);
    else say(call, summary);
    return EXIT.ok;
  } finally {
    await stack[Symbol.asyncDispose]();
  }
}
