import { AppError } from "../../core/error.ts";
import { Secret } from "../../core/log.ts";

const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
export type SaslMechanism = (typeof MECHANISMS)[number];

/** Where a Kafka or Redpanda cluster is, and how it is spoken to. */
export interface KafkaTarget {
  /** `host:port`, those to ask first for the others. */
  readonly brokers: readonly string[];
  readonly tls: boolean;
  readonly sasl?: { readonly mechanism: SaslMechanism; readonly username: string; readonly password: Secret };
}

const BROKER = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/;
const DEFAULT_PORT = 9092;

function refuse(reason: string): AppError {
  return new AppError("invalid_request", `The address of the Kafka cluster ${reason}.`, {
    hint: "Write kafka://host:9092,host:9092 — kafkas:// for TLS, user:password@ before the hosts for SASL, ?mechanism=PLAIN behind them.",
  });
}

/**
 * Reads `kafka://[user:password@]host[:port],…[?mechanism=…]`; `kafkas://` speaks TLS. Throws AppError `invalid_request`, which never
 * repeats the text: there may be a password in it.
 */
export function parseKafkaUrl(url: Secret): KafkaTarget {
  const parts = /^(kafkas?):\/\/(?:([^@/]*)@)?([^/?#]+)\/?(?:\?mechanism=([A-Za-z0-9-]+))?$/.exec(url.reveal());
  if (!parts) throw refuse("cannot be read");
  const [, scheme, user, hosts = "", mechanism = "SCRAM-SHA-256"] = parts;
  const brokers = hosts.split(",").map((host) => (/:\d+$/.test(host) ? host : `${host}:${DEFAULT_PORT}`));
  if (brokers.length > 32 || brokers.some((b) => !BROKER.test(b) || Number(BROKER.exec(b)![2]) > 65_535))
    throw refuse("names a host that is none");
  if (user === undefined) return { brokers, tls: scheme === "kafkas" };
  const known = MECHANISMS.find((m) => m === mechanism.toUpperCase());
  if (!known) throw refuse(`asks for a mechanism that is not one of ${MECHANISMS.join(", ")}`);
  const colon = user.indexOf(":");
  if (colon < 1) throw refuse("has a user without a password");
  try {
    const username = decodeURIComponent(user.slice(0, colon));
    const password = new Secret(decodeURIComponent(user.slice(colon + 1)));
    return { brokers, tls: scheme === "kafkas", sasl: { mechanism: known, username, password } };
  } catch {
    throw refuse("has a user or password that is not percent-encoded");
  }
}
