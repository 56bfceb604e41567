import { portError } from "../http/port-error.ts";

/**
 * Finds the port that the workers will share, and the address they can listen on. It is opened alone once: the workers' own way of
 * opening it would share it silently with another Console. Throws AppError `unavailable`.
 */
export function findPort(host: string, port: number): { host: string; port: number } {
  const open = (hostname: string): number => {
    const probe = Bun.listen({ hostname, port, exclusive: true, socket: { data() {} } });
    const found = probe.port;
    probe.stop(true);
    return found;
  };
  try {
    return { host, port: open(host) };
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (host !== "::" || (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL")) throw portError({ host, port }, error);
    return { host: "0.0.0.0", port: open("0.0.0.0") };
  }
}
