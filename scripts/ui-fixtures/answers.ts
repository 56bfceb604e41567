import type { AuditRecord } from "../../src/core/api/audit.ts";
import type { Me } from "../../src/core/api/auth.ts";
import type { EventRow } from "../../src/core/api/events.ts";
import { HEALTH_STATES, LIFECYCLE_STATUSES, type SensorDetail, type SensorList } from "../../src/core/api/sensors.ts";
import type { CreatedToken, TokenSummary } from "../../src/core/api/tokens.ts";
import type { RetentionDays } from "../../src/core/api/settings.ts";
import type { RotationPhase } from "../../src/core/api/trust.ts";
import type { Severity } from "../../src/core/event/severity.ts";
import { makeDetail, makeHistogram, makeRow } from "./events.ts";
import { makeLineage } from "./lineage.ts";
import { makeLosses, makeRoots } from "./losses.ts";
import { makeFleet, makeInventory, makeResources } from "./sensors.ts";
import type { PreviewState } from "./state.ts";
import { makeRetention } from "./storage.ts";
import { makeAuthority, phaseAfter } from "./trust.ts";

const ME: Me = {
  user_id: "u1",
  email: "ada@example.org",
  name: "Ada Lindqvist",
  role: "admin",
  tenant_id: "t1",
  tenant_name: "Nordic Telecom",
  csrf_token: "c",
};
const iso = (ms: number): string => new Date(ms).toISOString();
const SINCE: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

function range(url: URL): { fromMs: number; toMs: number } {
  const from = url.searchParams.get("from");
  if (from) return { fromMs: Date.parse(from), toMs: Date.parse(url.searchParams.get("to") ?? "") };
  const match = /^(\d+)([smhd])$/.exec(url.searchParams.get("since") ?? "1h");
  const now = Date.now();
  return { fromMs: now - Number(match?.[1] ?? 1) * (SINCE[match?.[2] ?? "h"] ?? 3600e3), toMs: now };
}

function list(url: URL, fleet: readonly SensorDetail[], state: PreviewState): SensorList {
  const p = url.searchParams;
  const size = Number(p.get("page_size") ?? 100);
  const page = Number(p.get("page") ?? 1);
  const all = state === "empty" ? [] : fleet;
  const found = all.filter((s) => {
    if (p.get("q") && !s.node_name.includes(p.get("q") ?? "")) return false;
    if (p.get("needs_attention") === "true" && s.health_state === "healthy") return false;
    for (const field of [
      "health_state",
      "lifecycle_status",
      "trust_state",
      "trust_health",
      "flavor",
      "declared_role",
    ] as const)
      if (p.get(field) && s[field] !== p.get(field)) return false;
    return true;
  });
  const order = p.get("sort") === "health_state" ? ["critical", "degraded", "offline", "watch", "healthy"] : undefined;
  const sorted = order
    ? found.toSorted((a, b) => order.indexOf(a.health_state) - order.indexOf(b.health_state))
    : found;
  const count = <T extends string>(values: readonly T[], pick: (s: SensorDetail) => string): Record<T, number> =>
    Object.fromEntries(values.map((v) => [v, all.filter((s) => pick(s) === v).length])) as Record<T, number>;
  return {
    sensors: sorted.slice((page - 1) * size, page * size),
    total: found.length,
    page,
    page_size: size,
    counts: count(LIFECYCLE_STATUSES, (s) => s.lifecycle_status),
    health: count(HEALTH_STATES, (s) => s.health_state),
  };
}

function audit(): AuditRecord[] {
  const actions = [
    "auth.sign_in",
    "sensor.disable",
    "enrollment_token.create",
    "event.raw_read",
    "auth.sign_in",
    "sensor.revoke",
  ];
  return Array.from({ length: 140 }, (_, i) => ({
    audit_id: `a${i}`,
    created_at: iso(Date.now() - i * 913_000),
    action_type: actions[i % actions.length]!,
    outcome: i % 7 === 4 ? "failure" : "success",
    actor_email: i % 11 === 0 ? null : "ada@example.org",
    sensor_id: null,
    detail: { reason: "wrong password", node_name: "db-11" },
    client_ip: "10.20.0.4",
    user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
  }));
}

/** Answers of every endpoint, from one seeded world that moves with the clock. */
export function makeAnswers() {
  const bornMs = Date.now();
  const fleet = makeFleet(bornMs);
  const rows = new Map<string, EventRow>();
  let phase: RotationPhase | undefined;
  let days: RetentionDays | undefined;
  const tokens: TokenSummary[] = [
    {
      token_id: "k0",
      kind: "cluster",
      status: "pending",
      node_name: null,
      declared_role: "generic_linux",
      created_by: "ada@example.org",
      created_at: iso(bornMs - 3600e3),
      expires_at: iso(bornMs + 364 * 86_400e3),
      used_at: null,
      sensor_id: null,
      cluster: "oslo-5g",
      max_nodes: 40,
      nodes: 12,
    },
    {
      token_id: "k1",
      kind: "once",
      cluster: null,
      max_nodes: null,
      nodes: 0,
      status: "used",
      node_name: "db-11",
      declared_role: "generic_linux",
      created_by: "ada@example.org",
      created_at: iso(bornMs - 86_400e3),
      expires_at: iso(bornMs - 85_500e3),
      used_at: iso(bornMs - 86_300e3),
      sensor_id: fleet[0]!.sensor_id,
    },
    {
      token_id: "k2",
      kind: "once",
      cluster: null,
      max_nodes: null,
      nodes: 0,
      status: "expired",
      node_name: null,
      declared_role: "upf",
      created_by: "ada@example.org",
      created_at: iso(bornMs - 7200e3),
      expires_at: iso(bornMs - 6300e3),
      used_at: null,
      sensor_id: null,
    },
  ];
  const created: CreatedToken = {
    token_id: "k3",
    token: "tse_5Jq0w2nVgWcXb8fR1mD7uYpKx3LzT6aEo9HsC4iNqZk",
    expires_at: iso(bornMs + 860_000),
    console_url: "https://console.nordic-telecom.example:15483",
    pinned_public_key: "sha256//q7cK1tWcHk5n2Gm4gJvT0Ue8rQxv9dYb3ZlSx6oPwAo=",
    install_command:
      "curl -fsSk --pinnedpubkey 'sha256//q7cK1tWcHk5n2Gm4gJvT0Ue8rQxv9dYb3ZlSx6oPwAo=' https://console.nordic-telecom.example:15483/install | sh -s -- --token tse_5Jq0w2nVgWcXb8fR1mD7uYpKx3LzT6aEo9HsC4iNqZk",
    manual_command:
      "./telovix enroll --console https://console.nordic-telecom.example:15483 --pin 'sha256//q7cK1tWcHk5n2Gm4gJvT0Ue8rQxv9dYb3ZlSx6oPwAo=' --token tse_5Jq0w2nVgWcXb8fR1mD7uYpKx3LzT6aEo9HsC4iNqZk",
  };
  const events = (url: URL, state: PreviewState): Response => {
    const { fromMs, toMs } = range(url);
    const offset = Number(url.searchParams.get("cursor") ?? 0);
    const limit = Number(url.searchParams.get("limit") ?? 200);
    const want = {
      severity: url.searchParams.get("severity")?.split(","),
      kind: url.searchParams.get("kind")?.split(","),
    };
    const found: EventRow[] = [];
    for (let n = offset; state !== "empty" && found.length < limit && n < offset + limit * 40; n++) {
      const row = makeRow(n, fleet, toMs - 1500 - n * 811);
      if (Date.parse(row.observed_at) < fromMs) break;
      if ((!want.severity || want.severity.includes(row.severity)) && (!want.kind || want.kind.includes(row.kind))) {
        found.push(row);
        rows.set(row.event_id, row);
      }
    }
    return Response.json({
      events: found,
      next_cursor: found.length === limit && offset < 20_000 ? String(offset + limit) : null,
      from: iso(fromMs),
      to: iso(toMs),
      took_ms: 34,
    });
  };
  const answer = (request: Request, url: URL, state: PreviewState): Response | Promise<Response> => {
    const path = url.pathname.replace("/api/v1", "");
    const notFound = Response.json(
      { error: { code: "not_found", message: "There is no such thing here.", hint: "It may have been deleted." } },
      { status: 404 },
    );
    const part = path.split("/").map(decodeURIComponent);
    if (path === "/setup/status") return Response.json({ complete: state !== "setup", version: "0.1.0" });
    if (path === "/setup") return Response.json(ME);
    if (path === "/auth/me")
      return state === "out"
        ? Response.json({ error: { code: "not_signed_in", message: "Sign in first." } }, { status: 401 })
        : Response.json(state === "viewer" ? { ...ME, role: "viewer" } : ME);
    if (state === "viewer" && /^\/(events|processes|enrollment|audit|trust|settings)/.test(path))
      return Response.json(
        { error: { code: "forbidden", message: "Your role does not allow this." } },
        { status: 403 },
      );
    if (path === "/auth/login")
      return Response.json(
        { error: { code: "invalid_credentials", message: "Wrong email or password." } },
        { status: 401 },
      );
    if (request.method === "DELETE") {
      const revoked = tokens.findIndex((token) => token.token_id === part[3]);
      if (revoked >= 0) tokens[revoked] = { ...tokens[revoked]!, status: "revoked" };
      return new Response(null, { status: 204 });
    }
    if (path === "/auth/logout") return new Response(null, { status: 204 });
    if (path.startsWith("/enrollment/") && request.method === "POST") {
      const cluster = path.endsWith("/cluster-tokens");
      const made = {
        token_id: `k${tokens.length}`,
        expires_at: iso(Date.now() + (cluster ? 365 * 86_400_000 : 900_000)),
      };
      tokens.unshift({
        ...tokens.at(-1)!,
        ...made,
        kind: cluster ? "cluster" : "once",
        status: "pending",
        node_name: cluster ? null : "db-42",
        cluster: cluster ? "oslo-6g" : null,
        declared_role: "generic_linux",
        created_at: iso(Date.now()),
      });
      return Response.json({ ...created, ...made });
    }
    if (path === "/enrollment/tokens") return Response.json(state === "empty" ? [] : tokens);
    if (path === "/loss") return Response.json(makeLosses(range(url), fleet, url.searchParams, state));
    if (path === "/integrity/roots") return Response.json(makeRoots(Date.now(), state));
    if (path.startsWith("/trust/authority")) {
      const before = makeAuthority(Date.now(), state, phase).phase;
      if (request.method === "POST") phase = phaseAfter(before, part[3] ?? "");
      return Response.json(makeAuthority(Date.now(), state, phase));
    }
    if (path === "/settings/retention") {
      if (request.method !== "PUT") return Response.json(makeRetention(Date.now(), state, days));
      return request
        .json()
        .then((body) => Response.json(makeRetention(Date.now(), state, (days = body as RetentionDays))));
    }
    if (path === "/audit") return Response.json({ records: state === "empty" ? [] : audit(), next_cursor: null });
    if (path === "/sensors") return Response.json(list(url, fleet, state));
    if (part[1] === "sensors") {
      const sensor = fleet.find((s) => s.sensor_id === part[2]) ?? fleet.find((s) => s.node_name === part[2]);
      if (!sensor) return notFound;
      if (request.method === "POST") return new Response(null, { status: 204 });
      if (part[3] === "inventory")
        return Response.json(
          state === "empty"
            ? {
                observed_at: null,
                processes_observed_at: null,
                processes: [],
                connections: [],
                listening: [],
                flows: [],
              }
            : makeInventory(Date.now()),
        );
      if (part[3] === "resources")
        return Response.json(state === "empty" ? { step_secs: 15, points: [] } : makeResources(Date.now()));
      return Response.json(
        state === "empty" ? { ...sensor, engine: null, pipeline: null, resources: null, system: null } : sensor,
      );
    }
    if (path === "/events/histogram") {
      const { fromMs, toMs } = range(url);
      const severity = url.searchParams.get("severity")?.split(",");
      const whole = makeHistogram(fromMs, toMs);
      const kept = (name: Severity, count: number): number => (!severity || severity.includes(name) ? count : 0);
      const buckets = whole.buckets.map((b) => ({
        at: b.at,
        info: kept("info", b.info),
        warning: kept("warning", b.warning),
        high: kept("high", b.high),
        critical: kept("critical", b.critical),
        late: b.late,
      }));
      const total = buckets.reduce((n, b) => n + b.info + b.warning + b.high + b.critical, 0);
      const data = { ...whole, buckets, total };
      return Response.json(state === "empty" ? { ...data, buckets: [], blind: [], total: 0 } : data);
    }
    if (path === "/events") return events(url, state);
    if (part[3] === "lineage")
      return Response.json(makeLineage(fleet[0]!, bornMs, part[2] === "crowd" || part[2]?.endsWith(".500") ? 480 : 0));
    if (part[1] === "events") return Response.json(makeDetail(rows.get(part[2] ?? "") ?? makeRow(23, fleet, bornMs)));
    if (part[3] === "activity") {
      const some = Array.from({ length: 30 }, (_, i) => makeRow(i, fleet, bornMs - i * 900));
      return Response.json({
        files: some.filter((e) => e.kind.startsWith("file")),
        connections: some.filter((e) => e.kind.startsWith("network") || e.kind.startsWith("dns")),
        other: some.filter((e) => e.kind.startsWith("process")),
      });
    }
    return notFound;
  };
  return Object.assign(answer, { fleet });
}
