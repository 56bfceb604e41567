import { MultipleErrors, type BaseOptions } from "@platformatic/kafka";
import { AppError, errorMessage } from "../../core/error.ts";
import type { KafkaTarget } from "./target.ts";

const TIMEOUT_MS = 10_000;
/** How deep the client's errors nest at most. */
const MAX_DEPTH = 5;

/** How every client of the cluster is made. */
export function clientOptions({ brokers, tls, sasl }: KafkaTarget): BaseOptions {
  return {
    clientId: "telovix-console",
    bootstrapBrokers: [...brokers],
    timeout: TIMEOUT_MS,
    connectTimeout: 5_000,
    requestTimeout: TIMEOUT_MS,
    retries: 2,
    autocreateTopics: false,
    ...(tls ? { tls: {} } : {}),
    ...(sasl
      ? { sasl: { mechanism: sasl.mechanism, username: sasl.username, password: () => sasl.password.reveal() } }
      : {}),
  };
}

/** What the cluster or the network said: at the bottom of the client's nested errors, and the last try's says most. */
export function reason(error: unknown): string {
  let inner = error;
  for (let depth = 0; depth < MAX_DEPTH && inner instanceof MultipleErrors && inner.errors.length > 0; depth++)
    inner = inner.errors.at(-1);
  return errorMessage(inner);
}

/** AppError `unavailable` for what the cluster did not do. */
export function unavailable(what: string, error: unknown): AppError {
  return new AppError("unavailable", `${what}: ${reason(error)}`, { cause: error, retryAfterSecs: 2 });
}
