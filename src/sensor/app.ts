import { buildInfo } from "../core/build-info.ts";
import { systemClock, type Clock } from "../core/clock.ts";
import { createLog, type Log } from "../core/log.ts";
import type { EmbeddedFile, EmbeddedPack } from "../core/payload/embedded-files.ts";
import { Stack } from "../core/service.ts";
import { LaneSet } from "../core/spool/lane-set.ts";
import { INTERVALS } from "../core/wire/limits.ts";
import { PROTOCOL_VERSION } from "../core/wire/version.ts";
import type { SensorConfig } from "./config.ts";
import { findEngine } from "./engine/engine-path.ts";
import { Engine } from "./engine/engine.ts";
import { Enricher } from "./enrich/enrich.ts";
import { PodNames } from "./enrich/pod-names.ts";
import { finishSwitch } from "./enroll/identity-files.ts";
import { FlowTable } from "./inventory/flows.ts";
import { InventoryTaker } from "./inventory/inventory.ts";
import { ProcessLister } from "./inventory/processes.ts";
import { ResourceMeter } from "./inventory/resources.ts";
import { bootTimeMs, readSystemInfo } from "./inventory/system.ts";
import { pipelineMetrics } from "./metrics.ts";
import type { EventDraft } from "./normalize/draft.ts";
import type { EngineStart, EngineStats } from "./normalize/engine-events.ts";
import { LineProgram } from "./normalize/line-program.ts";
import { choosePacks } from "./policy/choose.ts";
import { PolicyKeeper } from "./policy/keeper.ts";
import { nodeLabels } from "./policy/node-selector.ts";
import { lockStateDir, openStateDir } from "./state/directory.ts";
import { enrolledState } from "./state/enrolled.ts";
import { readInstance } from "./state/instance.ts";
import { readCredentials } from "./state/sensor-state.ts";
import { settleMove } from "./state/settle-move.ts";
import { Pipeline } from "./tail/pipeline.ts";
import { startOf } from "./tail/position.ts";
import { SegmentReader } from "./tail/reader.ts";
import { Tail } from "./tail/tail.ts";
import { SensorClient } from "./uplink/client.ts";
import { HeartbeatLoop } from "./uplink/heartbeat.ts";
import { InventoryLoop } from "./uplink/inventory.ts";
import type { Dice } from "./uplink/jitter.ts";
import { Outbox } from "./uplink/outbox.ts";
import { Stream } from "./uplink/stream.ts";
import { Renewal, type RenewalOptions } from "./uplink/renewal.ts";
import { settleConsole } from "./uplink/settle-console.ts";
import { UplinkCredentials } from "./uplink/tls.ts";
import { Trust } from "./uplink/trust.ts";
import { WorkloadTeller } from "./workloads/workload-teller.ts";

/** What a caller may bring along instead of what the configuration gives. */
export interface SensorOverrides {
  readonly clock?: Clock;
  readonly log?: Log;
  /** The engine inside this executable. */
  readonly embeddedEngine?: EmbeddedFile | undefined;
  /** The packs inside this executable; undefined: it has none, whatever the configuration asks for. */
  readonly embeddedPacks?: readonly EmbeddedPack[];
  /** Rhythm and reconnection, for tests. */
  readonly heartbeatIntervalMs?: number;
  readonly inventoryIntervalMs?: number;
  readonly policyRestMs?: number;
  readonly workloadAskMs?: number;
  readonly reconnectMinMs?: number;
  readonly reconnectMaxMs?: number;
  /** Of the jitter in heartbeats and inventories. */
  readonly dice?: Dice;
  readonly renewal?: Pick<RenewalOptions, "dice" | "askedSpreadMs" | "onStep">;
  /** Called once everything runs. */
  readonly onRunning?: () => void;
}

/**
 * Runs the sensor until the signal aborts. Rejects with an AppError when it can't start (not enrolled, state directory
 * open to others, another sensor running) and with the first failure of a part that must not fail.
 */
export async function runSensor(
  config: SensorConfig,
  overrides: SensorOverrides = {},
  signal: AbortSignal,
): Promise<void> {
  const { clock = systemClock } = overrides;
  const root =
    overrides.log ??
    createLog({ level: config.logLevel, format: config.logFormat ?? (process.stderr.isTTY ? "text" : "json") });
  const log = root.child("sensor");
  const { version } = buildInfo();
  const startedUs = clock.nowMs() * 1000;

  const { embeddedPacks } = overrides;
  const packs = embeddedPacks === undefined ? [] : choosePacks(config.packs, embeddedPacks);
  const paths = await openStateDir(config.stateDir);
  // A renewal or enrolment that was killed while its files were being put in place is finished first.
  await finishSwitch(paths);
  const state = await enrolledState(paths);
  const credentials = new UplinkCredentials(await readCredentials(paths));
  await using stack = new Stack(log);
  stack.add("lock", await lockStateDir(paths));

  const lanes = await LaneSet.open(paths.spool, config.spool, clock, log.child("spool"));
  stack.add("spool", () => lanes[Symbol.asyncDispose]());
  const instance = await readInstance();
  // Elsewhere or after another boot this may be a copy: what is in the spool is delivered, but its numbers are not gone on with.
  await settleMove(paths, instance, lanes, log);
  await settleConsole(paths.spool, { ...state, caPem: credentials.current.caPem }, lanes, log);
  const start = startOf(lanes.live("bulk").position, lanes.live("alert").position);

  const pods = new PodNames();
  await pods.refresh(clock.monotonicMs());
  const enricher = new Enricher(pods);
  const flows = new FlowTable();
  const node = nodeLabels({ name: state.node_name, role: state.declared_role, flavor: state.flavor });
  const onChange = (): void => heartbeat.hurry();
  const { workloadAskMs: askMs } = overrides;
  const ask = askMs === undefined ? {} : { askMs };
  const workloads = new WorkloadTeller({ sockets: config.criSockets, node, paths, clock, log, onChange, ...ask });
  await workloads.prepare();
  const { enforce } = config;
  const { policyRestMs: restMs } = overrides;
  const rest = restMs === undefined ? {} : { restMs };
  const policies = new PolicyKeeper({ packs, enforce, node, workloads, paths, clock, log, onChange, ...rest });
  await policies.prepare();
  const outbox = new Outbox(lanes, log.child("outbox"));
  const hooks = {
    onStart: (start: EngineStart) => {
      engine.onStart(start);
      policies.hurry();
      heartbeat.hurry();
    },
    onStats: (stats: EngineStats) => engine.onStats(stats),
    onEvent: (draft: EventDraft) => flows.add(draft),
    onFault: (error: unknown) => log.error("lines are read the long way from now on", { error }),
  };
  const pipeline = new Pipeline(enricher, start.position, hooks, policies.known, new LineProgram());
  const { segment, offset, skipping } = start.position;
  const reader = new SegmentReader(paths.engineOut, segment, offset, skipping);
  const tail = new Tail({
    reader,
    pipeline,
    lanes,
    start,
    clock,
    log: log.child("tail"),
    onSpooled: () => outbox.wake(),
  });
  const path = await findEngine(config, overrides.embeddedEngine, log);
  const engine: Engine = new Engine({
    enginePath: path,
    paths,
    planDir: paths.enginePlans,
    nodeName: state.node_name,
    clock,
    log,
    emit: (draft) => {
      tail.inject(draft);
      heartbeat.hurry();
    },
  });

  const url = new URL(state.console_url);
  const client = new SensorClient(url, credentials);
  const trust = new Trust(state, paths, clock, log.child("trust"));
  const { sensor_id: sensorId, node_name: nodeName } = state;
  const renewal = new Renewal({
    client,
    credentials,
    trust,
    paths,
    clock,
    log,
    sensorId,
    nodeName,
    onRenewed: () => {
      stream.renewed();
      heartbeat.hurry();
    },
    ...overrides.renewal,
  });
  const meter = new ResourceMeter();
  const taker = new InventoryTaker(new ProcessLister(await bootTimeMs()), flows, enricher.connections, clock);
  const inventory = new InventoryLoop({
    client,
    taker,
    trust,
    clock,
    log,
    intervalMs: overrides.inventoryIntervalMs ?? INTERVALS.inventoryMs,
    stream: { settled: () => stream.settled(), inventory: (body) => stream.inventory(body) },
    ...(overrides.dice === undefined ? {} : { dice: overrides.dice }),
  });
  const stream: Stream = new Stream({
    url,
    // Asked for with each connection: a renewed certificate is shown from the next one on.
    get tls() {
      return credentials.tls;
    },
    outbox,
    trust,
    clock,
    log,
    sensorVersion: version,
    instance,
    tickMs: state.stream_tick_ms,
    ...(overrides.reconnectMinMs === undefined ? {} : { reconnectMinMs: overrides.reconnectMinMs }),
    ...(overrides.reconnectMaxMs === undefined ? {} : { reconnectMaxMs: overrides.reconnectMaxMs }),
    onRefresh: (what) => {
      if (what === "heartbeat") heartbeat.hurry();
      else if (what === "inventory") inventory.refresh();
      else renewal.hurry();
    },
    onState: () => {},
  });
  const heartbeat: HeartbeatLoop = new HeartbeatLoop({
    client,
    outbox,
    trust,
    clock,
    log,
    intervalMs: overrides.heartbeatIntervalMs ?? state.heartbeat_interval_ms,
    sockets: taker,
    stream,
    onWantFull: () => inventory.want(),
    onInventoryPace: (secs) => inventory.pace(secs),
    ...(overrides.dice === undefined ? {} : { dice: overrides.dice }),
    collect: async (full) => {
      await pods.refresh(clock.monotonicMs());
      const engineState = engine.state;
      return {
        protocol_version: PROTOCOL_VERSION,
        sensor_version: version,
        sent_at_us: clock.nowMs() * 1000,
        runtime_mode: engineState.state === "failed" ? "compatibility" : "live",
        started_at_us: startedUs,
        engine: { ...engineState, ...policies.report(engineState.state === "running") },
        trust: trust.report,
        pipeline: await pipelineMetrics({ pipeline, reader, tail, lanes, outbox, stream, heartbeat }),
        resources: await meter.read(clock.monotonicMs(), engine.pid, paths.dir),
        ...(full ? { system: await readSystemInfo() } : {}),
      };
    },
  });

  const failed = new AbortController();
  let failure: unknown;
  const onFailure = (error: unknown): void => {
    failure ??= error;
    failed.abort();
  };
  // Stopped in the reverse order: the engine first, what it wrote is still read, and only then the uplink closes.
  for (const service of [heartbeat, stream, inventory, renewal, tail, policies, workloads, engine])
    stack.start(service, onFailure);
  log.info("the sensor runs", {
    sensor_id: state.sensor_id,
    node: state.node_name,
    console: url.origin,
    version,
    waiting: lanes.stats.depth,
    state_dir: paths.dir,
  });
  overrides.onRunning?.();
  await new Promise<void>((resolve) => {
    const both = AbortSignal.any([signal, failed.signal]);
    if (both.aborted) resolve();
    else both.addEventListener("abort", () => resolve(), { once: true });
  });
  log.info("the sensor stops");
  if (failure !== undefined) throw failure;
}
