import { join } from "node:path";
import type { Server, ServerWebSocket } from "bun";
import type { EventRow, LiveDown } from "../../src/core/api/events.ts";
import { makeAnswers } from "./answers.ts";
import { makeRow } from "./events.ts";
import type { PreviewState } from "./state.ts";
import { makeReady } from "./storage.ts";

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const LIVE_MS = 700;

function stateOf(request: Request): PreviewState {
  const match = /(?:^|;\s*)preview=(\w+)/.exec(request.headers.get("cookie") ?? "");
  return (match?.[1] as PreviewState | undefined) ?? "data";
}

const unavailable = (): Response =>
  Response.json(
    {
      error: {
        code: "unavailable",
        message: "The event store doesn't answer.",
        hint: "Sensors keep their events meanwhile. See “telovix console status” on the Console's host.",
        request_id: "01j9w4k7",
      },
    },
    { status: 503 },
  );

const LIMITED_SECS = 12;
const limited = (): Response =>
  Response.json(
    {
      error: {
        code: "rate_limited",
        message: "Too many requests: 300 a minute are allowed.",
        hint: `Try again in ${LIMITED_SECS} s.`,
        request_id: "01j9w4k8",
      },
    },
    { status: 429, headers: { "retry-after": String(LIMITED_SECS) } },
  );

interface LiveData {
  timer?: ReturnType<typeof setInterval>;
}

/** Serves a bundled interface with made-up answers. For development only. `dropLive` cuts every live socket. */
export function startPreview(uiDir: string, port: number): Server<LiveData> & { dropLive(): void } {
  const answers = makeAnswers();
  const sockets = new Set<ServerWebSocket<LiveData>>();
  const running = Bun.serve<LiveData>({
    port,
    async fetch(request, server) {
      const url = new URL(request.url);
      const state = stateOf(request);
      if (url.pathname === "/api/v1/live")
        return server.upgrade(request, { data: {} }) ? undefined : new Response(null, { status: 400 });
      if (url.pathname.startsWith("/api/")) {
        const isSession = /^\/api\/v1\/(setup\/status|auth\/)/.test(url.pathname);
        if (!isSession && state === "loading") await new Promise((resolve) => setTimeout(resolve, 120_000));
        if ((!isSession && state === "error") || (url.pathname === "/api/v1/auth/me" && state === "away"))
          return unavailable();
        if (!isSession && state === "limited") return limited();
        return answers(request, url, state);
      }
      if (url.pathname === "/readyz") return Response.json(makeReady(state));
      const file = Bun.file(join(uiDir, url.pathname));
      const found = url.pathname !== "/" && !url.pathname.includes("..") && (await file.exists());
      return new Response(found ? file : Bun.file(join(uiDir, "index.html")), {
        headers: { "content-security-policy": CSP },
      });
    },
    websocket: {
      message() {},
      open(socket) {
        sockets.add(socket);
        const say = (message: LiveDown): void => void socket.send(JSON.stringify(message));
        say({ type: "ready" });
        let n = 0;
        socket.data.timer = setInterval(() => {
          const events: EventRow[] = Array.from({ length: 3 }, () =>
            makeRow(9_000_000 + n++, answers.fleet, Date.now()),
          );
          say({ type: "events", events, sampled_out: n % 30 === 0 ? 41 : 0 });
          say({ type: "sensor", sensor_id: answers.fleet[0]!.sensor_id, change: "heartbeat" });
        }, LIVE_MS);
      },
      close(socket) {
        sockets.delete(socket);
        clearInterval(socket.data.timer);
      },
    },
  });
  return Object.assign(running, {
    dropLive: () => {
      for (const socket of sockets) socket.terminate();
    },
  });
}
