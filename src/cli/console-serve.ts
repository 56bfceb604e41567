import { networkInterfaces } from "node:os";
import { manifest } from "../../embed/manifest.ts";
import { systemClock } from "../core/clock.ts";
import { createLog, type Log } from "../core/log.ts";
import { startConsole, type RunningConsole } from "../console/app.ts";
import { loadConsoleConfig, type ConsoleConfig } from "../console/config.ts";
import { EXIT, type Call } from "./command.ts";
import { createLocalSensor } from "./local-sensor.ts";
import { ownHead } from "./own-head.ts";

function firstAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find((a) => a.family === "IPv4" && !a.internal)?.address;
}

function greet(call: Call, console: RunningConsole, config: ConsoleConfig): void {
  call.out(`\nTelovix Console: ${console.url}\n`);
  if (console.setupLink) {
    call.out(`Set it up here, once:\n\n    ${console.setupLink}\n`);
    const address = config.publicUrl === undefined && firstAddress();
    // The host's name may mean nothing where the browser is.
    if (address)
      call.out(`or  ${console.setupLink.replace(/^https:\/\/[^/]+/, `https://${address}:${console.port}`)}\n`);
    call.out("\n");
  }
  call.out(`Data in ${config.dataDir}. Ctrl-C stops it.\n\n`);
}

/** Runs until the signal aborts, or until the Console or the local sensor's keeper fails. */
async function serve(call: Call, console: RunningConsole, config: ConsoleConfig, log: Log): Promise<number> {
  const stop = new AbortController();
  const signal = AbortSignal.any([call.signal, stop.signal]);
  const localSensor = config.localSensor
    ? createLocalSensor({ console, dataDir: config.dataDir, clock: systemClock, log }).run(signal)
    : Promise.resolve();
  const aborted = new Promise<"stopped">((resolve) => {
    if (call.signal.aborted) resolve("stopped");
    else call.signal.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
  const failed = Promise.race([console.failure, localSensor.then(() => new Promise<never>(() => {}))]).catch(
    (error: unknown) => error,
  );
  const outcome = await Promise.race([aborted, failed]);
  if (outcome !== "stopped") log.error("the Console stops because a part of it failed", { error: outcome });
  stop.abort();
  await localSensor.catch(() => {});
  await console[Symbol.asyncDispose]();
  return outcome === "stopped" ? EXIT.ok : EXIT.failed;
}

/** `telovix console serve`. */
export async function run(call: Call): Promise<number> {
  const config = await loadConsoleConfig({ flags: call.flags, terminal: process.stderr.isTTY });
  const log = createLog({ format: config.logFormat, level: config.logLevel, write: call.err });
  // The signal is watched here: the local sensor stops before the Console it talks to.
  const console = await startConsole(config, manifest, { log, download: ownHead(), write: call.err });
  greet(call, console, config);
  return serve(call, console, config, log);
}
