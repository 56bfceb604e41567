import { hostname } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { AppError } from "../core/error.ts";
import type { LogFormat, LogLevel } from "../core/log.ts";
import { DEFAULT_SPOOL_LIMITS, type SpoolLimits } from "../core/spool/limits.ts";
import { CRI_SOCKETS } from "./workloads/sockets.ts";

export const DEFAULT_STATE_DIR = "/var/lib/telovix-sensor";
const DEFAULT_PACKS = "linux-baseline";
const SWITCH = ["0", "1"] as const;
const LEVELS = ["debug", "info", "warn", "error"] as const;
const FORMATS = ["json", "text"] as const;

/** What the command line said; it wins over the environment. */
export interface SensorFlags {
  readonly stateDir?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
  readonly enginePath?: string | undefined;
  /** Names of packs, by commas; "none" for none. */
  readonly packs?: string | undefined;
}

export interface SensorConfig {
  readonly stateDir: string;
  readonly logLevel: LogLevel;
  /** Undefined: text on a terminal, else JSON. */
  readonly logFormat: LogFormat | undefined;
  /** Engine to run instead of the one inside this executable. */
  readonly enginePath: string | undefined;
  readonly spool: SpoolLimits;
  /** Packs whose policies the engine runs. */
  readonly packs: readonly string[];
  /** Policies that can stop something do. False: they only tell. */
  readonly enforce: boolean;
  /** Where the container runtime may listen, in the order they are tried. */
  readonly criSockets: readonly string[];
  /** Defaults of the host, where enrolment asks for nothing else. */
  readonly nodeName: string;
  readonly declaredRole: string;
}

type Env = Readonly<Record<string, string | undefined>>;

function oneOf<T extends string>(what: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined || value === "") return undefined;
  const found = allowed.find((a) => a === value);
  if (!found)
    throw new AppError("invalid_request", `There is no ${what} '${value.slice(0, 64)}'.`, {
      pointer: `/${what.replaceAll(" ", "_")}`,
      hint: `It is one of ${allowed.join(", ")}.`,
    });
  return found;
}

function numberOf(what: string, value: string | undefined, min: number, max: number): number | undefined {
  if (value === undefined || value === "") return undefined;
  const n = Number(value);
  if (!Number.isInteger(n) || n < min || n > max)
    throw new AppError("invalid_request", `${what} cannot be '${value.slice(0, 64)}'.`, {
      hint: `It is a whole number from ${min} to ${max}.`,
    });
  return n;
}

/** Names separated by commas; an empty setting is none that was made. */
function packsOf(value: string | undefined): readonly string[] {
  const names = (value || DEFAULT_PACKS).split(",").map((name) => name.trim());
  const found = names.filter((name) => name !== "" && name !== "none");
  if (found.length > 0 && names.includes("none"))
    throw new AppError("invalid_request", `Packs cannot be '${value?.slice(0, 64)}'.`, {
      pointer: "/packs",
      hint: "'none' stands alone.",
    });
  return Object.freeze(found);
}

/** The one that was named, as a path or as Kubernetes writes it; else those that are known. */
function criSocketsOf(value: string | undefined): readonly string[] {
  if (value === undefined || value === "") return CRI_SOCKETS;
  const path = value.replace(/^unix:\/\//, "");
  if (!isAbsolute(path))
    throw new AppError("invalid_request", `TELOVIX_SENSOR_CRI_SOCKET cannot be '${value.slice(0, 64)}'.`, {
      hint: "It is the whole path of a socket.",
    });
  return Object.freeze([path]);
}

/** Settings of the sensor, from flags and environment: the only place of this role that reads the environment. */
export function sensorConfig(flags: SensorFlags = {}, env: Env = process.env): SensorConfig {
  const maxEvents = numberOf("TELOVIX_SENSOR_SPOOL_EVENTS", env["TELOVIX_SENSOR_SPOOL_EVENTS"], 1_000, 10_000_000);
  const spoolMb = numberOf("TELOVIX_SENSOR_SPOOL_MB", env["TELOVIX_SENSOR_SPOOL_MB"], 16, 65_536);
  const stateDir = resolve(flags.stateDir ?? env["TELOVIX_SENSOR_STATE_DIR"] ?? DEFAULT_STATE_DIR);
  const engine = flags.enginePath ?? env["TELOVIX_SENSOR_ENGINE_PATH"];
  return Object.freeze({
    stateDir,
    logLevel: oneOf("log level", flags.logLevel ?? env["TELOVIX_SENSOR_LOG_LEVEL"], LEVELS) ?? "info",
    logFormat: oneOf("log format", flags.logFormat ?? env["TELOVIX_SENSOR_LOG_FORMAT"], FORMATS),
    enginePath:
      engine === undefined || engine === "" || isAbsolute(engine) ? engine || undefined : join(process.cwd(), engine),
    spool: Object.freeze({
      ...DEFAULT_SPOOL_LIMITS,
      ...(maxEvents === undefined ? {} : { maxEvents }),
      ...(spoolMb === undefined ? {} : { maxBytes: spoolMb * 1024 * 1024 }),
    }),
    packs: packsOf(flags.packs ?? env["TELOVIX_SENSOR_PACKS"]),
    enforce: oneOf("value of TELOVIX_SENSOR_ENFORCE", env["TELOVIX_SENSOR_ENFORCE"], SWITCH) === "1",
    criSockets: criSocketsOf(env["TELOVIX_SENSOR_CRI_SOCKET"]),
    nodeName: env["TELOVIX_SENSOR_NODE_NAME"] || hostname(),
    declaredRole: env["TELOVIX_SENSOR_ROLE"] || "generic_linux",
  });
}
