import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import {
  ApiClient,
  BUILT_FILE,
  eventually,
  freePort,
  startBuiltConsole,
  type BuiltConsole,
} from "../harness/built-console.ts";
import { killAllWith, pidsWith } from "../harness/processes.ts";
import { Program, runProgram } from "../harness/program.ts";

interface Ready {
  readonly status: string;
  readonly stores: readonly {
    name: string;
    ok: boolean;
    optional?: boolean;
    status?: string;
    restarts?: number;
    action?: string;
  }[];
}

async function ready(home: BuiltConsole): Promise<{ code: number; body: Ready }> {
  const signal = AbortSignal.timeout(10_000);
  const response = await fetch(`${home.url}/readyz`, { tls: { rejectUnauthorized: false }, signal });
  return { code: response.status, body: (await response.json()) as Ready };
}

const PARTS = {
  postgresql: { words: ["/postgres/bin/postgres -D"], subsystem: "postgres" },
  clickhouse: { words: ["telovix internal clickhouse"], subsystem: "clickhouse" },
} as const;

test("Ctrl-C reaches the Console alone, and it ends its parts in order", async () => {
  const dir = await mkdtemp(join(tmpdir(), "telovix-group-"));
  await chmod(dir, 0o755);
  try {
    const args = ["console", "serve", "--data-dir", join(dir, "data"), "--port", String(await freePort())];
    await using console = new Program("setsid", [BUILT_FILE, ...args]);
    await eventually(async () => console.output.includes("Ctrl-C") || undefined);
    // What a terminal does with it: the whole group gets the signal.
    process.kill(-console.pid, "SIGINT");
    const { code, err } = await console.ended;
    expect(err).not.toContain("child ended");
    expect(err).not.toMatch(/"level":"(warn|error)"/);
    expect(code).toBe(0);
    expect(await pidsWith(dir)).toEqual([]);
  } finally {
    await killAllWith(dir);
    await rm(dir, { recursive: true, force: true });
  }
}, 60_000);

describe("a store that is killed", () => {
  test("is named by /readyz with what to do until it is back, and console status tells of it", async () => {
    await using home = await startBuiltConsole();
    const [link] = await home.printed(/https:\/\/[^\s"]+\/setup#[A-Za-z0-9_-]+/);
    await new ApiClient(home.url).setUp(link.replace(/^https:\/\/[^/]+/, home.url));
    const well = await ready(home);
    const store = (name: string, restarts: number) => ({
      name,
      ok: true,
      runs: "embedded",
      status: "running",
      restarts,
    });
    expect(well).toEqual({
      code: 200,
      body: {
        status: "ready",
        stores: [
          store("postgresql", 0),
          store("clickhouse", 0),
          { name: "disk", ok: true, optional: true },
          { name: "event intake", ok: true, optional: true },
          { name: "authority keys", ok: true, optional: true },
          { name: "hourly roots", ok: true, optional: true },
        ],
      },
    });

    for (const [name, { words, subsystem }] of Object.entries(PARTS)) {
      const tell = (): string => home.output().split("\n").slice(-40).join("\n");
      // Restarted within a second: it is killed until a look falls into that time.
      const down = await eventually(async () => {
        await killAllWith(home.dataDir, ...words);
        const { code, body } = await ready(home);
        return code === 503 ? body : undefined;
      }, tell);
      const other = down.stores.find((s) => s.name !== name)!;
      expect(other.ok).toBe(true);
      const named = down.stores.find((s) => s.name === name)!;
      expect(named).toMatchObject({ ok: false, runs: "embedded", problem: expect.any(String) });
      expect(named.action).toContain(`subsystem ${subsystem}`);
      const back = await eventually(async () => {
        const { code, body } = await ready(home);
        return code === 200 ? body : undefined;
      }, tell);
      expect(back.stores.find((s) => s.name === name)?.restarts).toBeGreaterThan(0);
    }

    const args = ["console", "status", "--data-dir", home.dataDir];
    const text = await runProgram(home.executable, args);
    expect(text).toMatchObject({ code: 0, err: "" });
    expect(text.out).toMatch(/^version +\d+\.\d+/m);
    expect(text.out).toMatch(/^running for +\d+ (s|min)/m);
    expect(text.out).toMatch(/^postgresql +answers \(embedded, restarted (once|\d+ times)\)$/m);
    expect(text.out).toMatch(/^clickhouse +answers/m);
    expect(text.out).toMatch(/^sensors +none$/m);
    const json = JSON.parse((await runProgram(home.executable, [...args, "--json"])).out) as Record<string, unknown>;
    expect(json).toMatchObject({ sensors_total: 0, setup_complete: true, uptime_secs: expect.any(Number) });

    const steps = [...home.output().matchAll(/"message":"start: ([^"]+)","ms":\d+/g)].map((m) => m[1]);
    expect(new Set(steps)).toEqual(
      new Set([
        "configuration and data directory",
        "policy-signing keys",
        "PostgreSQL and its migrations",
        "ClickHouse and its migrations",
        "TLS assets",
        "other processes",
        "rate limiter",
        "routers",
        "background services",
        "listener",
        "set-up",
        "control socket",
      ]),
    );
  }, 240_000);
});
