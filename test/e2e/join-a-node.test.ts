import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { access, chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditPage } from "../../src/core/api/audit.ts";
import type { EventSearchResult } from "../../src/core/api/events.ts";
import type { SensorDetail, SensorList } from "../../src/core/api/sensors.ts";
import { randomHex } from "../../src/core/ids.ts";
import { ApiClient, eventually, startBuiltConsole } from "../harness/built-console.ts";
import { kernelRefusesBpf } from "../harness/kernel.ts";
import { killAllWith, pidsWith } from "../harness/processes.ts";
import { Program, runProgram, type Outcome } from "../harness/program.ts";

const refused = await kernelRefusesBpf();
if (refused) process.stderr.write(`SKIPPED: a node joins by the printed line: ${refused}\n`);

/** Pastes the line into a shell, below a root of its own. */
function paste(line: string, root: string): Promise<Outcome> {
  return runProgram("/bin/sh", ["-c", line], { env: { TELOVIX_INSTALL_ROOT: root, HOME: root } });
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

describe("a node joins by the line the Console prints", () => {
  test.skipIf(Boolean(refused))(
    "it installs, enrols, reports, is revoked, and leaves nothing when uninstalled",
    async () => {
      await using home = await startBuiltConsole();
      const [link] = await home.printed(/https:\/\/[^\s"]+\/setup#[A-Za-z0-9_-]+/);
      const api = new ApiClient(home.url);
      await api.setUp(link.replace(/^https:\/\/[^/]+/, home.url));
      const node = join(home.dir, "node");
      const stateDir = join(node, "var/lib/telovix-sensor");
      const program = join(node, "usr/local/bin/telovix");

      const made = await api.createToken({ node_name: "joined-1" });
      const installed = await paste(made.install_command, node);
      expect(installed).toMatchObject({ code: 0 });
      expect(installed.out).not.toContain(made.token);
      expect((await stat(program)).mode & 0o777).toBe(0o755);
      expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
      const version = await runProgram(program, ["version", "--json"]);
      expect(JSON.parse(version.out)).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) });

      await using sensor = new Program(program, ["sensor", "run", "--state-dir", stateDir, "--log-format", "json"]);
      const { sensor_id } = await eventually(async () =>
        (await api.get<SensorList>("/api/v1/sensors")).sensors.find(
          (s) => s.node_name === "joined-1" && s.runtime_state === "running" && s.stream_connected,
        ),
      );
      const mark = `join${randomHex(6)}`;
      // Until it is seen: what ran before the engine watched was not seen.
      const found = await eventually(async () => {
        spawn("/bin/true", [mark], { stdio: "ignore" });
        const { events } = await api.get<EventSearchResult>(`/api/v1/events?kind=process_exec&q=${mark}`);
        return events[0];
      });
      expect(found).toMatchObject({ sensor_id, node_name: "joined-1", process_executable: expect.any(String) });

      const second = await paste(made.install_command, join(home.dir, "second"));
      expect(second.code).not.toBe(0);
      expect(second.err).toContain("used already");
      expect(second.err).not.toMatch(/^\s+at /m);
      const audit = await api.get<AuditPage>("/api/v1/audit");
      expect(audit.records.find((r) => r.action_type === "sensor_enrollment_refused")).toMatchObject({
        outcome: "failure",
        detail: { why: "already used", token_id: made.token_id, node_name: "joined-1" },
      });

      await api.post(`/api/v1/sensors/${sensor_id}/revoke`, {});
      await eventually(async () => sensor.output.includes("has revoked this sensor") || undefined);
      // Its stream is cut, and told of as gone once it is.
      const detail = await eventually(async () => {
        const shown = await api.get<SensorDetail>(`/api/v1/sensors/${sensor_id}`);
        return shown.stream_connected ? undefined : shown;
      });
      expect(detail).toMatchObject({ lifecycle_status: "revoked", stream_connected: false });

      const gone = await runProgram(program, ["sensor", "uninstall", "--yes", "--state-dir", stateDir]);
      expect(gone).toMatchObject({ code: 0, err: "" });
      await sensor.ended;
      expect(await isThere(stateDir)).toBe(false);
      expect(await pidsWith(node)).toEqual([]);
    },
    180_000,
  );

  test.skipIf(Boolean(refused))(
    "a running sensor that is uninstalled tells the Console first",
    async () => {
      await using home = await startBuiltConsole();
      const [link] = await home.printed(/https:\/\/[^\s"]+\/setup#[A-Za-z0-9_-]+/);
      const api = new ApiClient(home.url);
      await api.setUp(link.replace(/^https:\/\/[^/]+/, home.url));
      const stateDir = await mkdtemp(join(tmpdir(), "telovix-node-"));
      await chmod(stateDir, 0o700);
      try {
        const { token, pinned_public_key } = await api.createToken();
        const args = ["--console", home.url, "--pin", pinned_public_key, "--state-dir", stateDir];
        const enrolled = await runProgram(home.executable, ["enroll", ...args, "--token-file", "-"], { input: token });
        expect(enrolled).toMatchObject({ code: 0, err: "" });
        await using sensor = new Program(home.executable, ["sensor", "run", "--state-dir", stateDir]);
        await eventually(async () =>
          (await api.get<SensorList>("/api/v1/sensors")).sensors.find((s) => s.runtime_state === "running"),
        );
        const gone = await runProgram(home.executable, ["sensor", "uninstall", "--yes", "--state-dir", stateDir]);
        expect(gone).toMatchObject({ code: 0, err: "" });
        expect(await sensor.ended).toMatchObject({ code: 0 });
        expect(await isThere(stateDir)).toBe(false);
        expect(await pidsWith(stateDir)).toEqual([]);
        const { sensors } = await api.get<SensorList>("/api/v1/sensors?lifecycle_status=revoked");
        expect(sensors).toHaveLength(1);
      } finally {
        await killAllWith(stateDir);
        await rm(stateDir, { recursive: true, force: true });
      }
    },
    180_000,
  );
});
