import { afterAll, beforeAll, describe, expect, test, setDefaultTimeout } from "bun:test";
import type { AuditPage } from "../../src/core/api/audit.ts";
import type { Me } from "../../src/core/api/auth.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { sha256Hex } from "../../src/core/ids.ts";
import { operatorPlane, ORIGIN, PASSWORD, type OperatorPlane, type Tenant } from "../harness/operator-plane.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(60_000);

const LOGIN = "/api/v1/auth/login";
const NOW = Date.UTC(2026, 10, 21, 3);
const json = async <T>(response: Response | Promise<Response>): Promise<T> => (await (await response).json()) as T;
const tokenOf = (response: Response): string =>
  /__Host-telovix=([^;]+)/.exec(response.headers.get("set-cookie") ?? "")?.[1] ?? "";

describe("signing in", () => {
  const clock = new ManualClock(NOW);
  let stores: TestStores;
  let plane: OperatorPlane;
  let tenant: Tenant;
  let address = 0;
  beforeAll(async () => {
    stores = await testStores();
    plane = operatorPlane(stores, clock);
    tenant = await plane.addTenant("acme");
  });
  afterAll(() => stores?.dispose());
  /** From an address of its own, so that no test uses up another's attempts. */
  const signIn = (email: string, password = PASSWORD, headers: Record<string, string> = {}): Promise<Response> =>
    plane.send("POST", LOGIN, { email, password }, { "x-test-address": `203.0.113.${++address % 250}`, ...headers });

  test("gives a session that works, by an address in any case", async () => {
    const response = await signIn("Analyst@ACME.test");
    expect(response.status).toBe(200);
    const browser = plane.browser(await json<Me>(response), tokenOf(response));
    expect((await browser.request("GET", "/api/v1/auth/me")).status).toBe(200);
  });

  test("an unknown address, a wrong password and a disabled account look the same", async () => {
    await stores.db.tenant(
      tenant.tenantId,
      (tx) => tx`UPDATE users SET disabled_at = now() WHERE email = 'sensor_owner@acme.test'`,
    );
    const answers = await Promise.all([
      signIn("nobody@acme.test"),
      signIn("viewer@acme.test", "wrong password 12"),
      signIn("sensor_owner@acme.test"),
    ]);
    const bodies = await Promise.all(answers.map((a) => a.text()));
    expect(answers.map((a) => a.status)).toEqual([401, 401, 401]);
    expect(new Set(bodies).size).toBe(1);
    expect(answers.some((a) => a.headers.has("set-cookie"))).toBe(false);
    const { records } = await json<AuditPage>(tenant.browsers.admin.request("GET", "/api/v1/audit?limit=3"));
    expect(new Set(records.map((r) => r.detail["reason"]))).toEqual(
      new Set(["account_disabled", "unknown_address", "wrong_password"]),
    );
  });

  test("an unknown address costs a password check too", async () => {
    let verified = 0;
    const real = Bun.password.verify.bind(Bun.password);
    Bun.password.verify = ((...args: Parameters<typeof real>) => {
      verified++;
      return real(...args);
    }) as typeof real;
    try {
      await signIn("nobody@acme.test");
    } finally {
      Bun.password.verify = real;
    }
    expect(verified).toBe(1);
  });

  test("ten attempts a minute by account, whatever the address, and by address, whatever the account", async () => {
    for (let i = 0; i < 10; i++) expect((await signIn("operator@acme.test", "wrong password 12")).status).toBe(401);
    const refused = await signIn("operator@acme.test");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    const from = { "x-test-address": "2001:db8::1" };
    for (let i = 0; i < 10; i++) await signIn(`none${i}@acme.test`, PASSWORD, from);
    expect((await signIn("viewer@acme.test", PASSWORD, { "x-test-address": "2001:db8::ffff:2" })).status).toBe(429);
    await clock.advance(60_000);
    expect((await signIn("operator@acme.test")).status).toBe(200);
  });

  test.each(["a\u0000b@acme.test", "@", "x".repeat(300)])("the address %j is refused, not failed on", async (email) => {
    expect((await signIn(email)).status).toBe(400);
  });

  test("a body that is no JSON, too large or of another type is refused", async () => {
    const post = (body: string, type = "application/json"): Promise<Response> =>
      Promise.resolve(
        plane.app.request(`${ORIGIN}${LOGIN}`, { method: "POST", body, headers: { "content-type": type } }),
      );
    expect((await post("{")).status).toBe(400);
    expect((await post(JSON.stringify({ email: "x".repeat(5000) }))).status).toBe(413);
    expect((await post("{}", "text/plain")).status).toBe(415);
  });
});

describe("sessions", () => {
  const clock = new ManualClock(NOW);
  let stores: TestStores;
  let plane: OperatorPlane;
  beforeAll(async () => {
    stores = await testStores();
    plane = operatorPlane(stores, clock);
  });
  afterAll(() => stores?.dispose());
  const status = async (browser: { request: OperatorPlane["send"] }): Promise<number> =>
    (await browser.request("GET", "/api/v1/auth/me")).status;

  test("end 12 hours after the last use, and 7 days after their beginning however they are used", async () => {
    const { viewer, analyst } = (await plane.addTenant("idle")).browsers;
    await clock.advance(12 * 3_600_000 - 1);
    expect(await status(viewer)).toBe(200);
    await clock.advance(1);
    expect(await status(analyst)).toBe(401);
    for (let hours = 12; hours < 7 * 24; hours += 6) {
      expect([hours, await status(viewer)]).toEqual([hours, 200]);
      await clock.advance(6 * 3_600_000);
    }
    expect(await status(viewer)).toBe(401);
  });

  test("write when they were last used once a minute at most", async () => {
    const { viewer } = (await plane.addTenant("touch")).browsers;
    const lastUsed = (): Promise<number> =>
      stores.db.system(async (tx) => {
        const hash = sha256Hex(viewer.cookie.split("=")[1]!);
        const rows = await tx<{ last_used_at: Date }[]>`SELECT last_used_at FROM sessions WHERE session_hash = ${hash}`;
        return rows[0]!.last_used_at.getTime();
      });
    const startedMs = clock.nowMs();
    await clock.advance(59_000);
    await status(viewer);
    expect(await lastUsed()).toBe(startedMs);
    await clock.advance(1_000);
    await status(viewer);
    expect(await lastUsed()).toBe(startedMs + 60_000);
  });

  test("end within a second when their user is disabled, and at once by signing out", async () => {
    const { tenantId, browsers } = await plane.addTenant("disabled");
    expect(await status(browsers.viewer)).toBe(200);
    await stores.db.tenant(tenantId, (tx) => tx`UPDATE users SET disabled_at = now() WHERE role = 'viewer'`);
    await clock.advance(1_000);
    expect(await status(browsers.viewer)).toBe(401);
    expect(await status(browsers.admin)).toBe(200);
    expect((await browsers.admin.request("POST", "/api/v1/auth/logout")).status).toBe(204);
    expect(await status(browsers.admin)).toBe(401);
  });

  test("asking whether one lives does not keep it awake", async () => {
    const { viewer } = (await plane.addTenant("asleep")).browsers;
    const hash = sha256Hex(viewer.cookie.split("=")[1]!);
    for (let hours = 1; hours < 12; hours++) {
      await clock.advance(3_600_000);
      expect(await plane.sessions.isAlive(hash)).toBe(true);
    }
    await clock.advance(3_600_000);
    expect(await plane.sessions.isAlive(hash)).toBe(false);
  });

  test("are 20 a person at most: the oldest ends", async () => {
    const { tenantId, browsers } = await plane.addTenant("many");
    const userId = browsers.viewer.me.user_id;
    for (let i = 0; i < 20; i++) {
      await clock.advance(1_000);
      await plane.sessions.start({ userId, tenantId }, { ip: undefined, userAgent: undefined });
    }
    expect(await status(browsers.viewer)).toBe(401);
    expect(await stores.db.tenant(tenantId, (tx) => tx`SELECT 1 FROM sessions WHERE user_id = ${userId}`)).toHaveLength(
      20,
    );
  });

  describe("a request that may change something", () => {
    const logout = async (headers: Record<string, string>): Promise<number> => {
      const { viewer } = (await plane.addTenant(`csrf${++count}`)).browsers;
      const complete: Record<string, string> = {
        cookie: viewer.cookie,
        origin: ORIGIN,
        "sec-fetch-site": "same-origin",
        "x-csrf-token": viewer.me.csrf_token,
      };
      for (const [name, value] of Object.entries(headers)) {
        if (value === "") delete complete[name];
        else complete[name] = value;
      }
      return (await plane.send("POST", "/api/v1/auth/logout", undefined, complete)).status;
    };
    let count = 0;
    test.each([
      [{}, 204],
      [{ "x-csrf-token": "" }, 403],
      [{ "x-csrf-token": "x".repeat(43) }, 403],
      [{ "sec-fetch-site": "cross-site" }, 403],
      [{ "sec-fetch-site": "same-site" }, 403],
      [{ origin: "https://evil.test" }, 403],
      [{ origin: "null" }, 403],
      [{ origin: "https://console.test" }, 403],
      [{ origin: "", "sec-fetch-site": "" }, 204],
      [{ cookie: "" }, 401],
      [{ cookie: "__Host-telovix=x" }, 401],
    ])("with %j gets %i", async (headers, expected) => {
      expect(await logout(headers as Record<string, string>)).toBe(expected);
    });

    test("signing in from another site's page is refused too", async () => {
      const foreign = await plane.send(
        "POST",
        LOGIN,
        { email: "a@b.c", password: "x" },
        { "sec-fetch-site": "cross-site" },
      );
      expect(foreign.status).toBe(403);
    });
  });
});
