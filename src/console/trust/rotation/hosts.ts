import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { AppError } from "../../../core/error.ts";
import { randomHex } from "../../../core/ids.ts";
import type { Dependency } from "../../http/readiness.ts";
import type { Db } from "../../stores/contract.ts";
import { readOwn, writeWhole } from "../files.ts";
import { issuingId, type Standing } from "./phases.ts";
import { listHosts, type ConsoleHost } from "./store.ts";

/** A host without a key that it needs, or will need with the next step. */
export interface LackingHost {
  readonly host: ConsoleHost;
  readonly authorityId: string;
  /** A host that has it. */
  readonly from: ConsoleHost | undefined;
}

/** Who this host is: its name, and a number beside the trust directory, which is copied from host to host. */
export async function readHost(trustDir: string): Promise<{ readonly id: string; readonly name: string }> {
  const path = join(dirname(trustDir), "host-id");
  const found = (await readOwn(path, false))?.trim();
  const id = found !== undefined && /^[0-9a-f]{12}$/.test(found) ? found : randomHex(6);
  if (id !== found) await writeWhole(path, `${id}\n`, 0o644);
  return { id, name: hostname().toLowerCase().slice(0, 253) };
}

/** Hosts that lack a key of an authority that signs something now or with the next step. */
export function lackingHosts(hosts: readonly ConsoleHost[], standing: Standing): LackingHost[] {
  const needed = [standing.oldId, standing.newId, issuingId(standing)].filter((id) => id !== null);
  return hosts.flatMap((host) => {
    const authorityId = needed.find((id) => !host.authorityIds.includes(id));
    if (authorityId === undefined) return [];
    return [{ host, authorityId, from: hosts.find((h) => h.authorityIds.includes(authorityId)) }];
  });
}

export const hostLabel = ({ name, id }: ConsoleHost): string => `${name} (${id.slice(0, 6)})`;

/** What is missing where, and how it gets there; undefined when every host has what it needs. */
export function lackingFault(lacking: readonly LackingHost[]): AppError | undefined {
  const [first] = lacking;
  if (!first) return undefined;
  const short = first.authorityId.slice(0, 16);
  const names = lacking.map(({ host }) => hostLabel(host)).join(", ");
  const source = first.from ? hostLabel(first.from) : "a host that has it, or a backup";
  return new AppError("conflict", `The key of the authority ${short} is missing on ${names}.`, {
    hint:
      `Copy the files ca* of the directory trust from ${source} into that of ${names}, keys with mode 600; it is noticed within 30 s. ` +
      "Keys do not travel through the database. A host that is gone for good is forgotten after a day.",
  });
}

/** Says on /readyz which host lacks a key. */
export function authorityKeysDependency(db: Db, standing: () => Standing): Dependency {
  return {
    name: "authority keys",
    optional: true,
    knownBy: "postgresql",
    ping: async () => {
      const hosts = await listHosts(db).catch((error: unknown) => {
        // A database that does not answer is told of elsewhere.
        if (error instanceof AppError && error.code === "unavailable") return [];
        throw error;
      });
      const fault = lackingFault(lackingHosts(hosts, standing()));
      if (fault) throw fault;
    },
    action: "Copy the trust directory from a Console that has them.",
  };
}
