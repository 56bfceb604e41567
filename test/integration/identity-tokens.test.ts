import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AuditPage } from "../../src/core/api/audit.ts";
import type { SensorDetail } from "../../src/core/api/sensors.ts";
import type { CreatedToken, TokenSummary } from "../../src/core/api/tokens.ts";
import { sha256Hex } from "../../src/core/ids.ts";
import type { EnrollResponse } from "../../src/core/wire/enroll.ts";
import { DAY_MS, ShiftedClock } from "../harness/identity.ts";
import { testBatch, testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";

let console: TestConsole;
const clock = new ShiftedClock();

beforeAll(async () => void (console = await TestConsole.fresh({ clock })), 60_000);

afterAll(() => console[Symbol.asyncDispose]());

const clusterToken = (body: object): Promise<CreatedToken> =>
  console.json("POST", "/api/v1/enrollment/cluster-tokens", body);
const find = async (id: string): Promise<TokenSummary> =>
  (await console.json<TokenSummary[]>("GET", "/api/v1/enrollment/tokens")).find((t) => t.token_id === id)!;
/** A token that does not work; an address with many of those is told to wait. */
const REFUSED = [401, 429];
const machine = (n: number): string => sha256Hex(`machine ${n}`);

interface Join {
  readonly name: string;
  readonly machine?: string;
  readonly cluster?: string;
}

async function join(made: CreatedToken, { name, machine: hash, cluster }: Join): Promise<[number, string]> {
  const tags = cluster === undefined ? [] : [`cluster:${cluster}`];
  const response = await console.enrollWith(made.token, name, {
    tags,
    ...(hash === undefined ? {} : { machine_hash: hash }),
  });
  const text = await response.text();
  return [response.status, response.ok ? (JSON.parse(text) as EnrollResponse).sensor_id : text];
}

describe("a cluster's token", () => {
  test("brings in node after node of its cluster, and names it", async () => {
    const made = await clusterToken({ cluster: "oslo-5g", max_nodes: 10 });
    expect(made.install_command).toContain("--cluster 'oslo-5g'");
    expect(Date.parse(made.expires_at) - clock.nowMs()).toBeGreaterThan(364 * DAY_MS);
    const [a, b] = [
      await join(made, { name: "n-1", machine: machine(1), cluster: "oslo-5g" }),
      await join(made, { name: "n-2", machine: machine(2) }),
    ];
    expect([a[0], b[0]]).toEqual([200, 200]);
    const detail = await console.json<SensorDetail>("GET", `/api/v1/sensors/${b[1]}`);
    expect([detail.cluster, detail.tags]).toEqual(["oslo-5g", ["cluster:oslo-5g"]]);
    expect(await find(made.token_id)).toMatchObject({ kind: "cluster", status: "pending", nodes: 2, max_nodes: 10 });
  });

  test("refuses a node of another cluster", async () => {
    const made = await clusterToken({ cluster: "east" });
    const [status, text] = await join(made, { name: "n-3", cluster: "west" });
    expect(status).toBe(400);
    expect(text).toContain("this token is for the cluster east");
    expect((await find(made.token_id)).nodes).toBe(0);
  });

  test("lets the same node of the same machine in again, as the same sensor and counted once", async () => {
    const made = await clusterToken({ cluster: "again", max_nodes: 1 });
    const first = await join(made, { name: "n-4", machine: machine(4) });
    const second = await join(made, { name: "n-4", machine: machine(4) });
    expect(second).toEqual(first);
    expect(await find(made.token_id)).toMatchObject({ nodes: 1, status: "exhausted" });
    // Another machine of the same name is another sensor, and there is no room for it.
    const [status, text] = await join(made, { name: "n-4", machine: machine(5) });
    expect([status, text]).toEqual([409, expect.stringContaining("brought in the 1 nodes")]);
    expect((await join(made, { name: "n-4" }))[0]).toBe(409);
  });

  test("takes the same machine under another name for another node, and of another cluster too", async () => {
    const [made, other] = [await clusterToken({ cluster: "names" }), await clusterToken({ cluster: "names-2" })];
    const [, first] = await join(made, { name: "n-7", machine: machine(7) });
    const [, renamed] = await join(made, { name: "n-8", machine: machine(7) });
    const [, elsewhere] = await join(other, { name: "n-7", machine: machine(7) });
    expect(new Set([first, renamed, elsewhere]).size).toBe(3);
    expect((await find(made.token_id)).nodes).toBe(2);
  });

  test("brings in no more nodes than it may, however many come at once", async () => {
    const made = await clusterToken({ cluster: "storm", max_nodes: 7 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => join(made, { name: `storm-${n}`, machine: machine(100 + n) })),
    );
    expect(answers.filter(([status]) => status === 200)).toHaveLength(7);
    expect(await find(made.token_id)).toMatchObject({ nodes: 7, status: "exhausted" });
  });

  test("does not undo a revocation, but a decommissioning", async () => {
    const made = await clusterToken({ cluster: "back" });
    const node = { name: "n-6", machine: machine(6) };
    const [, id] = await join(made, node);
    await console.stores.db.system((tx) => tx`UPDATE sensors SET lifecycle = 'decommissioned' WHERE sensor_id = ${id}`);
    expect(await join(made, node)).toEqual([200, id]);
    await console.api("POST", `/api/v1/sensors/${id}/revoke`);
    const [status, text] = await join(made, node);
    expect([status, text]).toEqual([403, expect.stringContaining("was revoked")]);
  });

  test("ends: by its date, by hand, and by a date that may not be too far", async () => {
    expect(
      (await console.api("POST", "/api/v1/enrollment/cluster-tokens", { cluster: "x", expires_days: 731 })).status,
    ).toBe(400);
    expect((await console.api("POST", "/api/v1/enrollment/cluster-tokens", { cluster: "x y" })).status).toBe(400);
    const short = await clusterToken({ cluster: "short", expires_days: 1 });
    clock.offsetMs = DAY_MS + 1;
    try {
      expect(REFUSED).toContain((await join(short, { name: "late-1" }))[0]);
      expect((await find(short.token_id)).status).toBe("expired");
    } finally {
      clock.offsetMs = 0;
    }
    const gone = await clusterToken({ cluster: "gone" });
    expect((await console.api("DELETE", `/api/v1/enrollment/tokens/${gone.token_id}`)).status).toBe(204);
    expect(REFUSED).toContain((await join(gone, { name: "late-2" }))[0]);
    expect((await find(gone.token_id)).status).toBe("revoked");
  });
});

describe("a re-enrolment token", () => {
  test("gives the sensor another certificate and leaves it its id, its events and its epochs", async () => {
    const old = await console.enroll("re-1");
    expect((await old.send("/sensors/events", testBatch(1, 3))).status).toBe(200);
    const fresh = await console.enrollAgain(old, "re-1");
    const detail = (): Promise<SensorDetail> => console.json("GET", `/api/v1/sensors/${old.sensorId}`);
    const statuses = async (): Promise<string[]> =>
      (await detail()).certificates.map((c): string => c.status).toSorted();
    expect(await statuses()).toEqual(["active", "pending"]);
    expect((await fresh.send("/sensors/events", testBatch(4, 5))).status).toBe(200);
    expect(await statuses()).toEqual(["active", "revoked"]);
    const page = await console.json<{ events: { seq?: number }[] }>(
      "GET",
      `/api/v1/events?sensor_id=${old.sensorId}&since=1h`,
    );
    expect(page.events).toHaveLength(5);
    expect((await old.send("/sensors/heartbeat", testHeartbeat())).status).toBe(403);
    const { records } = await console.json<AuditPage>("GET", "/api/v1/audit?limit=50");
    const own = records.filter((r) => r.sensor_id === old.sensorId).map((r) => r.action_type);
    expect(own).toEqual([
      "sensor_identity_replaced",
      "sensor_reenrolled",
      "enrollment_token_created",
      "sensor_enrolled",
    ]);
  });

  test("brings a revoked sensor back, works once, and only under its name", async () => {
    const old = await console.enroll("re-2");
    await console.api("POST", `/api/v1/sensors/${old.sensorId}/revoke`);
    const made = await console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", { sensor_id: old.sensorId });
    const wrong = await join(made, { name: "re-other" });
    expect([wrong[0], wrong[1]]).toEqual([400, expect.stringContaining("this token is for re-2")]);
    expect(await join(made, { name: "re-2" })).toEqual([200, old.sensorId]);
    expect(REFUSED).toContain((await join(made, { name: "re-2" }))[0]);
    expect(await find(made.token_id)).toMatchObject({ kind: "reenroll", status: "used", sensor_id: old.sensorId });
    const unknown = await console.api("POST", "/api/v1/enrollment/tokens", {
      sensor_id: "01890000-0000-7000-8000-000000000000",
    });
    expect(unknown.status).toBe(404);
  });
});
