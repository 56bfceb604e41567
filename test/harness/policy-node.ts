import { runCli } from "../../src/cli/run.ts";
import type { EmbeddedPack } from "../../src/core/payload/embedded-files.ts";
import { randomToken } from "../../src/core/ids.ts";
import { Secret, silentLog } from "../../src/core/log.ts";
import type { PolicyState } from "../../src/core/wire/state.ts";
import { runEnroll, runSensor } from "../../src/sensor/app.ts";
import { sensorConfig } from "../../src/sensor/config.ts";
import { statePaths, type StatePaths } from "../../src/sensor/state/paths.ts";
import { StandInConsole } from "./stand-in-console.ts";

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
  const token = `tse_${randomToken(32)}`;
  console.tokens.add(token);
  await runEnroll(config, {
    consoleUrl: console.url,
    token: new Secret(token),
    pin: console.pin,
    nodeName: "node-1",
    role: "generic_linux",
    flavor: "standard",
    tags: [],
  });
  const controller = new AbortController();
  const overrides = { log: silentLog, heartbeatIntervalMs: 100, reconnectMinMs: 20, embeddedPacks: [pack] };
  const done = runSensor(config, overrides, controller.signal);
  done.catch(() => {});
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
      controller.abort();
      await done.catch(() => {});
      await console[Symbol.asyncDispose]();
    },
  };
}
