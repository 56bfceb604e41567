import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { CreatedToken } from "../core/api/tokens.ts";
import { checkRun } from "../sim/check/check.ts";
import { StoredEvents, type EventStorePlace } from "../sim/check/store.ts";
import { SimState } from "../sim/enrol/state.ts";
import type { TokenSource } from "../sim/enrol/enrol.ts";
import type { FleetStatus } from "../sim/fleet/config.ts";
import { parseNumber } from "../sim/options.ts";
import { countsOf, differenceOf, readRecording, writeRecording, type Recording } from "../sim/record.ts";
import { makeReport, reportText } from "../sim/report.ts";
import { startRun, untilDrained, type RunOptions } from "../sim/run.ts";
import { EXIT, textFlag, type Call, type Flags } from "./command.ts";
import { askConsole } from "./control-client.ts";
import { UsageError } from "./parse.ts";
import { behaviourGiven, behaviourOf } from "./sim-behaviour.ts";

const DEFAULT_STATE = "/var/lib/telovix-sim";
/** From so many sensors on a second process pays. */
const SPREAD_FROM = 1_000;

function tokenSource(flags: Flags): TokenSource {
  const dataDir = textFlag(flags, "data-dir");
  const many = textFlag(flags, "cluster-token");
  const one = textFlag(flags, "token");
  if (many !== undefined) return () => Promise.resolve(many);
  if (dataDir !== undefined) {
    let made: Promise<CreatedToken> | undefined;
    const request = { cluster: "simulated", max_nodes: 100_000 };
    return async () => (await (made ??= askConsole<CreatedToken>(resolve(dataDir), "POST", "/tokens", request))).token;
  }
  if (one !== undefined) return () => Promise.resolve(one);
  return () =>
    Promise.reject(
      new UsageError(
        "A token is needed to enrol the fleet.",
        "Give --cluster-token, or --data-dir on the Console's own host.",
      ),
    );
}

async function consoleOf(flags: Flags): Promise<RunOptions["console"]> {
  const dataDir = textFlag(flags, "data-dir");
  const given = textFlag(flags, "console");
  if (given === undefined && dataDir === undefined) return undefined;
  let address = given;
  let pin = textFlag(flags, "pin");
  const caFile = textFlag(flags, "ca-file");
  if (dataDir !== undefined && (address === undefined || (pin === undefined && caFile === undefined))) {
    // The socket is this host's administrator's: whoever answers on it is the Console.
    const status = await askConsole<{ url: string }>(resolve(dataDir), "GET", "/status");
    address ??= `https://127.0.0.1:${new URL(status.url).port || 443}`;
    if (pin === undefined && caFile === undefined)
      pin = (await askConsole<CreatedToken>(resolve(dataDir), "POST", "/tokens", {})).pinned_public_key;
  }
  const text = address!.includes("://") ? address! : `https://${address}`;
  if (!URL.canParse(text)) throw new UsageError(`--console is no address.`, "Write --console https://host:15483.");
  const url = new URL(text);
  return {
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 443),
    ...(pin === undefined ? {} : { pin }),
    ...(caFile === undefined ? {} : { caPem: await readFile(caFile, "utf8") }),
  };
}

function storePlace(flags: Flags): EventStorePlace | undefined {
  if (!flags["check"]) return undefined;
  const url = textFlag(flags, "clickhouse-url");
  const dataDir = textFlag(flags, "data-dir");
  if (url !== undefined && !/^https?:\/\//.test(url))
    throw new UsageError("--clickhouse-url is no such address.", "It begins with http:// or https://.");
  if (url !== undefined) return { url };
  if (dataDir !== undefined) return { dataDir: resolve(dataDir) };
  throw new UsageError(
    "--check needs to see the store.",
    "Give --data-dir on the Console's host, or --clickhouse-url.",
  );
}

/** The recording to play again; undefined when none is. */
async function replayOf(flags: Flags): Promise<Recording | undefined> {
  const path = textFlag(flags, "replay");
  if (path === undefined) return undefined;
  const [given] = behaviourGiven(flags);
  if (given !== undefined)
    throw new UsageError(
      `--${given} cannot be given with --replay.`,
      "A replay is played as it was recorded; leave the flag out, or --replay.",
    );
  return await readRecording(path);
}

/** `telovix sim sensors`. */
export async function run(call: Call): Promise<number> {
  const { flags, signal } = call;
  const replay = await replayOf(flags);
  const behaviour = replay?.behaviour ?? behaviourOf(flags);
  const place = storePlace(flags);
  const processes = textFlag(flags, "processes");
  const say = (line: string): void => call.err(`${line}\n`);
  const console = await consoleOf(flags);
  const running = await startRun({
    behaviour,
    state: new SimState(resolve(textFlag(flags, "state") ?? DEFAULT_STATE)),
    ...(console ? { console } : {}),
    token: tokenSource(flags),
    processes:
      processes === undefined
        ? behaviour.n >= SPREAD_FROM
          ? 2
          : 1
        : Math.round(parseNumber("processes", processes, 1, 16)),
    say,
    signal,
  });
  await using fleet = running.fleet;
  const tell = (s: FleetStatus): void =>
    say(
      `${s.live} of ${s.sensors} up; ${s.generated} made, ${s.acked} acknowledged, ${s.generated - s.acked} under way`,
    );
  const { drainMs, stuck } = await untilDrained(running, behaviour.durationMs, tell, signal);
  const status = await fleet.status();
  const results = await fleet.results();
  if (!stuck) await running.finish(results);
  const counts = countsOf(results);
  const record = textFlag(flags, "record");
  if (record !== undefined && !signal.aborted) await writeRecording(record, { behaviour, counts });
  let verdict: Awaited<ReturnType<typeof checkRun>> | undefined;
  if (place) {
    await using store = await StoredEvents.open(place);
    verdict = await checkRun({ behaviour, run: running.run, results, sinceMs: running.startAtMs - 1_000, store });
  }
  const { n, seed } = behaviour;
  const { startAtMs, run: number } = running;
  const report = makeReport({ n, seed, run: number, startAtMs, drainMs, status, verdict });
  call.out(flags["json"] ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  if (signal.aborted) return (verdict?.ok ?? true) ? EXIT.ok : EXIT.failed;
  const never = results.filter(({ up }) => !up).length;
  const difference = replay && differenceOf(replay.counts, counts);
  if (never > 0) say(`${never} of ${n} sensors were never up`);
  if (replay) say(`replay: ${difference ?? `the same ${counts.generated} events as were recorded`}`);
  return (verdict?.ok ?? true) && !stuck && never === 0 && difference === undefined ? EXIT.ok : EXIT.failed;
}
