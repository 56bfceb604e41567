import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { freemem, totalmem } from "node:os";
import type { Finding } from "./finding.ts";

const GIB = 1024 ** 3;
const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;

function canListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, () => server.close(() => resolve(undefined)));
  });
}

async function nearestStatfs(path: string): Promise<Awaited<ReturnType<typeof statfs>> | undefined> {
  for (let dir = path; ; dir = dirname(dir)) {
    const found = await statfs(dir).catch(() => undefined);
    if (found || dir === dirname(dir)) return found;
  }
}

/** Rights, clock, memory, disk and port of this host. */
export async function checkHost(dataDir: string, port: number, builtAtMs: number): Promise<Finding[]> {
  const root = process.getuid?.() === 0;
  const disk = await nearestStatfs(dataDir);
  const freeBytes = disk ? Number(disk.bavail) * Number(disk.bsize) : 0;
  const taken = await canListen(port);
  const clockOff = Date.now() < builtAtMs - 86_400_000;
  return [
    root
      ? { name: "root", status: "ok", message: "Running as root." }
      : {
          name: "root",
          status: "limited",
          message: "Not running as root: the sensor needs it; the Console only for its embedded stores.",
          hint: "Run it with sudo.",
        },
    clockOff
      ? {
          name: "clock",
          status: "limited",
          message: `The clock says ${new Date().toISOString()}, which is before this version was built.`,
          hint: "Set the clock; certificates are refused otherwise.",
        }
      : { name: "clock", status: "ok", message: `The clock says ${new Date().toISOString()}.` },
    totalmem() < 1.8 * GIB
      ? {
          name: "memory",
          status: "limited",
          message: `${gib(totalmem())} of memory: enough for a sensor, little for a Console.`,
          hint: "Give a Console at least 2 GiB.",
        }
      : { name: "memory", status: "ok", message: `${gib(totalmem())} of memory, ${gib(freemem())} free.` },
    freeBytes < 10 * GIB
      ? {
          name: "disk",
          status: "limited",
          message: `${gib(freeBytes)} free at ${dataDir}.`,
          hint: "A Console wants at least 10 GiB; a sensor 1 GiB.",
        }
      : { name: "disk", status: "ok", message: `${gib(freeBytes)} free at ${dataDir}.` },
    taken
      ? {
          name: "port",
          status: "limited",
          message: `Port ${port} can't be used (${taken}).`,
          hint: `Find who holds it with 'ss -ltnp sport = :${port}', or choose another with --port.`,
        }
      : { name: "port", status: "ok", message: `Port ${port} is free.` },
  ];
}
