import { expect, test } from "bun:test";
import type { ConsoleStatus } from "../console/planes.ts";
import { statusText } from "./console-status.ts";

test("what others say has one full stop, whether they wrote it or not", () => {
  const away = { ok: false, action: "Check the network." };
  const status = {
    version: "1",
    started_at: "2026-01-01T00:00:00.000Z",
    uptime_secs: 1,
    url: "https://console",
    stores: [
      { name: "kafka", runs: "external", ...away, problem: "connecting failed." },
      { name: "redis", optional: true, ...away, problem: "connecting failed" },
    ],
    setup_complete: true,
    event_store: "takes none",
    server_certificate_ends_at: "2027-01-01T00:00:00.000Z",
  } satisfies ConsoleStatus;
  const text = statusText(status);
  expect(text).toMatch(/^kafka .*: connecting failed\. Check the network\.$/m);
  expect(text).toMatch(/^redis .* {2}connecting failed\. Check the network\.$/m);
  expect(text).not.toContain("..");
});
