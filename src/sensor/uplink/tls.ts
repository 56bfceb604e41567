import { checkServerIdentity, type PeerCertificate } from "node:tls";
import type { Credentials } from "../state/sensor-state.ts";

/** Name in every server certificate the Console issues for itself, whatever address it is reached by. */
export const CONSOLE_NAME = "telovix-console";

/** TLS options as Bun's `fetch` and `WebSocket` both take them. */
export interface UplinkTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized: true;
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** TLS options that may be others the next time they are asked for. */
export interface TlsSource {
  readonly tls: UplinkTls;
}

/** What the sensor shows and trusts at this moment; connections that are open keep what they were made with. */
export class UplinkCredentials implements TlsSource {
  #tls: UplinkTls;
  #now: Credentials;

  constructor(credentials: Credentials) {
    this.#now = credentials;
    this.#tls = uplinkTls(credentials);
  }

  get tls(): UplinkTls {
    return this.#tls;
  }

  get current(): Credentials {
    return this.#now;
  }

  replace(changed: Partial<Credentials>): void {
    this.#now = { ...this.#now, ...changed };
    this.#tls = uplinkTls(this.#now);
  }
}

/**
 * Nodes reach the Console by whatever address their network has, so its certificate counts when it chains to the
 * pinned authority and is made out either to the Console as such or to the host asked for. The chain is checked by
 * the TLS library before this runs; purposes too, so that a sensor's client certificate can't stand in for it.
 */
function checkConsoleIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  const names = (certificate.subjectaltname ?? "").split(", ");
  return names.includes(`DNS:${CONSOLE_NAME}`) ? undefined : checkServerIdentity(host, certificate);
}

/** TLS towards the Console: verified against `caPem`, with the client certificate when there is one. */
export function uplinkTls(trust: { caPem: string } & Partial<Pick<Credentials, "certPem" | "keyPem">>): UplinkTls {
  return {
    ca: trust.caPem,
    ...(trust.certPem === undefined ? {} : { cert: trust.certPem }),
    ...(trust.keyPem === undefined ? {} : { key: trust.keyPem }),
    rejectUnauthorized: true,
    checkServerIdentity: checkConsoleIdentity,
  };
}
