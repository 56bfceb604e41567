import { readFile } from "node:fs/promises";
import { manifest } from "../../embed/manifest.ts";
import { systemClock } from "../core/clock.ts";
import { runSensor } from "../sensor/app.ts";
import { sensorConfig } from "../sensor/config.ts";
import { settleRuntime } from "../sensor/runtime-settings.ts";
import { EXIT, textFlag, type Call } from "./command.ts";

const PARENT_POLL_MS = 1_000;

async function parentPid(): Promise<number> {
  const stat = await readFile("/proc/self/stat", "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/**
 * Ends this process as soon as the one that started it is gone: a sensor that a Console keeps must not stand in the way of its
 * successor. By SIGKILL, for which the state on disk is made: an orderly stop would end the engine too and leave the host unwatched,
 * while the next sensor takes a running engine over.
 */
async function endWithParent(signal: AbortSignal): Promise<void> {
  const parent = await parentPid();
  while (!signal.aborted && (await parentPid()) === parent) await systemClock.sleep(PARENT_POLL_MS, signal);
  if (!signal.aborted) process.kill(process.pid, "SIGKILL");
}

/** `telovix sensor run`. */
export async function run(call: Call): Promise<number> {
  settleRuntime(process.env);
  const { flags } = call;
  const config = sensorConfig({
    stateDir: textFlag(flags, "state-dir"),
    logLevel: textFlag(flags, "log-level"),
    logFormat: textFlag(flags, "log-format"),
    packs: textFlag(flags, "packs"),
  });
  if (flags["exit-with-parent"]) void endWithParent(call.signal);
  await runSensor(config, { embeddedEngine: manifest.engine, embeddedPacks: manifest.packs }, call.signal);
  return EXIT.ok;
}
