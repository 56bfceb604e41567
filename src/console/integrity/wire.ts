import type { Hono } from "hono";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { Signer } from "../../core/sign/ed25519.ts";
import type { AuditLog } from "../audit/contract.ts";
import { dataPath, type ConsoleConfig } from "../config.ts";
import type { HttpEnv } from "../http/env.ts";
import type { Dependency } from "../http/readiness.ts";
import type { DurableCommit } from "../ingest/group-commit.ts";
import type { LossRow } from "../ingest/store.ts";
import type { Scheduler } from "../jobs/service.ts";
import { Epochs, type EpochsDeps } from "../losses/epochs.ts";
import { QUEUE_LOSSES_EVERY_MS, QueueLosses } from "../losses/queue-losses.ts";
import { LossRecorder } from "../losses/recorder.ts";
import { SecondLook } from "../losses/second-look.ts";
import { createLossRoutes } from "../losses/routes.ts";
import { createLossService } from "../losses/service.ts";
import { createLossStore } from "../losses/store.ts";
import type { Db, EventDb } from "../stores/contract.ts";
import { IntegrityRecorder } from "./recorder.ts";
import { rootsDependency } from "./roots-light.ts";
import { RootsJob } from "./roots.ts";
import { createIntegrityRoutes } from "./routes.ts";
import { IntegrityService } from "./service.ts";
import { openIntegritySigner } from "./signer.ts";

const ROOTS_EVERY_MS = 60_000;

export interface LedgerDeps {
  readonly config: ConsoleConfig;
  readonly db: Db;
  readonly events: EventDb;
  readonly audit: AuditLog;
  readonly jobs: Scheduler;
  readonly cursor: EpochsDeps["cursor"];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What keeps account of events: the loss ledger and the hash chains. */
export interface Ledger {
  /** Told of each batch once it is durable. */
  readonly onDurable: (commit: DurableCommit) => void;
  readonly epochs: Epochs;
  /** Stop behind ingest: what it makes durable last is still sealed. */
  readonly services: readonly Service[];
  readonly dependencies: readonly Dependency[];
  readonly operators: readonly Hono<HttpEnv>[];
}

/** Makes the loss ledger and the hash chains on open stores. */
export function createLedger(deps: LedgerDeps): Ledger {
  const { config, db, events, audit, jobs, cursor, clock, log, metrics } = deps;
  let opening: Promise<Signer> | undefined;
  // Opened when it is first needed; a fault is told then, and tried again.
  const signer = (): Promise<Signer> =>
    (opening ??= openIntegritySigner(dataPath(config, "trust"), log.child("trust")).catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));
  const losses = new LossRecorder({ db, clock, log, metrics });
  const recorder = new IntegrityRecorder({ events, clock, log, metrics });
  const roots = new RootsJob({ db, events, recorder, signer, clock, log, metrics });
  const second = new SecondLook({
    events,
    clock,
    log: log.child("losses"),
    metrics,
    onCorrected: ({ sensor_id, epoch, from_seq }) => recorder.doubt(sensor_id, epoch, from_seq),
  });
  const onLoss = (rows: readonly LossRow[]): void => {
    losses.add(rows);
    second.add(rows);
  };
  jobs.every("integrity-roots", ROOTS_EVERY_MS, () => roots.turn());
  if (config.redpandaUrl !== undefined) {
    const queue = new QueueLosses({ events, clock, onLoss: (found) => losses.add(found) });
    jobs.every("queue-losses", QUEUE_LOSSES_EVERY_MS, () => queue.turn());
  }
  return {
    onDurable(commit) {
      if (commit.losses.length > 0) onLoss(commit.losses);
      recorder.add(commit);
    },
    epochs: new Epochs({ db, events, clock, log, cursor, onLoss }),
    services: [losses, second, recorder],
    dependencies: [rootsDependency({ db, clock })],
    operators: [
      createLossRoutes({ service: createLossService({ store: createLossStore({ db, events }), clock }) }),
      createIntegrityRoutes({ service: new IntegrityService({ db, events, signer, clock }), audit }),
    ],
  };
}
