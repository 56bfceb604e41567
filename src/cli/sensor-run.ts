import { readFile } from "node:fs/promises";
import { manifest } from "../../embed/manifest.ts";
import { runSensor } from "../sensor/app.ts";
import { sensorConfig } from "../sensor/config.ts";
import { EXIT, textFlag, type Call } from "./command.ts";

const PARENT_POLL_MS = 1_000;

async function parentPid(): Promise<number> {
  const stat = await readFile("/proc/self/stat", "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** Aborts once the process that started us is gone: a sensor that a Console keeps must not outlive it beside its successor. */
function parentGone(signal: AbortSignal): AbortSignal {
  const gone = new AbortController();
  void (async () => {
    const parent = await parentPid();
    while (!signal.aborted && (await parentPid()) === parent) await Bun.sleep(PARENT_POLL_MS);
    gone.abort();
  })();
  return gone.signal;
}

/** `telovix sensor run`. */
export async function run(call: Call): Promise<number> {
  const { flags } = call;
  const config = sensorConfig({
    stateDir: textFlag(flags, "state-dir"),
    logLevel: textFlag(flags, "log-level"),
    logFormat: textFlag(flags, "log-format"),
  });
  const signal = flags["exit-with-parent"] ? AbortSignal.any([call.signal, parentGone(call.signal)]) : call.signal;
  await runSensor(config, { embeddedEngine: manifest.engine }, signal);
  return EXIT.ok;
}
