import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { systemClock } from "../core/clock.ts";
import { Secret } from "../core/log.ts";
import { runEnroll } from "../sensor/membership.ts";
import { sensorConfig } from "../sensor/config.ts";
import { parseDuration } from "../sim/options.ts";
import { EXIT, listFlag, textFlag, type Call } from "./command.ts";
import { flavorOf } from "./flavor.ts";
import { UsageError } from "./parse.ts";

async function readToken(call: Call): Promise<Secret> {
  const file = textFlag(call.flags, "token-file");
  const given = textFlag(call.flags, "token");
  if (file !== undefined && given !== undefined)
    throw new UsageError("--token and --token-file say the same thing.", "Give one of them.");
  if (given !== undefined) return new Secret(given.trim());
  if (file === undefined)
    throw new UsageError(
      "A token is needed.",
      "Make one at the Console (Deploy Sensor) and give it with --token or --token-file.",
    );
  return new Secret((file === "-" ? await text(process.stdin) : await readFile(file, "utf8")).trim());
}

/** `telovix enroll`. */
export async function run(call: Call): Promise<number> {
  const { flags } = call;
  const consoleUrl = textFlag(flags, "console");
  if (consoleUrl === undefined)
    throw new UsageError("The Console's address is needed.", "Write --console https://host:15483.");
  const flavor = flavorOf(flags) ?? "standard";
  const cluster = textFlag(flags, "cluster");
  const config = sensorConfig({ stateDir: textFlag(flags, "state-dir") });
  const options = {
    consoleUrl,
    token: await readToken(call),
    pin: textFlag(flags, "pin"),
    caFile: textFlag(flags, "ca-file"),
    nodeName: textFlag(flags, "node-name") ?? config.nodeName,
    role: textFlag(flags, "role") ?? config.declaredRole,
    flavor,
    tags: [...listFlag(flags, "tag"), ...(cluster === undefined ? [] : [`cluster:${cluster}`])],
    force: flags["force"] === true,
  } as const;
  const state = await runEnroll(config, options, systemClock, {
    signal: call.signal,
    waitMs: parseDuration("wait", textFlag(flags, "wait")!),
    onWait: ({ message }, waitMs) =>
      call.err(`telovix: ${message}; trying again in ${Math.ceil(waitMs / 1000)} s (Ctrl-C ends it)\n`),
  });
  if (flags["json"])
    call.out(
      `${JSON.stringify({ sensor_id: state.sensor_id, node_name: state.node_name, console_url: state.console_url, state_dir: config.stateDir })}\n`,
    );
  else
    call.out(
      `${state.node_name} is enrolled at ${state.console_url} (sensor ${state.sensor_id}).\nStart it with: telovix sensor run\n`,
    );
  return EXIT.ok;
}
