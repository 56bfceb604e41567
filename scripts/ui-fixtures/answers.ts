import type { Me } from "../../src/core/api/auth.ts";
import type { EventRow } from "../../src/core/api/events.ts";
import type { RetentionDays } from "../../src/core/api/settings.ts";
import type { RotationPhase } from "../../src/core/api/trust.ts";
import type { Severity } from "../../src/core/event/severity.ts";
import { makeAudit } from "./audit.ts";
import { makeDetail, makeHistogram, makeRow } from "./events.ts";
import { makeLineage } from "./lineage.ts";
import { makeLosses, makeRoots } from "./losses.ts";
import { makeSensorList } from "./sensor-list.ts";
import { makeFleet, makeInventory, makeResources } from "./sensors.ts";
import type { PreviewState } from "./state.ts";
import { makeRetention } from "./storage.ts";
import { makeCreatedToken, makeTokens } from "./tokens.ts";
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

/** Answers of every endpoint, from one seeded world that moves with the clock. */
export function makeAnswers() {
  const bornMs = Date.now();
  const fleet = makeFleet(bornMs);
  const rows = new Map<string, EventRow>();
  let phase: RotationPhase | undefined;
  let days: RetentionDays | undefined;
  const tokens = makeTokens(bornMs, fleet);
  const created = makeCreatedToken(bornMs);
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
    if (path === "/audit") return Response.json({ records: state === "empty" ? [] : makeAudit(), next_cursor: null });
    if (path === "/sensors") return Response.json(makeSensorList(url, fleet, state));
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
