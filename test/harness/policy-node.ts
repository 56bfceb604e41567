import { runCli } from "../../src/cli/run.ts";
import type { EmbeddedPack } from "../../src/core/payload/embedded-files.ts";
import type { PolicyState } from "../../src/core/wire/state.ts";
import { sensorConfig } from "../../src/sensor/config.ts";
import { statePaths, type StatePaths } from "../../src/sensor/state/paths.ts";
import { enrollAndRun } from "./running-sensor.ts";
import { StandInConsole } from "./stand-in-console.ts";

/** The list of what runs on the host is not what these nodes are for. */
const NEVER_MS = 600_000;

/** A node with a sensor at work, and a Console that hears it. */
export interface PolicyNode extends AsyncDisposable {
  readonly console: StandInConsole;
  readonly paths: StatePaths;
  /** What the last heartbeat says of a policy. */
  readonly told: (name: string) => PolicyState | undefined;
  readonly cli: (...words: string[]) => Promise<{ code: number; out: string; err: string }>;
}

interface NodeOptions {
  readonly stateDir: string;
  readonly enginePath: string;
  readonly pack: EmbeddedPack;
  /** Of the container runtime. */
  readonly criSocket: string;
}

/** Starts a sensor in a state directory of its own. */
export async function startPolicyNode({ stateDir, enginePath, pack, criSocket }: NodeOptions): Promise<PolicyNode> {
  const console = await StandInConsole.start();
  const config = sensorConfig({ stateDir, enginePath, packs: pack.id }, { TELOVIX_SENSOR_CRI_SOCKET: criSocket });
  const rhythm = { inventoryIntervalMs: NEVER_MS, workloadAskMs: 100 };
  const sensor = await enrollAndRun(console, config, { embeddedPacks: [pack], ...rhythm });
  return {
    console,
    paths: statePaths(stateDir),
    told: (name) => console.heartbeats.at(-1)?.engine.policies?.find((p) => p.name === name),
    cli: async (...words) => {
      let out = "";
      let err = "";
      const terminal = {
        out: (text: string) => void (out += text),
        err: (text: string) => void (err += text),
        signal: AbortSignal.timeout(60_000),
      };
      const code = await runCli(["policy", ...words, "--dir", stateDir], terminal);
      return { code, out, err };
    },
    [Symbol.asyncDispose]: async () => {
      await sensor[Symbol.asyncDispose]();
      await console[Symbol.asyncDispose]();
    },
  };
}
