import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CreatedToken } from "../../src/core/api/tokens.ts";
import type { SensorDetail, SensorList } from "../../src/core/api/sensors.ts";
import { createSensorRequest, readSensorRequest } from "../../src/core/pki/csr.ts";
import { createAuthority, issueSensorCertificate, type Authority } from "../../src/core/pki/issue.ts";
import { privateKeyFromPem } from "../../src/core/pki/keys.ts";
import { x509 } from "../../src/core/pki/x509.ts";
import { testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { until } from "../harness/until.ts";

let console: TestConsole;

beforeAll(async () => void (console = await TestConsole.fresh()), 60_000);

afterAll(() => console[Symbol.asyncDispose]());

const code = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { code: string } }).error.code;

/** How the Console answers a certificate for this sensor that an authority made behind its back. */
async function statusOf(authority: Authority, sensorId: string): Promise<[number, string]> {
  const { keyPem, csrPem } = await createSensorRequest("node");
  const { publicKey } = await readSensorRequest(csrPem, "node");
  const issued = await issueSensorCertificate(authority, { sensorId, nodeName: "node", publicKey }, Date.now());
  const response = await fetch(`${console.origin}/sensors/heartbeat`, {
    method: "POST",
    tls: { ca: console.caPem, key: keyPem, cert: issued.pem },
    body: "{}",
  });
  return [response.status, await code(response)];
}

describe("enrolment", () => {
  test("gives a sensor a certificate, a row and an audit record", async () => {
    const sensor = await console.enroll("enrol-1");
    const detail = await console.json<SensorDetail>("GET", `/api/v1/sensors/${sensor.sensorId}`);
    expect(detail).toMatchObject({
      node_name: "enrol-1",
      cluster: "oslo",
      trust_state: "bootstrap_pending",
      delivery: "heartbeat",
    });
    expect(detail.certificates.map((c) => c.status)).toEqual(["active"]);
    const { records } = await console.json<{ records: { action_type: string; sensor_id: string | null }[] }>(
      "GET",
      "/api/v1/audit",
    );
    expect(records.find((r) => r.sensor_id === sensor.sensorId)?.action_type).toBe("sensor_enrolled");
  });

  test("refuses wrong, used and revoked tokens with the same words", async () => {
    const { csrPem } = await createSensorRequest("late");
    const made = await console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", {});
    expect((await console.api("DELETE", `/api/v1/enrollment/tokens/${made.token_id}`)).status).toBe(204);
    const wrong = await console.postEnroll(`tse_${"A".repeat(43)}`, "late", csrPem);
    const revoked = await console.postEnroll(made.token, "late", csrPem);
    const [a, b] = [await wrong.json(), await revoked.json()] as { error: { request_id?: string } }[];
    delete a!.error.request_id;
    delete b!.error.request_id;
    expect([wrong.status, revoked.status]).toEqual([401, 401]);
    expect(a).toEqual(b);
    const { records } = await console.json<{ records: { action_type: string; detail: { why?: string } }[] }>(
      "GET",
      "/api/v1/audit",
    );
    const whys = records.filter((r) => r.action_type === "sensor_enrollment_refused").map((r) => r.detail.why);
    expect(whys).toContain("revoked");
    expect(whys).toContain("unknown");
  });

  test("takes a token once, however many ask at the same moment", async () => {
    const { token } = await console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", {});
    const requests = await Promise.all(Array.from({ length: 20 }, () => createSensorRequest("race")));
    const answers = await Promise.all(requests.map((r) => console.postEnroll(token, "race", r.csrPem)));
    const statuses = answers.map((a) => a.status);
    expect(statuses.filter((s) => s === 200)).toHaveLength(1);
    // Beyond ten failures a minute an address is told to wait.
    expect(statuses.every((s) => s === 200 || s === 401 || s === 429)).toBe(true);
    const list = await console.json<SensorList>("GET", "/api/v1/sensors?q=race");
    expect(list.total).toBe(1);
  });

  test("refuses a request whose subject is another name", async () => {
    const { token } = await console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", {});
    const { csrPem } = await createSensorRequest("somebody-else");
    const answer = await console.postEnroll(token, "node-9", csrPem);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: { pointer: string } }).error.pointer).toBe("/csr_pem");
  });
});

describe("a sensor's certificate at the door", () => {
  test("is needed", async () => {
    const bare = await fetch(`${console.origin}/api/v1/sensors/heartbeat`, {
      method: "POST",
      tls: { ca: console.caPem },
      body: "{}",
    });
    expect([bare.status, await code(bare)]).toEqual([401, "invalid_sensor_trust"]);
  });

  test("does not count when a stranger issued it, even under the Console's name", async () => {
    const sensor = await console.enroll("stranger-1");
    const impostor = await createAuthority("Telovix Console CA", Date.now());
    expect(await statusOf(impostor, sensor.sensorId)).toEqual([401, "invalid_sensor_trust"]);
  });

  test("does not count when the Console's own authority made it but it is on no record", async () => {
    const sensor = await console.enroll("forged-1");
    const trust = join(console.dir, "trust");
    const authority = {
      certificate: new x509.X509Certificate(await readFile(join(trust, "ca.cert.pem"), "utf8")),
      privateKey: await privateKeyFromPem(await readFile(join(trust, "ca.key.pem"), "utf8")),
    };
    expect(await statusOf(authority, sensor.sensorId)).toEqual([401, "invalid_sensor_trust"]);
  });

  test("of the server's kind does not open the sensors' door", async () => {
    const trust = join(console.dir, "trust");
    const [key, cert] = await Promise.all(
      ["server.key.pem", "server.cert.pem"].map((f) => readFile(join(trust, f), "utf8")),
    );
    const response = await fetch(`${console.origin}/sensors/heartbeat`, {
      method: "POST",
      tls: { ca: console.caPem, key: key!, cert: cert! },
      body: "{}",
    });
    expect([response.status, await code(response)]).toEqual([401, "invalid_sensor_trust"]);
  });

  test("stops counting at once when the sensor is revoked, and its stream is cut within a second", async () => {
    const sensor = await console.enroll("revoked-1");
    const stream = await sensor.stream();
    await stream.hello();
    expect((await sensor.send("/sensors/heartbeat", testHeartbeat())).status).toBe(200);
    const before = performance.now();
    expect((await console.api("POST", `/api/v1/sensors/${sensor.sensorId}/revoke`)).status).toBe(204);
    await until(() => stream.closed !== undefined);
    expect(performance.now() - before).toBeLessThan(1_000);
    const refused = await sensor.send("/sensors/heartbeat", testHeartbeat());
    expect([refused.status, await code(refused)]).toEqual([403, "sensor_revoked"]);
    const list = await console.json<SensorList>("GET", "/api/v1/sensors?lifecycle_status=revoked");
    expect(list.sensors.map((s) => s.node_name)).toContain("revoked-1");
    expect((await console.json<SensorList>("GET", "/api/v1/sensors")).sensors.map((s) => s.node_name)).not.toContain(
      "revoked-1",
    );
  });

  test("is refused while the sensor is disabled, and counts again when it is enabled", async () => {
    const sensor = await console.enroll("disabled-1");
    await console.api("POST", `/api/v1/sensors/${sensor.sensorId}/disable`);
    expect((await sensor.send("/sensors/heartbeat", testHeartbeat())).status).toBe(403);
    await console.api("POST", `/api/v1/sensors/${sensor.sensorId}/enable`);
    expect((await sensor.send("/sensors/heartbeat", testHeartbeat())).status).toBe(200);
  });

  test("ends by the sensor's own wish", async () => {
    const sensor = await console.enroll("gone-1");
    expect((await sensor.post("/api/v1/sensors/self/decommission", "", {})).status).toBe(204);
    expect((await sensor.send("/sensors/heartbeat", testHeartbeat())).status).toBe(403);
  });
});

describe("tokens and the way in", () => {
  test("the install line pins the key the Console really shows", async () => {
    const made = await console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", {
      node_name: "db-17",
      declared_role: "generic_linux",
    });
    expect(made.install_command).toBe(
      `curl -fsSLk --retry 60 --retry-connrefused --retry-max-time 600 --pinnedpubkey '${made.pinned_public_key}' '${console.origin}/install.sh' | sh -s -- --console '${console.origin}'` +
        ` --pin '${made.pinned_public_key}' --token '${made.token}' --node-name 'db-17' --role 'generic_linux'`,
    );
    const good = Bun.spawn(
      ["curl", "-fsSk", "--pinnedpubkey", made.pinned_public_key, `${console.origin}/install.sh`],
      { stdout: "pipe", stderr: "ignore" },
    );
    expect(await new Response(good.stdout).text()).toStartWith("#!/bin/sh");
    const bad = Bun.spawn(
      ["curl", "-fsSk", "--pinnedpubkey", `sha256//${"A".repeat(43)}=`, `${console.origin}/install.sh`],
      { stdout: "pipe", stderr: "ignore" },
    );
    expect(await bad.exited).toBe(90);
  });

  test("probes name the stores", async () => {
    expect(await console.json("GET", "/healthz")).toEqual({ status: "ok" });
    expect(await console.json("GET", "/readyz")).toEqual({
      status: "ready",
      stores: [
        { name: "postgresql", ok: true },
        { name: "clickhouse", ok: true },
        { name: "disk", ok: true, optional: true },
        { name: "event intake", ok: true, optional: true },
        { name: "authority keys", ok: true, optional: true },
        { name: "hourly roots", ok: true, optional: true },
      ],
    });
    expect(await (await console.api("GET", "/metrics")).text()).toContain("telovix_console_events_total");
    const page = await console.api("GET", "/healthz");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  });
});
