import { AppError } from "../../core/error.ts";

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?$/;

/** What stands in the one line an operator pastes. */
export interface InstallLine {
  readonly consoleUrl: string;
  /** `sha256//…` */
  readonly pin: string;
  readonly token: string;
  readonly nodeName?: string | undefined;
  readonly declaredRole?: string | undefined;
  readonly flavor?: string | undefined;
  readonly cluster?: string | undefined;
  /** An enrolment that is there is replaced. */
  readonly replace?: boolean;
}

/** The address nodes reach the Console by: as configured, or as the request named it. Throws AppError for a Host that is no host. */
export function consoleUrl(publicUrl: string | undefined, hostHeader: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl;
  if (hostHeader === undefined || !HOST.test(hostHeader))
    throw new AppError("invalid_request", "The Host header of the request names no host.", {
      hint: "Set --public-url to the address under which nodes reach this Console.",
    });
  return `https://${hostHeader}`;
}

/** One argument for a POSIX shell. Every value is restricted by pattern already; this holds whatever becomes of the patterns. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function optional(line: InstallLine): string {
  const pairs = [
    ["--node-name", line.nodeName],
    ["--role", line.declaredRole],
    ["--flavor", line.flavor],
    ["--cluster", line.cluster],
  ] as const;
  return pairs.map(([flag, value]) => (value === undefined ? "" : ` ${flag} ${shellQuote(value)}`)).join("");
}

/** `curl … | sh -s -- …`: nothing is trusted but the pinned key. */
export function installCommand(line: InstallLine): string {
  const [url, pin] = [line.consoleUrl, shellQuote(line.pin)];
  return (
    `curl -fsSLk --retry 60 --retry-connrefused --retry-max-time 600 --pinnedpubkey ${pin} ${shellQuote(`${url}/install.sh`)} | sh -s -- ` +
    `--console ${shellQuote(url)} --pin ${pin} --token ${shellQuote(line.token)}${optional(line)}${line.replace ? " --replace yes" : ""}`
  );
}

/** The same for a node to which the file was copied by hand. */
export function manualCommand(line: InstallLine): string {
  return (
    `telovix enroll --console ${shellQuote(line.consoleUrl)} --pin ${shellQuote(line.pin)} ` +
    `--token ${shellQuote(line.token)}${optional(line)}${line.replace ? " --force" : ""} && telovix sensor run`
  );
}
