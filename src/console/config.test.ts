import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConsoleConfig } from "./config.ts";

const refusal = (flags: Record<string, string | true>, env: Record<string, string> = {}): Promise<string> =>
  loadConsoleConfig({ flags, env }).then(
    () => "taken",
    (error: Error) => error.message,
  );

test("without anything the defaults hold", async () => {
  const config = await loadConsoleConfig({ env: {} });
  expect(config).toMatchObject({
    dataDir: "/var/lib/telovix-console",
    port: 15_483,
    staleThresholdMs: 90_000,
    enrollmentTokenTtlMs: 900_000,
    workers: 1,
    redisUrl: undefined,
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test("flags win over the environment, the environment over the file, and secrets are not printed", async () => {
  const dir = await mkdtemp(join(tmpdir(), "telovix-config-"));
  const file = join(dir, "console.yaml");
  await writeFile(
    file,
    "port: 1001\nstale_threshold_secs: 60\nlisten: 127.0.0.1\npostgres_url: postgres://u:hidden@h/d\n",
  );
  const config = await loadConsoleConfig({
    flags: { config: file, port: "1003", "public-url": "https://console.example/" },
    env: { TELOVIX_CONSOLE_PORT: "1002", TELOVIX_CONSOLE_STALE_THRESHOLD_SECS: "120" },
  });
  await rm(dir, { recursive: true });
  expect(config).toMatchObject({
    port: 1003,
    staleThresholdMs: 120_000,
    host: "127.0.0.1",
    publicUrl: "https://console.example",
  });
  expect(JSON.stringify(config)).not.toContain("hidden");
  expect(config.postgresUrl?.reveal()).toBe("postgres://u:hidden@h/d");
});

test("a setting that does not fit is named", async () => {
  expect(await refusal({ port: "99999" })).toStartWith("Setting port:");
  expect(await refusal({ port: "http" })).toStartWith("Setting port:");
  expect(await refusal({ "public-url": "http://console" })).toStartWith("Setting public-url:");
  expect(await refusal({ workers: "0" })).toStartWith("Setting workers:");
  expect(await refusal({ workers: "two" })).toStartWith("Setting workers:");
  expect(await refusal({ "redis-url": "http://redis" })).toStartWith("Setting redis-url:");
  expect(await refusal({ "tls-cert": "x" })).toContain("belong together");
  expect(await refusal({ config: "/nonexistent/console.yaml" })).toContain("cannot be read");
});
