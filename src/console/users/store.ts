import type { Role } from "../../core/api/auth.ts";
import { AppError } from "../../core/error.ts";
import type { Db, Tx } from "../stores/contract.ts";

/** An account as sign-in needs it. */
export interface Account {
  readonly userId: string;
  readonly tenantId: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly disabled: boolean;
}

export interface NewSession {
  readonly sessionHash: string;
  readonly tenantId: string;
  readonly userId: string;
  readonly csrfToken: string;
  readonly clientIp: string | undefined;
  readonly userAgent: string | undefined;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** A session joined with its user and tenant. */
export interface StoredSession {
  readonly sessionHash: string;
  readonly userId: string;
  readonly tenantId: string;
  readonly tenantName: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly csrfToken: string;
  readonly lastUsedAt: Date;
}

export interface UserStore {
  /** By address, over all tenants: sign-in has none yet. */
  findAccount(email: string): Promise<Account | undefined>;
  /** Adds a session, removes the user's dead ones, and keeps the newest `keep`. */
  insertSession(session: NewSession, idleSince: Date, keep: number): Promise<void>;
  /** The session if it is alive and its user not disabled; marks it used when it was last used before `touchBefore`. */
  findSession(hash: string, now: Date, idleSince: Date, touchBefore: Date): Promise<StoredSession | undefined>;
  removeSession(tenantId: string, hash: string): Promise<void>;
}

/** Inserts a user inside a transaction that may see its tenant. */
export async function insertUser(
  tx: Tx,
  user: { userId: string; tenantId: string; email: string; name: string; role: Role; passwordHash: string },
): Promise<void> {
  await tx`INSERT INTO users (user_id, tenant_id, email, name, role, password_hash)
    VALUES (${user.userId}, ${user.tenantId}, ${user.email}, ${user.name}, ${user.role}, ${user.passwordHash})`;
}

/** What is not worth a refusal is left out while PostgreSQL cannot be written to. */
function unlessAway(error: unknown): void {
  if (!(error instanceof AppError && error.code === "unavailable")) throw error;
}

/** Users and sessions in PostgreSQL. */
export function createUserStore(deps: { db: Db }): UserStore {
  const { db } = deps;
  return {
    findAccount: (email) =>
      db.system(async (tx) => {
        const [row] = await tx<Account[]>`
          SELECT user_id AS "userId", tenant_id AS "tenantId", email, password_hash AS "passwordHash",
                 disabled_at IS NOT NULL AS disabled
          FROM users WHERE lower(email) = lower(${email})`;
        return row;
      }),

    insertSession: (session, idleSince, keep) =>
      db.tenant(session.tenantId, async (tx) => {
        await tx`INSERT INTO sessions
          (session_hash, tenant_id, user_id, csrf_token, client_ip, user_agent, created_at, last_used_at, expires_at)
          VALUES (${session.sessionHash}, ${session.tenantId}, ${session.userId}, ${session.csrfToken},
                  ${session.clientIp ?? null}, ${session.userAgent ?? null}, ${session.createdAt}, ${session.createdAt},
                  ${session.expiresAt})`;
        await tx`DELETE FROM sessions WHERE user_id = ${session.userId} AND
          (expires_at <= ${session.createdAt} OR last_used_at <= ${idleSince} OR session_hash IN (
            SELECT session_hash FROM sessions WHERE user_id = ${session.userId}
            ORDER BY created_at DESC, session_hash = ${session.sessionHash} DESC OFFSET ${keep}))`;
      }),

    findSession: async (hash, now, idleSince, touchBefore) => {
      const session = await db.system(async (tx) => {
        const [row] = await tx<StoredSession[]>`
          SELECT s.session_hash AS "sessionHash", s.user_id AS "userId", s.tenant_id AS "tenantId", t.name AS "tenantName",
                 u.email, u.name, u.role, s.csrf_token AS "csrfToken", s.last_used_at AS "lastUsedAt"
          FROM sessions s JOIN users u USING (user_id) JOIN tenants t ON t.tenant_id = s.tenant_id
          WHERE s.session_hash = ${hash} AND s.expires_at > ${now} AND s.last_used_at > ${idleSince} AND u.disabled_at IS NULL`;
        return row;
      });
      // Where nothing can be written, people who are signed in can read all the same.
      if (session && session.lastUsedAt <= touchBefore)
        await db
          .system((tx) => tx`UPDATE sessions SET last_used_at = ${now} WHERE session_hash = ${hash}`)
          .catch(unlessAway);
      return session;
    },

    removeSession: (tenantId, hash) =>
      db.tenant(tenantId, async (tx) => {
        await tx`DELETE FROM sessions WHERE session_hash = ${hash}`;
      }),
  };
}
