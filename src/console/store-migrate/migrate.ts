import { writeFile } from "node:fs/promises";
import type { Secret } from "../../core/log.ts";
import { dataPath, type ConsoleConfig } from "../config.ts";
import { MOVED } from "../embedded/directories.ts";
import type { StoresDeps } from "../open-stores.ts";
import { areEventsEnded, copyEvents, endEvents, verifyEvents } from "./copy-events.ts";
import { copyState, endState, isStateUnderWay, verifyState } from "./copy-state.ts";
import { nameOf, openEnds } from "./open-ends.ts";
import { stopReaders } from "./readers.ts";
import type { Check, Report } from "./report.ts";

export interface MigrateOptions {
  /** Where to; what is left out stays where it is. */
  readonly postgresUrl: Secret | undefined;
  readonly clickhouseUrl: Secret | undefined;
  /** Compare only. */
  readonly verifyOnly: boolean;
  readonly report: Report;
}

/**
 * Copies a stopped Console's stores into others and compares both ends by counts and hashes. It may be killed at any moment and
 * started again. The source is left as it was, but for its readers of Kafka.
 */
export async function migrateStores(deps: StoresDeps, options: MigrateOptions): Promise<readonly Check[]> {
  const { verifyOnly, report } = options;
  const { state, events } = await openEnds(deps, options);
  if (events) await stopReaders(events, { queueUrl: deps.config.redpandaUrl, verifyOnly, log: deps.log });
  // Killed between the ends of the two: the events are whole, as the comparison shows once more.
  const isOver = events && state && (await isStateUnderWay(state)) && (await areEventsEnded(events));
  // Events first: state that points at events which are not there yet would look like a loss.
  if (events && !verifyOnly && !isOver) await copyEvents(events, report);
  if (state && !verifyOnly) await copyState(state, report);
  const checks = [...(state ? await verifyState(state) : []), ...(events ? await verifyEvents(events) : [])];
  if (!verifyOnly && checks.every((check) => check.ok)) {
    const { config } = deps;
    // Noted first: a Console that went on with the embedded ones would have two histories.
    if (events && !config.clickhouseUrl) await noteMoved(config, "clickhouse", options.clickhouseUrl);
    if (state && !config.postgresUrl) await noteMoved(config, "postgres", options.postgresUrl);
    if (events) await endEvents(events);
    if (state) await endState(state);
  }
  return checks;
}

async function noteMoved(config: ConsoleConfig, store: keyof typeof MOVED, url: Secret | undefined): Promise<void> {
  await writeFile(dataPath(config, MOVED[store]), `${nameOf(url, "")}\n`, { mode: 0o600, flush: true });
}
