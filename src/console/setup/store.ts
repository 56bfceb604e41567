import { insertAuditRecord } from "../audit/store.ts";
import type { Db } from "../stores/contract.ts";
import { insertUser } from "../users/store.ts";

export interface FirstAdmin {
  readonly linkHash: string;
  readonly tenantId: string;
  readonly organisation: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly at: Date;
  readonly clientIp: string | undefined;
  readonly userAgent: string | undefined;
}

export type SetupOutcome = "done" | "complete_already" | "unknown_link";

export interface SetupStore {
  isComplete(): Promise<boolean>;
  /** Makes this the only link that works; false, and nothing done, when set-up is complete. */
  replaceLink(linkHash: string, at: Date): Promise<boolean>;
  /** True when the link may still be used. */
  isLinkOpen(linkHash: string): Promise<boolean>;
  /** Uses up the link and makes tenant and administrator, all or nothing; of several at once one is `done`. */
  complete(admin: FirstAdmin): Promise<SetupOutcome>;
}

/** Serialises everything that decides about set-up: "telovix setup" as a number. */
const SETUP_LOCK = 0x7e_10_71_c5;

/** Set-up links and the first tenant in PostgreSQL. */
export function createSetupStore(deps: { db: Db }): SetupStore {
  const { db } = deps;
  return {
    isComplete: () => db.system(async (tx) => (await tx`SELECT 1 FROM tenants LIMIT 1`).length > 0),

    replaceLink: (linkHash, at) =>
      db.system(async (tx) => {
        await tx`SELECT pg_advisory_xact_lock(${SETUP_LOCK})`;
        if ((await tx`SELECT 1 FROM tenants LIMIT 1`).length > 0) return false;
        await tx`DELETE FROM setup_links WHERE used_at IS NULL`;
        await tx`INSERT INTO setup_links (link_hash, created_at) VALUES (${linkHash}, ${at})`;
        return true;
      }),

    isLinkOpen: (linkHash) =>
      db.system(
        async (tx) =>
          (await tx`SELECT 1 FROM setup_links WHERE link_hash = ${linkHash} AND used_at IS NULL`).length > 0,
      ),

    complete: (admin) =>
      db.system(async (tx) => {
        await tx`SELECT pg_advisory_xact_lock(${SETUP_LOCK})`;
        if ((await tx`SELECT 1 FROM tenants LIMIT 1`).length > 0) return "complete_already";
        const used = await tx`UPDATE setup_links SET used_at = ${admin.at}
          WHERE link_hash = ${admin.linkHash} AND used_at IS NULL RETURNING 1`;
        if (used.length === 0) return "unknown_link";
        const { tenantId, clientIp, userAgent, email } = admin;
        await tx`INSERT INTO tenants (tenant_id, name, created_at) VALUES (${tenantId}, ${admin.organisation}, ${admin.at})`;
        await insertUser(tx, { ...admin, role: "admin" });
        const entry = {
          tenantId,
          actionType: "setup_completed",
          outcome: "success",
          actorEmail: email,
          clientIp,
          userAgent,
        } as const;
        await insertAuditRecord(tx, tenantId, { ...entry, detail: { organisation: admin.organisation } }, admin.at);
        return "done";
      }),
  };
}
