import type { Me } from "../../core/api/auth.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { randomToken, sha256Hex } from "../../core/ids.ts";
import type { StoredSession, UserStore } from "./store.ts";

export const SESSION_MAX_MS = 7 * 86_400_000;
const SESSION_IDLE_MS = 12 * 3_600_000;
/** `last_used_at` is written at most this often. */
const TOUCH_MS = 60_000;
/** A look-up may be this old: a page asks for many things at once. */
const CACHE_MS = 1_000;
const CACHE_MAX = 10_000;
const SESSIONS_PER_USER = 20;
const USER_AGENT_MAX_CHARS = 256;

/** Where a request came from, for sessions and the audit log. */
export interface Client {
  readonly ip: string | undefined;
  readonly userAgent: string | undefined;
}

export interface Sessions {
  /** Makes a session; the token is the cookie's value and stands nowhere else. */
  start(who: { userId: string; tenantId: string }, client: Client): Promise<{ token: string; me: Me }>;
  /** The live session behind a cookie, if there is one. */
  find(token: string): Promise<StoredSession | undefined>;
  /** True while the session lives and its user may sign in; for sockets that outlive their request. */
  isAlive(sessionHash: string): Promise<boolean>;
  me(sessionHash: string): Promise<Me>;
  end(tenantId: string, sessionHash: string): Promise<void>;
}

function toMe(session: StoredSession): Me {
  return {
    user_id: session.userId,
    email: session.email,
    name: session.name,
    role: session.role,
    tenant_id: session.tenantId,
    tenant_name: session.tenantName,
    csrf_token: session.csrfToken,
  };
}

/** Server-side sessions: idle for 12 hours or 7 days old, they end. */
export function createSessions(deps: { store: UserStore; clock: Clock }): Sessions {
  const { store, clock } = deps;
  const cache = new Map<string, { session: StoredSession; atMs: number }>();

  const byHash = async (hash: string): Promise<StoredSession | undefined> => {
    const nowMs = clock.nowMs();
    const cached = cache.get(hash);
    if (cached && clock.monotonicMs() - cached.atMs < CACHE_MS) return cached.session;
    cache.delete(hash);
    const idleSince = new Date(nowMs - SESSION_IDLE_MS);
    const session = await store.findSession(hash, new Date(nowMs), idleSince, new Date(nowMs - TOUCH_MS));
    if (session) {
      cache.set(hash, { session, atMs: clock.monotonicMs() });
      while (cache.size > CACHE_MAX) cache.delete(cache.keys().next().value!);
    }
    return session;
  };

  const me = async (hash: string): Promise<Me> => {
    const session = await byHash(hash);
    if (!session) throw new AppError("not_signed_in", "Sign in first.");
    return toMe(session);
  };

  return {
    async start(who, client) {
      const token = randomToken(32);
      const nowMs = clock.nowMs();
      const sessionHash = sha256Hex(token);
      await store.insertSession(
        {
          ...who,
          sessionHash,
          csrfToken: randomToken(32),
          clientIp: client.ip,
          userAgent: client.userAgent?.slice(0, USER_AGENT_MAX_CHARS).toWellFormed(),
          createdAt: new Date(nowMs),
          expiresAt: new Date(nowMs + SESSION_MAX_MS),
        },
        new Date(nowMs - SESSION_IDLE_MS),
        SESSIONS_PER_USER,
      );
      return { token, me: await me(sessionHash) };
    },
    find: (token) => (/^[A-Za-z0-9_-]{43}$/.test(token) ? byHash(sha256Hex(token)) : Promise.resolve(undefined)),
    async isAlive(sessionHash) {
      const now = new Date(clock.nowMs());
      // Asking is not using: an open page that nobody touches must not keep its session awake.
      const never = new Date(0);
      return (
        (await store.findSession(sessionHash, now, new Date(now.getTime() - SESSION_IDLE_MS), never)) !== undefined
      );
    },
    me,
    async end(tenantId, sessionHash) {
      await store.removeSession(tenantId, sessionHash);
      cache.delete(sessionHash);
    },
  };
}
