import { afterAll, beforeAll, describe, expect, test, setDefaultTimeout } from "bun:test";
import { formatMicros } from "../../src/console/events/row.ts";
import { toRuntimeEventRow, type StoredEvent } from "../../src/console/stores/runtime-event-row.ts";
import type { LossReport } from "../../src/core/api/losses.ts";
import { ROLES, type Role } from "../../src/core/api/auth.ts";
import type { AuditPage } from "../../src/core/api/audit.ts";
import type { EventHistogram, EventSearchResult, Lineage } from "../../src/core/api/events.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { formatEventId } from "../../src/core/event/event.ts";
import { generateEvents } from "../harness/events.ts";
import { operatorPlane, type OperatorPlane, type Tenant } from "../harness/operator-plane.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(60_000);

/** A whole hour not long ago: the store lets go of what is older than its retention. */
const NOW = Math.floor(Date.now() / 3_600_000) * 3_600_000;
const clock = new ManualClock(NOW);
let stores: TestStores;
let plane: OperatorPlane;
let ours: Tenant;
let theirs: Tenant;
let events: StoredEvent[];

beforeAll(async () => {
  stores = await testStores();
  plane = operatorPlane(stores, clock);
  ours = await plane.addTenant("ours");
  theirs = await plane.addTenant("theirs");
  const hosts = [1, 2, 3].map((i) => ({ sensorId: `018f0000-0000-7000-8000-00000000000${i}`, nodeName: `node-${i}` }));
  events = [
    ...generateEvents({
      seed: 11,
      tenantId: ours.tenantId,
      hosts,
      count: 3000,
      fromUs: (NOW - 86_400_000) * 1000,
      toUs: NOW * 1000 - 1,
    }),
  ];
  await stores.events.insert("runtime_events", events.map(toRuntimeEventRow));
  await stores.db.system(async (tx) => {
    for (const { sensorId, nodeName } of hosts)
      await tx`
        INSERT INTO sensors (sensor_id, tenant_id, node_name, declared_role, flavor)
        VALUES (${sensorId}, ${ours.tenantId}, ${nodeName}, 'generic_linux', 'standard')`;
  });
  await stores.events.insert("event_losses", [
    {
      tenant_id: ours.tenantId,
      sensor_id: hosts[0]!.sensorId,
      node_name: "node-1",
      stage: "kernel",
      cause: "ring_main",
      count: 17,
      from_at: (NOW - 1_800_000) * 1000,
      to_at: (NOW - 1_700_000) * 1000,
      recorded_at: NOW,
    },
  ]);
});
afterAll(() => stores?.dispose());

const json = async <T>(response: Response | Promise<Response>): Promise<T> => (await (await response).json()) as T;

describe("every route × every role × two tenants", () => {
  interface Case {
    readonly method: "GET" | "POST";
    readonly path: string;
    /** Lowest role that may; undefined: everybody, signed in or not. */
    readonly least: Role | undefined;
    readonly body?: unknown;
    /** What a person of the other tenant must get. */
    readonly foreign: (response: Response) => Promise<void>;
  }
  const same = async (response: Response): Promise<void> => expect(response.status).toBeLessThan(500);
  const notFound = async (response: Response): Promise<void> => expect(response.status).toBe(404);

  const cases = (): Case[] => {
    const stored = events.find((e) => e.event.kind === "network_connect")!;
    const eventId = formatEventId(stored.sensorId, stored.epoch, stored.event.seq);
    const execId = encodeURIComponent(stored.event.process!.exec_id);
    return [
      { method: "GET", path: "/api/v1/setup/status", least: undefined, foreign: same },
      { method: "POST", path: "/api/v1/setup", least: undefined, body: {}, foreign: same },
      { method: "POST", path: "/api/v1/auth/login", least: undefined, body: {}, foreign: same },
      { method: "GET", path: "/api/v1/auth/me", least: "viewer", foreign: same },
      {
        method: "GET",
        path: "/api/v1/audit?limit=5000",
        least: "operator",
        foreign: async (r) => expect(JSON.stringify(await r.json())).not.toContain("@ours.test"),
      },
      {
        method: "GET",
        path: "/api/v1/events?since=2d",
        least: "analyst",
        foreign: async (r) => expect((await json<EventSearchResult>(r)).events).toEqual([]),
      },
      {
        method: "GET",
        path: "/api/v1/events/histogram?since=2d",
        least: "analyst",
        foreign: async (r) => {
          const { total, blind } = await json<EventHistogram>(r);
          expect({ total, blind }).toEqual({ total: 0, blind: [] });
        },
      },
      { method: "GET", path: `/api/v1/events/${eventId}`, least: "analyst", foreign: notFound },
      { method: "GET", path: `/api/v1/events/${eventId}/lineage`, least: "analyst", foreign: notFound },
      {
        method: "GET",
        path: `/api/v1/processes/${execId}/lineage?sensor_id=${stored.sensorId}`,
        least: "analyst",
        foreign: notFound,
      },
      {
        method: "GET",
        path: `/api/v1/processes/${execId}/activity?sensor_id=${stored.sensorId}`,
        least: "analyst",
        foreign: notFound,
      },
      {
        method: "GET",
        path: "/api/v1/loss?since=2d",
        least: "viewer",
        foreign: async (r) => expect((await json<LossReport>(r)).totals.count).toBe(0),
      },
      { method: "GET", path: "/api/v1/integrity/roots", least: "viewer", foreign: same },
      {
        method: "GET",
        path: `/api/v1/integrity/export?sensor=${stored.sensorId}&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z`,
        least: "analyst",
        foreign: notFound,
      },
      { method: "GET", path: "/api/v1/live", least: "viewer", foreign: same },
      { method: "POST", path: "/api/v1/auth/logout", least: "viewer", foreign: same },
    ];
  };

  test("no route is left out of this walk", () => {
    const known = cases().map(({ method, path }) => `${method} ${path.split("?")[0]!}`);
    const routes = plane.routers.flatMap((router) => router.routes).map(({ method, path }) => `${method} ${path}`);
    for (const route of new Set(routes)) {
      const [method, path] = route.split(" ") as [string, string];
      const pattern = new RegExp(`^${method} ${path.replace(/:\w+/g, "[^/]+")}$`);
      expect([route, known.some((k) => pattern.test(k))]).toEqual([route, true]);
    }
  });

  test("nobody gets in without signing in, roles below the route's get 403, and the others' tenant sees nothing", async () => {
    const spare = await plane.addTenant("spare");
    for (const { method, path, least, body, foreign } of cases()) {
      // Logging out ends the session: it is walked with people who are not needed any more.
      const tenant = path.endsWith("/logout") ? spare : ours;
      const anonymous = await plane.send(method, path, body);
      expect([
        path,
        anonymous.status === 401 && (await json<{ error: { code: string } }>(anonymous)).error.code === "not_signed_in",
      ]).toEqual([path, least !== undefined]);
      for (const role of ROLES) {
        const allowed = least === undefined || ROLES.indexOf(role) >= ROLES.indexOf(least);
        const response = await tenant.browsers[role].request(method, path, body);
        if (allowed) {
          // A plain GET is no WebSocket, and empty bodies are refused: neither is a matter of rights.
          const expected = body !== undefined || path === "/api/v1/live" ? [400] : [200, 204];
          expect([path, role, expected.includes(response.status)]).toEqual([path, role, true]);
          if (!path.endsWith("/logout")) await foreign(await theirs.browsers[role].request(method, path, body));
        } else expect([path, role, response.status]).toEqual([path, role, 403]);
      }
    }
    for (const role of ROLES) expect((await spare.browsers[role].request("GET", "/api/v1/auth/me")).status).toBe(401);
  });
});

describe("GET /api/v1/events", () => {
  const walk = async (query: string, from = ""): Promise<string[]> => {
    const ids: string[] = [];
    for (let cursor: string | null = from; cursor !== null;) {
      const page: EventSearchResult = await json(
        ours.browsers.analyst.request("GET", `/api/v1/events?${query}&limit=700${cursor && `&cursor=${cursor}`}`),
      );
      ids.push(...page.events.map((e) => e.event_id));
      cursor = page.next_cursor;
    }
    return ids;
  };

  test("gives every event once, newest first, over pages, whatever is inserted meanwhile", async () => {
    const newest = events.toReversed().map((e) => formatEventId(e.sensorId, e.epoch, e.event.seq));
    const first = await json<EventSearchResult>(
      ours.browsers.analyst.request("GET", "/api/v1/events?since=2d&limit=10"),
    );
    // A re-delivery, and events newer than the first page.
    await stores.events.insert("runtime_events", events.slice(500, 900).map(toRuntimeEventRow));
    const rest = await walk("since=2d", first.next_cursor!);
    expect([...first.events.map((e) => e.event_id), ...rest]).toEqual(newest);
    expect(await walk("since=2d")).toEqual(newest);
  });

  test("a re-delivered event counts once in the histogram too, and blind ranges are told", async () => {
    const histogram = await json<EventHistogram>(
      ours.browsers.analyst.request("GET", "/api/v1/events/histogram?since=24h"),
    );
    expect(histogram.total).toBe(events.length);
    expect(histogram.buckets.length).toBeLessThanOrEqual(120);
    expect(histogram.buckets.reduce((sum, b) => sum + b.info + b.warning + b.high + b.critical, 0)).toBe(events.length);
    expect(histogram.blind).toEqual([
      {
        from: formatMicros((NOW - 1_800_000) * 1000),
        to: formatMicros((NOW - 1_700_000) * 1000),
        sensor_id: events[0]!.sensorId.replace(/.$/, "1"),
        node_name: "node-1",
        stage: "kernel",
        cause: "ring_main",
        count: 17,
        unknown: false,
      },
    ]);
  });

  test.each([
    ["/api/v1/events?kind=nope", "/kind"],
    ["/api/v1/events?cursor=AAAA", "/cursor"],
    ["/api/v1/events?from=2026-11-21T04:00:00Z&to=2026-11-21T03:00:00Z", "/from"],
    ["/api/v1/events/histogram?limit=3", "/limit"],
    ["/api/v1/processes/x/lineage", "/sensor_id"],
    ["/api/v1/audit?cursor=99999999999999999999", "/cursor"],
    ["/api/v1/audit?limit=0", "/limit"],
  ])("%s is refused with a pointer", async (path, pointer) => {
    const response = await ours.browsers.admin.request("GET", path);
    const { error } = await json<{ error: { code: string; pointer: string } }>(response);
    expect([response.status, error.code, error.pointer]).toEqual([400, "invalid_request", pointer]);
  });
});

describe("lineage", () => {
  test("reaches from the root to the event's process, each parent named stands in it, and counts are right", async () => {
    const stored = events.findLast((e) => e.event.kind === "file_open")!;
    const { process } = stored.event;
    const id = formatEventId(stored.sensorId, stored.epoch, stored.event.seq);
    const lineage = await json<Lineage>(ours.browsers.analyst.request("GET", `/api/v1/events/${id}/lineage`));
    const byId = new Map(lineage.nodes.map((node) => [node.exec_id, node]));
    const way: string[] = [];
    for (let at: string | null | undefined = lineage.focus_exec_id; at; at = byId.get(at)?.parent_exec_id) way.push(at);
    expect(way.slice(1)).toEqual(process!.ancestors.map((ancestor) => ancestor.exec_id));
    for (const node of lineage.nodes) if (node.parent_exec_id) expect(byId.has(node.parent_exec_id)).toBe(true);
    const own = events.filter((e) => e.sensorId === stored.sensorId && e.event.process?.exec_id === process!.exec_id);
    const kinds = (start: string): number => own.filter((e) => e.event.kind.startsWith(start)).length;
    expect(byId.get(process!.exec_id)?.counts).toEqual({
      files: kinds("file_"),
      connections: kinds("network_"),
      dns: kinds("dns_"),
      warnings: own.filter((e) => e.event.severity !== "info").length,
    });
    const children = new Set(
      events
        .filter((e) => e.sensorId === stored.sensorId && e.event.process?.parent_exec_id === process!.exec_id)
        .map((e) => e.event.process!.exec_id),
    );
    expect(byId.get(process!.exec_id)?.children_total).toBe(children.size);
  });
});

describe("the audit log", () => {
  test("is paged newest first without a gap", async () => {
    for (let i = 0; i < 7; i++)
      await plane.audit.record({
        tenantId: ours.tenantId,
        actionType: "test_deed",
        outcome: "success",
        detail: { i, text: "a\u0000\ud800" },
      });
    const seen: unknown[] = [];
    for (let cursor: string | null = ""; cursor !== null && seen.length < 7;) {
      const page: AuditPage = await json(
        ours.browsers.operator.request("GET", `/api/v1/audit?limit=2${cursor && `&cursor=${cursor}`}`),
      );
      seen.push(...page.records.map((r) => r.detail["i"]));
      cursor = page.next_cursor;
    }
    expect(seen.slice(0, 7)).toEqual([6, 5, 4, 3, 2, 1, 0]);
  });
});
