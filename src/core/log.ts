import { AppError, errorMessage } from "./error.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Record<string, unknown>;

/** A logger bound to a subsystem. One JSON object a line (or plain words on a terminal); secrets never reach it: see Secret. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(subsystem: string): Log;
}

export type LogFormat = "json" | "text";
const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface LogOptions {
  readonly level?: LogLevel;
  readonly format?: LogFormat;
  /** Where lines go; stderr by default. */
  readonly write?: (line: string) => void;
  readonly now?: () => Date;
}

function plain(value: unknown): unknown {
  if (value instanceof AppError)
    return {
      code: value.code,
      message: value.message,
      hint: value.hint,
      cause: value.cause && errorMessage(value.cause),
    };
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  return typeof value === "bigint" ? value.toString() : value;
}

function words(fields: LogFields): string {
  return Object.entries(fields)
    .map(
      ([key, value]) =>
        ` ${key}=${typeof value === "string" && /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(plain(value))}`,
    )
    .join("");
}

/** Makes a root logger. */
export function createLog(options: LogOptions = {}): Log {
  const min = RANK[options.level ?? "info"];
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const now = options.now ?? (() => new Date());
  const json = (options.format ?? "json") === "json";
  const make = (subsystem: string): Log => {
    const emit = (level: LogLevel, message: string, fields: LogFields = {}): void => {
      if (RANK[level] < min) return;
      const time = now().toISOString();
      if (!json)
        return write(
          `${time.slice(11, 23)} ${level.padEnd(5)} ${subsystem ? `${subsystem}: ` : ""}${message}${words(fields)}\n`,
        );
      const line = JSON.stringify({ time, level, subsystem, message, ...fields }, (_key, value) => plain(value));
      write(`${line}\n`);
    };
    return {
      debug: (m, f) => emit("debug", m, f),
      info: (m, f) => emit("info", m, f),
      warn: (m, f) => emit("warn", m, f),
      error: (m, f) => emit("error", m, f),
      child: (name) => make(subsystem ? `${subsystem}.${name}` : name),
    };
  };
  return make("");
}

/** A logger that says nothing. */
export const silentLog: Log = createLog({ write: () => {} });

/** A value that cannot be printed, serialised or logged by accident. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself; call it only where it is used. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}
