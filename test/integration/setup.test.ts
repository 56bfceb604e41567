import { afterAll, beforeAll, describe, expect, test, setDefaultTimeout } from "bun:test";
import { createSetupService } from "../../src/console/setup/service.ts";
import { createSetupStore } from "../../src/console/setup/store.ts";
import { createPasswords } from "../../src/console/users/password.ts";
import type { AuditPage } from "../../src/core/api/audit.ts";
import type { ApiError, Me } from "../../src/core/api/auth.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { sha256Hex } from "../../src/core/ids.ts";
import { operatorPlane, ORIGIN, type OperatorPlane } from "../harness/operator-plane.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(60_000);

const NOW = Date.UTC(2026, 10, 21, 3);
const json = async <T>(response: Response | Promise<Response>): Promise<T> => (await (await response).json()) as T;
const tokenOf = (response: Response): string =>
  /__Host-telovix=([^;]+)/.exec(response.headers.get("set-cookie") ?? "")?.[1] ?? "";

describe("first run", () => {
  let stores: TestStores;
  let plane: OperatorPlane;
  beforeAll(async () => {
    stores = await testStores();
    plane = operatorPlane(stores, new ManualClock(NOW));
  });
  afterAll(() => stores?.dispose());

  const request = (token: string, more: object = {}): object => ({
    token,
    email: "Root@Example.org",
    name: "Root",
    password: "eleven green bottles",
    organisation: "Example",
    ...more,
  });
  const tokenOfLink = (link: string | undefined): string => link!.split("#")[1]!;

  test("the link's token is in the fragment, and only its hash is stored", async () => {
    const link = await plane.setup.createSetupLink();
    expect(link).toMatch(/^https:\/\/console\.test:15483\/setup#[A-Za-z0-9_-]{43}$/);
    const hashes = await stores.db.system((tx) => tx<{ link_hash: string }[]>`SELECT link_hash FROM setup_links`);
    expect(hashes.map((row) => row.link_hash)).toEqual([sha256Hex(tokenOfLink(link))]);
    expect(await json(plane.send("GET", "/api/v1/setup/status"))).toEqual({ complete: false, version: "0.0.0-test" });
  });

  test("an older link is void, a wrong one is refused and told to the log, since there is no tenant to tell", async () => {
    const old = tokenOfLink(await plane.setup.createSetupLink());
    await plane.setup.createSetupLink();
    const refused = await json<ApiError>(plane.send("POST", "/api/v1/setup", request(old)));
    expect(refused.error.code).toBe("invalid_credentials");
    expect(plane.logged.join("")).toContain("setup_refused");
    expect(plane.logged.join("")).not.toContain(old);
    expect(plane.metrics.value("telovix_console_audit_records_total", { to: "log" })).toBe(1);
  });

  test.each([
    [{ password: "short" }, "/password"],
    [{ password: "aaaaaaaaaaaaaaaa" }, "/password"],
    [{ password: "Password1234!" }, "/password"],
    [{ password: "root@example.org" }, "/password"],
    [{ password: "Organisation X", organisation: "Organisation X" }, "/password"],
    [{ name: "a\u0000b" }, "/name"],
    [{ organisation: " " }, "/organisation"],
    [{ email: "nobody" }, "/email"],
    [{ role: "admin" }, "/role"],
  ])("%j is refused and the link stays open", async (more, pointer) => {
    const token = tokenOfLink(await plane.setup.createSetupLink());
    const headers = { "x-test-address": `198.51.100.${Bun.hash(JSON.stringify(more)) % 250n}` };
    const response = await plane.send("POST", "/api/v1/setup", request(token, more), headers);
    expect([response.status, (await json<ApiError>(response)).error.pointer]).toEqual([400, pointer]);
    expect(await stores.db.system((tx) => tx`SELECT 1 FROM setup_links WHERE used_at IS NULL`)).toHaveLength(1);
  });

  test("of two at once exactly one makes the administrator, and is signed in", async () => {
    const token = tokenOfLink(await plane.setup.createSetupLink());
    const headers = { "x-test-address": "198.51.100.251" };
    const both = await Promise.all([1, 2].map(() => plane.send("POST", "/api/v1/setup", request(token), headers)));
    expect(both.map((r) => r.status).toSorted((a, b) => a - b)).toEqual([201, 409]);
    const winner = both.find((r) => r.status === 201)!;
    const cookie = winner.headers.get("set-cookie")!;
    for (const attribute of ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=604800"])
      expect(cookie).toContain(attribute);
    expect(cookie).not.toContain("Domain");
    const me = await json<Me>(winner);
    expect([me.role, me.email, me.tenant_name]).toEqual(["admin", "Root@Example.org", "Example"]);
    const admin = plane.browser(me, tokenOf(winner));
    expect((await json<Me>(admin.request("GET", "/api/v1/auth/me"))).user_id).toBe(me.user_id);
    const counts = await stores.db.system(
      (tx) => tx`SELECT (SELECT count(*)::int FROM tenants) AS t, (SELECT count(*)::int FROM users) AS u`,
    );
    expect(counts[0]).toEqual({ t: 1, u: 1 } as never);
    const { records } = await json<AuditPage>(admin.request("GET", "/api/v1/audit"));
    expect(records.map((r) => [r.action_type, r.outcome, r.actor_email])).toEqual([
      ["setup_completed", "success", "Root@Example.org"],
    ]);
  });

  test("then there are no more links, and the hash is argon2id with the stated cost", async () => {
    expect(await plane.setup.createSetupLink()).toBeUndefined();
    expect(await json(plane.send("GET", "/api/v1/setup/status"))).toMatchObject({ complete: true });
    const rows = await stores.db.system((tx) => tx<{ password_hash: string }[]>`SELECT password_hash FROM users`);
    expect(rows[0]!.password_hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
  });

  test("a failure half-way leaves nothing behind", async () => {
    const other = await testStores();
    try {
      const clock = new ManualClock(NOW);
      const twin = operatorPlane(other, clock);
      const token = tokenOfLink(await twin.setup.createSetupLink());
      const store = createSetupStore({ db: other.db });
      const service = createSetupService({
        // An address that the table refuses: the tenant was inserted before it.
        store: { ...store, complete: (admin) => store.complete({ ...admin, passwordHash: null as unknown as string }) },
        sessions: twin.sessions,
        passwords: createPasswords(),
        audit: twin.audit,
        limiter: { check: () => {} },
        clock,
        publicUrl: () => ORIGIN,
        version: "0",
      });
      const failed = service.complete(request(token) as never, { ip: undefined, userAgent: undefined });
      expect(await failed.catch((e: Error) => e.name)).toBe("PostgresError");
      expect(await store.isComplete()).toBe(false);
      expect((await twin.send("POST", "/api/v1/setup", request(token))).status).toBe(201);
    } finally {
      await other.dispose();
    }
  });
});
