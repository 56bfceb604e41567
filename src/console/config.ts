import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Type, type Static } from "typebox";
import { parse as parseYaml } from "yaml";
import { compile } from "../core/check.ts";
import { AppError, errorMessage } from "../core/error.ts";
import { Secret, type LogFormat, type LogLevel } from "../core/log.ts";
import { nearest } from "../core/nearest.ts";
import { INTERVALS } from "../core/wire/limits.ts";

/** Everything the Console is told from outside; read once, frozen. */
export interface ConsoleConfig {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  /** Without a slash at its end; undefined: the address a request came to. */
  readonly publicUrl: string | undefined;
  readonly tlsCertPath: string | undefined;
  readonly tlsKeyPath: string | undefined;
  /** Undefined: the embedded one. */
  readonly postgresUrl: Secret | undefined;
  readonly clickhouseUrl: Secret | undefined;
  /** A Kafka or Redpanda cluster that events go by; undefined: they go to ClickHouse directly. */
  readonly redpandaUrl: Secret | undefined;
  /** A Redis that replicas share limits and news through; undefined: each replica for itself. */
  readonly redisUrl: Secret | undefined;
  /** Processes that serve the port; 1: everything in one process. */
  readonly workers: number;
  /** The disk counts as nearly full below this much free space; undefined: 10 %. */
  readonly diskWarnPercent: number | undefined;
  /** When the disk is full, weeks of events older than this are dropped; undefined: none are. */
  readonly diskDropOlderThanDays: number | undefined;
  /** Bearer token for /metrics from other hosts. */
  readonly metricsToken: Secret | undefined;
  readonly vertical: "standard" | "telecom";
  readonly staleThresholdMs: number;
  readonly enrollmentTokenTtlMs: number;
  readonly heartbeatIntervalMs: number;
  readonly streamTickMs: number;
  readonly localSensor: boolean;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

/** What the outside says: flags win over the environment, the environment over the file. */
export interface ConsoleConfigSources {
  readonly flags?: Readonly<Record<string, string | readonly string[] | true | undefined>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** True when log lines go to a terminal. */
  readonly terminal?: boolean;
}

const Url = Type.String({ pattern: "^https://[A-Za-z0-9.:\\[\\]-]+/?$" });
const Text = Type.String({ minLength: 1, maxLength: 4096 });

const Settings = Type.Object(
  {
    data_dir: Type.Optional(Text),
    listen: Type.Optional(Type.String({ pattern: "^[0-9A-Za-z.:-]+$" })),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    public_url: Type.Optional(Url),
    tls_cert: Type.Optional(Text),
    tls_key: Type.Optional(Text),
    postgres_url: Type.Optional(Type.String({ pattern: "^postgres(ql)?://" })),
    clickhouse_url: Type.Optional(Type.String({ pattern: "^https?://" })),
    redpanda_url: Type.Optional(Type.String({ pattern: "^kafkas?://" })),
    redis_url: Type.Optional(Type.String({ pattern: "^rediss?://" })),
    workers: Type.Optional(Type.Integer({ minimum: 1, maximum: 16 })),
    disk_warn_percent: Type.Optional(Type.Integer({ minimum: 3, maximum: 50 })),
    disk_drop_older_than_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 730 })),
    metrics_token: Type.Optional(Type.String({ minLength: 16, maxLength: 256 })),
    vertical: Type.Optional(Type.Union([Type.Literal("standard"), Type.Literal("telecom")])),
    stale_threshold_secs: Type.Optional(Type.Integer({ minimum: 30, maximum: 3600 })),
    enrollment_token_ttl_secs: Type.Optional(Type.Integer({ minimum: 60, maximum: 86_400 })),
    local_sensor: Type.Optional(Type.Boolean()),
    log_format: Type.Optional(Type.Union([Type.Literal("text"), Type.Literal("json")])),
    log_level: Type.Optional(Type.Union(["debug", "info", "warn", "error"].map((l) => Type.Literal(l)))),
  },
  { additionalProperties: false },
);
type Settings = Static<typeof Settings>;
const checker = compile(Settings);
const NAMES = Object.keys(Settings.properties) as (keyof Settings)[];
const NUMBERS: ReadonlySet<string> = new Set([
  "workers",
  "port",
  "stale_threshold_secs",
  "enrollment_token_ttl_secs",
  "disk_warn_percent",
  "disk_drop_older_than_days",
]);

const DEFAULT_DATA_DIR = "/var/lib/telovix-console";

/** The data directory a command on the Console's host means. */
export function consoleDataDir(flag?: string, env: Readonly<Record<string, string | undefined>> = process.env): string {
  return resolve(flag ?? env["TELOVIX_CONSOLE_DATA_DIR"] ?? DEFAULT_DATA_DIR);
}

/** Turns a word of the command line or the environment into what the setting holds. */
function fromWord(name: string, word: string | true): unknown {
  if (word === true) return true;
  if (NUMBERS.has(name)) return /^\d+$/.test(word) ? Number(word) : word;
  return name === "local_sensor" ? word === "true" || word === "1" : word;
}

async function readFileSettings(path: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = parseYaml(await readFile(path, "utf8"), { maxAliasCount: 0 });
    if (value === null || value === undefined) return {};
    if (typeof value !== "object" || Array.isArray(value)) throw new Error("it is not a list of settings");
    return value as Record<string, unknown>;
  } catch (cause) {
    throw new AppError(
      "invalid_request",
      `The configuration file ${path} cannot be read: ${errorMessage(cause).split("\n")[0]!.replace(/:$/, "")}`,
      {
        cause,
        hint: "Name a YAML file with --config, or leave it out.",
      },
    );
  }
}

/** Reads and checks the configuration. Throws AppError `invalid_request` that names the setting. */
export async function loadConsoleConfig(sources: ConsoleConfigSources = {}): Promise<ConsoleConfig> {
  const { flags = {}, env = process.env } = sources;
  const configPath = typeof flags["config"] === "string" ? flags["config"] : env["TELOVIX_CONSOLE_CONFIG"];
  const merged: Record<string, unknown> = configPath === undefined ? {} : await readFileSettings(configPath);
  for (const name of NAMES) {
    const flag = flags[name.replaceAll("_", "-")];
    const word = typeof flag === "string" || flag === true ? flag : env[`TELOVIX_CONSOLE_${name.toUpperCase()}`];
    if (word !== undefined) merged[name] = fromWord(name, word);
  }
  for (const name of Object.keys(merged))
    if (!(NAMES as string[]).includes(name))
      throw new AppError("invalid_request", `${configPath}: there is no setting ${name.slice(0, 64)}.`, {
        pointer: `/${name}`,
        hint: `Did you mean ${nearest(name, NAMES)}? 'telovix help console serve' lists the settings.`,
      });
  const fault = checker.fault(merged);
  if (fault)
    throw new AppError("invalid_request", `Setting ${fault.pointer.slice(1).replaceAll("_", "-")}: ${fault.reason}.`, {
      pointer: fault.pointer,
      hint: "'telovix help console serve' lists the settings.",
    });
  return makeConfig(merged as Settings, sources.terminal ?? false);
}

function makeConfig(s: Settings, terminal: boolean): ConsoleConfig {
  if ((s.tls_cert === undefined) !== (s.tls_key === undefined))
    throw new AppError("invalid_request", "--tls-cert and --tls-key belong together.", {
      pointer: s.tls_cert === undefined ? "/tls_key" : "/tls_cert",
      hint: "Give both or neither.",
    });
  const secret = (text: string | undefined): Secret | undefined => (text === undefined ? undefined : new Secret(text));
  return Object.freeze({
    dataDir: consoleDataDir(s.data_dir, {}),
    host: s.listen ?? "::",
    port: s.port ?? 15_483,
    publicUrl: s.public_url?.replace(/\/$/, ""),
    tlsCertPath: s.tls_cert,
    tlsKeyPath: s.tls_key,
    postgresUrl: secret(s.postgres_url),
    clickhouseUrl: secret(s.clickhouse_url),
    redpandaUrl: secret(s.redpanda_url),
    redisUrl: secret(s.redis_url),
    workers: s.workers ?? 1,
    diskWarnPercent: s.disk_warn_percent,
    diskDropOlderThanDays: s.disk_drop_older_than_days,
    metricsToken: secret(s.metrics_token),
    vertical: s.vertical ?? "standard",
    staleThresholdMs: (s.stale_threshold_secs ?? 90) * 1000,
    enrollmentTokenTtlMs: (s.enrollment_token_ttl_secs ?? 900) * 1000,
    heartbeatIntervalMs: INTERVALS.heartbeatMs,
    streamTickMs: INTERVALS.streamTickMs,
    localSensor: s.local_sensor ?? false,
    logFormat: s.log_format ?? (terminal ? "text" : "json"),
    logLevel: (s.log_level ?? "info") as LogLevel,
  });
}

/** Path inside the data directory. */
export function dataPath(config: ConsoleConfig, ...parts: string[]): string {
  return join(config.dataDir, ...parts);
}
