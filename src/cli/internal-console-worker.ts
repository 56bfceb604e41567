import { manifest } from "../../embed/manifest.ts";
import { startConsole } from "../console/app.ts";
import { takeSeat } from "../console/workers/seat.ts";
import { createLog } from "../core/log.ts";
import { EXIT, type Call } from "./command.ts";
import { ownHead } from "./own-head.ts";

/** `telovix internal console-worker SOCKET NUMBER`: one of the processes that serve a Console's port. */
export async function run(call: Call): Promise<number> {
  const [socketPath = "", number = ""] = call.args;
  // No goodbye: the parent's successor needs the port, and what was acknowledged is stored.
  const seat = await takeSeat(socketPath, Number(number), () => process.exit(EXIT.failed));
  const { config } = seat.boot;
  const log = createLog({ format: config.logFormat, level: config.logLevel, write: call.err }).child(
    `worker-${number}`,
  );
  const console = await startConsole(config, manifest, { log, download: ownHead(), seat });
  const stopped = new Promise<undefined>((resolve) => {
    if (call.signal.aborted) resolve(undefined);
    call.signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const failure = await Promise.race([stopped, console.failure]);
  if (failure !== undefined) log.error("the worker stops because a part of it failed", { error: failure });
  await console[Symbol.asyncDispose]();
  return failure === undefined ? EXIT.ok : EXIT.failed;
}
