import { Hono } from "hono";
import { createAuditRoutes } from "../../src/console/audit/routes.ts";
import { createAuditLog } from "../../src/console/audit/service.ts";
import { createAuditStore } from "../../src/console/audit/store.ts";
import { createEventRoutes } from "../../src/console/events/routes.ts";
import { createEventService } from "../../src/console/events/service.ts";
import { createEventStore } from "../../src/console/events/store.ts";
import type { RequestContext } from "../../src/console/http/context.ts";
import type { HttpEnv } from "../../src/console/http/env.ts";
import { createNotFound, createOnError } from "../../src/console/http/errors.ts";
import { RateLimiter } from "../../src/console/http/limits.ts";
import type { Upgrade } from "../../src/console/http/socket.ts";
import { createIntegrityRoutes } from "../../src/console/integrity/routes.ts";
import { IntegrityService } from "../../src/console/integrity/service.ts";
import { createLossRoutes } from "../../src/console/losses/routes.ts";
import { createLossService } from "../../src/console/losses/service.ts";
import { createLossStore } from "../../src/console/losses/store.ts";
import { createLineageRoutes } from "../../src/console/lineage/routes.ts";
import { createLineageService } from "../../src/console/lineage/service.ts";
import { createLineageStore } from "../../src/console/lineage/store.ts";
import { createLiveHub } from "../../src/console/live/hub.ts";
import { createLiveRoutes } from "../../src/console/live/routes.ts";
import { createSetupRoutes } from "../../src/console/setup/routes.ts";
import { createSetupService } from "../../src/console/setup/service.ts";
import { createSetupStore } from "../../src/console/setup/store.ts";
import type { Db, EventDb } from "../../src/console/stores/contract.ts";
import { createSessionMiddleware, SESSION_COOKIE } from "../../src/console/users/middleware.ts";
import { createPasswords } from "../../src/console/users/password.ts";
import { createUserRoutes } from "../../src/console/users/routes.ts";
import { createUserService } from "../../src/console/users/service.ts";
import { createSessions } from "../../src/console/users/sessions.ts";
import { createUserStore, insertUser } from "../../src/console/users/store.ts";
import { ROLES, type Me, type Role } from "../../src/core/api/auth.ts";
import type { Clock } from "../../src/core/clock.ts";
import { newUuid } from "../../src/core/ids.ts";
import { generateSigningKey, openSigner, type Signer } from "../../src/core/sign/ed25519.ts";
import { AppError } from "../../src/core/error.ts";
import { createLog, type Log } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";

export const ORIGIN = "https://console.test:15483";
export const PASSWORD = "correct horse battery staple";

/** A signed-in browser. */
export interface Browser {
  readonly me: Me;
  readonly cookie: string;
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface Tenant {
  readonly tenantId: string;
  readonly browsers: Readonly<Record<Role, Browser>>;
}

/** What the listener answers to a request that asks for no WebSocket. */
const notSocket: Upgrade = () => {
  throw new AppError("invalid_request", "This address speaks WebSocket only.");
};

/** The operators' half of the Console as app.ts wires it, on given stores and clock; `logged` gathers what it logs. */
export function operatorPlane(stores: { db: Db; events: EventDb }, clock: Clock) {
  const metrics = new Metrics();
  const logged: string[] = [];
  const log: Log = createLog({ write: (line) => void logged.push(line) });
  const { db, events } = stores;
  const limiter = new RateLimiter(clock);
  const passwords = createPasswords();
  const userStore = createUserStore({ db });
  const sessions = createSessions({ store: userStore, clock });
  const audit = createAuditLog({ store: createAuditStore({ db }), clock, log, metrics });
  const users = createUserService({ store: userStore, sessions, passwords, audit, limiter });
  const setup = createSetupService({
    store: createSetupStore({ db }),
    sessions,
    passwords,
    audit,
    limiter,
    clock,
    publicUrl: () => ORIGIN,
    version: "0.0.0-test",
  });
  const hub = createLiveHub({ sessions, clock, log, metrics });
  const app = new Hono<HttpEnv>();
  app.onError(createOnError(log, metrics));
  app.notFound(createNotFound());
  app.use(async (c, next) => {
    const given = (c.env ?? {}) as Partial<RequestContext>;
    c.set("requestId", "test");
    c.set(
      "peer",
      given.peer ?? {
        remoteAddr: c.req.header("x-test-address") ?? "192.0.2.1",
        remotePort: 1,
        certificate: undefined,
      },
    );
    c.set("upgrade", given.upgrade ?? notSocket);
    await next();
  });
  app.use(createSessionMiddleware({ sessions }));
  const signer = async (): Promise<Signer> => openSigner((await generateSigningKey()).privatePem);
  const routers = [
    createSetupRoutes({ service: setup }),
    createUserRoutes({ service: users }),
    createAuditRoutes({ service: audit }),
    createEventRoutes({ service: createEventService({ store: createEventStore({ events }), clock }) }),
    createLineageRoutes({ service: createLineageService({ store: createLineageStore({ events }), clock }) }),
    createLossRoutes({ service: createLossService({ store: createLossStore({ db, events }), clock }) }),
    createIntegrityRoutes({ service: new IntegrityService({ db, events, signer, clock }), audit }),
    createLiveRoutes({ hub, clock }),
  ];
  for (const router of routers) app.route("/", router);

  const send = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    app.request(`${ORIGIN}${path}`, {
      method,
      headers: { host: new URL(ORIGIN).host, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  const browser = (me: Me, token: string): Browser => {
    const cookie = `${SESSION_COOKIE}=${token}`;
    const own = { cookie, origin: ORIGIN, "sec-fetch-site": "same-origin", "x-csrf-token": me.csrf_token };
    return { me, cookie, request: (method, path, body, headers) => send(method, path, body, { ...own, ...headers }) };
  };

  /** A tenant with a signed-in person of each role; addresses are `role@name.test`. */
  const addTenant = async (name: string): Promise<Tenant> => {
    const tenantId = newUuid(clock.nowMs());
    const passwordHash = await passwords.hash(PASSWORD);
    const ids = ROLES.map((role) => ({ role, userId: newUuid(clock.nowMs()) }));
    await db.system(async (tx) => {
      await tx`INSERT INTO tenants (tenant_id, name, created_at) VALUES (${tenantId}, ${name}, ${new Date(clock.nowMs())})`;
      for (const { role, userId } of ids)
        await insertUser(tx, { userId, tenantId, email: `${role}@${name}.test`, name: role, role, passwordHash });
    });
    const made = await Promise.all(
      ids.map(async ({ role, userId }) => {
        const { token, me } = await sessions.start({ userId, tenantId }, { ip: "192.0.2.1", userAgent: "test" });
        return [role, browser(me, token)] as const;
      }),
    );
    return { tenantId, browsers: Object.fromEntries(made) as Record<Role, Browser> };
  };

  return { app, routers, send, browser, addTenant, setup, sessions, audit, hub, metrics, logged, log };
}

export type OperatorPlane = ReturnType<typeof operatorPlane>;
