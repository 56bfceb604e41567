import { execFile } from "node:child_process";
import { access, rm } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { promisify } from "node:util";
import { systemClock } from "../core/clock.ts";
import { errorMessage } from "../core/error.ts";
import { manifest } from "../../embed/manifest.ts";
import { decommission } from "../sensor/membership.ts";
import { sensorConfig } from "../sensor/config.ts";
import { unpinEngine } from "../sensor/engine/unpin.ts";
import { statePaths } from "../sensor/state/paths.ts";
import { stopSensor } from "../sensor/state/stop.ts";
import { EXIT, textFlag, type Call } from "./command.ts";
import { UsageError } from "./parse.ts";

const UNIT = "telovix-sensor.service";
const UNIT_FILE = `/etc/systemd/system/${UNIT}`;
const INSTALLED_FILE = "/usr/local/bin/telovix";
const TELL_TIMEOUT_MS = 15_000;
const runFile = promisify(execFile);

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function confirmed(call: Call, stateDir: string): Promise<boolean> {
  if (call.flags["yes"]) return true;
  if (!process.stdin.isTTY) throw new UsageError("There is nobody to ask.", "Give --yes to go ahead.");
  const ask = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await ask.question(
    `This stops the sensor, ends its identity at the Console and removes ${stateDir}. Go ahead? [y/N] `,
    { signal: call.signal },
  );
  ask.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** `telovix sensor uninstall`: each part is undone even when another could not be. */
export async function run(call: Call): Promise<number> {
  const config = sensorConfig({ stateDir: textFlag(call.flags, "state-dir") });
  if (!(await confirmed(call, config.stateDir))) return EXIT.failed;
  let failures = 0;
  const part = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      call.out(`${what}: done\n`);
    } catch (error) {
      failures++;
      call.err(`${what}: ${errorMessage(error)}\n`);
    }
  };
  if (await exists(UNIT_FILE)) {
    await part("stop the service", () => runFile("systemctl", ["disable", "--now", UNIT]));
    await part("remove the service", () => rm(UNIT_FILE));
  }
  // Also one that no service manager keeps, and the engine that a killed one left.
  await part("stop the sensor", () => stopSensor(statePaths(config.stateDir), systemClock));
  await part("take the engine out of the kernel", () => unpinEngine(config, manifest.engine));
  if (await exists(`${config.stateDir}/sensor-state.json`)) {
    await part("tell the Console", () =>
      decommission(config, AbortSignal.any([call.signal, AbortSignal.timeout(TELL_TIMEOUT_MS)])),
    );
  }
  if (!call.flags["keep-state"])
    await part(`remove ${config.stateDir}`, () => rm(config.stateDir, { recursive: true, force: true }));
  if (process.execPath === INSTALLED_FILE) await part(`remove ${INSTALLED_FILE}`, () => rm(INSTALLED_FILE));
  if (failures > 0)
    call.err("What is named above is left. If the Console could not be told, revoke the sensor there.\n");
  return failures > 0 ? EXIT.failed : EXIT.ok;
}
