import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AuditPage } from "../../src/core/api/audit.ts";
import type { SensorDetail, SensorList } from "../../src/core/api/sensors.ts";
import type { CreatedToken, TokenSummary } from "../../src/core/api/tokens.ts";
import { errorMessage } from "../../src/core/error.ts";
import { sha256Hex } from "../../src/core/ids.ts";
import { Secret } from "../../src/core/log.ts";
import { createSensorRequest } from "../../src/core/pki/csr.ts";
import type { EnrollResponse } from "../../src/core/wire/enroll.ts";
import { SimState } from "../../src/sim/enrol/state.ts";
import { enrolAll, prepareKeys } from "../../src/sim/enrol/enrol.ts";
import { runEnroll } from "../../src/sensor/membership.ts";
import { cutAnswers } from "../harness/cut-answers.ts";
import { RealSensor, ShiftedClock } from "../harness/identity.ts";
import { testHeartbeat } from "../harness/sensor-messages.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { TestSensor } from "../harness/test-sensor.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

const MINUTE_MS = 60_000;
let stores: TestStores;
let console: TestConsole;
/** Another replica on the same database, which shares no memory with the first. */
let replica: TestConsole;
const clock = new ShiftedClock();

beforeAll(async () => {
  stores = await testStores();
  console = await (await TestConsole.start(stores, { clock })).setUp();
  replica = await TestConsole.start(stores, { clock }, console.dir);
}, 60_000);

afterEach(() => {
  clock.offsetMs += 2 * MINUTE_MS;
});

afterAll(async () => {
  await replica.stop();
  await console[Symbol.asyncDispose]();
  await stores.dispose();
});

const token = (): Promise<CreatedToken> => console.json("POST", "/api/v1/enrollment/tokens", {});
const named = async (name: string): Promise<SensorList> => console.json("GET", `/api/v1/sensors?q=${name}`);
const audit = async (action: string): Promise<AuditPage["records"]> =>
  (await console.json<AuditPage>("GET", "/api/v1/audit?limit=100")).records.filter((r) => r.action_type === action);
const counted = (outcome: string): number =>
  Number(
    new RegExp(`telovix_console_enrollments_total\\{outcome="${outcome}"\\} (\\d+)`).exec(
      console.metrics.render(),
    )?.[1] ?? 0,
  );

/** Waits as short as can be. */
class Hasty extends ShiftedClock {
  override sleep(): Promise<void> {
    return Promise.resolve();
  }
}

const ATTEMPT = "enroll.attempt.json";

describe("an enrolment whose answer is lost", () => {
  for (const cut of ["before", "within"] as const)
    test(`is answered again, cut ${cut} it: one sensor, one certificate, and it reports`, async () => {
      const made = await token();
      const between = await cutAnswers(console, [cut, cut]);
      await using sensor = await RealSensor.create();
      const waits: string[] = [];
      const before = counted("repeated");
      const options = {
        consoleUrl: between.url,
        token: new Secret(made.token),
        pin: made.pinned_public_key,
        nodeName: `lost-${cut}`,
        role: "generic_linux",
        flavor: "standard",
        tags: [],
      } as const;
      const state = await runEnroll(sensor.config, options, new Hasty(), {
        signal: new AbortController().signal,
        waitMs: 600_000,
        onWait: (error) => void waits.push(error.code),
      });
      between.close();
      expect(waits).toEqual(["unavailable", "unavailable"]);
      const list = await named(`lost-${cut}`);
      expect([list.total, list.sensors[0]?.sensor_id]).toEqual([1, state.sensor_id]);
      const detail = await console.json<SensorDetail>("GET", `/api/v1/sensors/${state.sensor_id}`);
      expect(detail.certificates.map((c) => [c.serial, c.status])).toEqual([[state.certificate_serial, "active"]]);
      expect(counted("repeated")).toBe(before + 2);
      expect((await audit("sensor_enrollment_repeated"))[0]).toMatchObject({
        outcome: "success",
        sensor_id: state.sensor_id,
        detail: { token_id: made.token_id, certificate_serial: state.certificate_serial },
      });
      const [keyPem, certPem] = await Promise.all(
        ["client.key.pem", "client.cert.pem"].map((name) => readFile(join(sensor.config.stateDir, name), "utf8")),
      );
      const real = new TestSensor(console, state.sensor_id, keyPem!, certPem!, {} as EnrollResponse);
      expect((await real.send("/sensors/heartbeat", testHeartbeat())).status).toBe(200);
      expect(await readdir(sensor.config.stateDir)).not.toContain(ATTEMPT);
    });

  test("is gone on with by another run of the command, with the key of the first", async () => {
    const made = await token();
    const between = await cutAnswers(console, ["before"]);
    await using sensor = await RealSensor.create();
    const path = join(sensor.config.stateDir, ATTEMPT);
    const enrol = (): Promise<unknown> => sensor.enroll(made, { consoleUrl: between.url, nodeName: "lost-run" });
    expect(await enrol().then(() => "", errorMessage)).toContain("can't be reached");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const attempt = await readFile(path, "utf8");
    expect(attempt).not.toContain(made.token);
    await enrol();
    expect((await named("lost-run")).total).toBe(1);
    expect(await readdir(sensor.config.stateDir)).not.toContain(ATTEMPT);
    // Killed when the identity was in place and the attempt not away yet: it is enrolled, by what it has.
    between.close();
    await writeFile(path, attempt);
    const { state } = sensor;
    expect(await sensor.enroll(made, { consoleUrl: between.url, nodeName: "lost-run", force: true })).toEqual(state);
    expect(await sensor.enroll(made, { nodeName: "lost-run" }).then(() => "", errorMessage)).toContain(
      "enrolled already",
    );
  });

  test("does not give the key of one token to another, and drops it when it is refused", async () => {
    const [one, other] = [await token(), await token()];
    await using sensor = await RealSensor.create();
    const path = join(sensor.config.stateDir, ATTEMPT);
    const away = { consoleUrl: "https://127.0.0.1:1", nodeName: "lost-two" };
    await sensor.enroll(one, away).catch(() => {});
    const first = await readFile(path, "utf8");
    await sensor.enroll(one, away).catch(() => {});
    expect(await readFile(path, "utf8")).toBe(first);
    await sensor.enroll(other, away).catch(() => {});
    const second = await readFile(path, "utf8");
    expect(second).not.toBe(first);
    await sensor.enroll(other, { ...away, nodeName: "lost-three" }).catch(() => {});
    expect(await readFile(path, "utf8")).not.toBe(second);
    await console.api("DELETE", `/api/v1/enrollment/tokens/${one.token_id}`);
    expect(await sensor.enroll(one, { nodeName: "lost-two" }).then(() => "", errorMessage)).toContain("used already");
    expect(await readdir(sensor.config.stateDir)).not.toContain(ATTEMPT);
    await writeFile(path, "{");
    await sensor.enroll(other, { nodeName: "lost-two" });
  });

  test("of a simulated fleet takes no second token", async () => {
    const between = await cutAnswers(console, ["before", "within"]);
    await using sensor = await RealSensor.create();
    const state = new SimState(join(sensor.config.stateDir, "sim"));
    let tokens = 0;
    const identities = await enrolAll({
      state,
      target: { hostname: "127.0.0.1", port: between.port, caPem: console.caPem },
      keys: await prepareKeys(state, 3, () => {}),
      seed: 1,
      token: async () => {
        tokens++;
        return (await token()).token;
      },
      progress: () => {},
      signal: new AbortController().signal,
    });
    between.close();
    expect(tokens).toBe(3);
    expect((await named("sim-0")).total).toBe(3);
    expect(new Set(identities.map((i) => i.sensor_id)).size).toBe(3);
  });
});

describe("a token that was used a moment ago", () => {
  const answer = async (response: Response): Promise<EnrollResponse> => {
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as EnrollResponse;
  };

  test("gives the same key the same, however many processes are asked at once", async () => {
    const { token: text } = await token();
    const { csrPem } = await createSensorRequest("lost-race");
    const asked = Array.from({ length: 8 }, (_, n) =>
      (n % 2 ? replica : console).postEnroll(text, "lost-race", csrPem),
    );
    const answers = await Promise.all((await Promise.all(asked)).map(answer));
    const given = answers.map((a) => `${a.sensor_id} ${a.control_plane_certificate_pem}`);
    expect(new Set(given).size).toBe(1);
    expect((await named("lost-race")).total).toBe(1);
  });

  test("refuses another key in the words it has for every token, and tells people", async () => {
    const made = await token();
    const first = await answer(await console.enrollWith(made.token, "lost-other", {}));
    const before = counted("other_key");
    const [stranger, unknown] = [
      await console.enrollWith(made.token, "lost-other", {}),
      await console.enrollWith(`tse_${"A".repeat(43)}`, "lost-other", {}),
    ];
    const [a, b] = [await stranger.json(), await unknown.json()] as { error: { request_id?: string } }[];
    delete a!.error.request_id;
    delete b!.error.request_id;
    expect([stranger.status, unknown.status, a]).toEqual([401, 401, b]);
    expect(counted("other_key")).toBe(before + 1);
    const told = (await audit("sensor_enrollment_refused")).find((r) => r.detail["token_id"] === made.token_id);
    expect(told).toMatchObject({ outcome: "failure", detail: { why: "already used", other_key: true } });
    expect(console.logged.some((line) => line.includes("enrolment refused") && line.includes('"other_key":true'))).toBe(
      true,
    );
    expect((await named("lost-other")).sensors.map((s) => s.sensor_id)).toEqual([first.sensor_id]);
  });

  test("gives nothing to one that says something else of itself, or nothing right", async () => {
    const { token: text } = await token();
    const { csrPem } = await createSensorRequest("lost-else");
    const machine_hash = sha256Hex("machine");
    await answer(await console.postEnroll(text, "lost-else", csrPem, { machine_hash }));
    for (const more of [
      { machine_hash: sha256Hex("another") },
      {},
      { machine_hash, declared_role: "db" },
      { machine_hash, flavor: "telecom" },
    ])
      expect((await console.postEnroll(text, "lost-else", csrPem, more)).status).toBe(401);
    expect((await console.postEnroll(text, "lost-name", csrPem, { machine_hash })).status).toBe(401);
    await answer(await console.postEnroll(text, "lost-else", csrPem, { machine_hash }));
    expect((await named("lost-else")).total).toBe(1);
  });

  test("gives the same for ten minutes, past its own end, and not longer", async () => {
    const { token: text } = await token();
    const { csrPem } = await createSensorRequest("lost-late");
    clock.offsetMs += 14 * MINUTE_MS;
    const first = await answer(await console.postEnroll(text, "lost-late", csrPem));
    clock.offsetMs += 9 * MINUTE_MS;
    expect(await answer(await console.postEnroll(text, "lost-late", csrPem))).toEqual(first);
    clock.offsetMs += 2 * MINUTE_MS;
    expect((await console.postEnroll(text, "lost-late", csrPem)).status).toBe(401);
    // What was kept for it goes with the next enrolment.
    await console.enroll("lost-next");
    const kept = await stores.db.system((tx) => tx`SELECT answered_at FROM enrollment_answers`);
    expect(kept).toHaveLength(1);
  });

  test("gives the same not without end", async () => {
    const { token: text } = await token();
    const { csrPem } = await createSensorRequest("lost-often");
    const statuses: number[] = [];
    // However slow this is: it may be asked ten times a minute.
    while (statuses.length < 200 && statuses.at(-1) !== 429)
      statuses.push((await console.postEnroll(text, "lost-often", csrPem)).status);
    expect(statuses.slice(0, 11)).toEqual(Array.from({ length: 11 }, () => 200));
    expect(statuses.at(-1)).toBe(429);
  });

  test("gives nothing once the sensor was revoked", async () => {
    const { token: text } = await token();
    const { csrPem } = await createSensorRequest("lost-revoked");
    const { sensor_id } = await answer(await console.postEnroll(text, "lost-revoked", csrPem));
    expect((await console.api("POST", `/api/v1/sensors/${sensor_id}/revoke`)).status).toBe(204);
    expect((await console.postEnroll(text, "lost-revoked", csrPem)).status).toBe(401);
  });

  test("of a cluster is counted once for a node that is told by nothing but its key", async () => {
    const made = await console.json<CreatedToken>("POST", "/api/v1/enrollment/cluster-tokens", { cluster: "oslo" });
    const { csrPem } = await createSensorRequest("lost-cluster");
    const first = await answer(await console.postEnroll(made.token, "lost-cluster", csrPem));
    expect(await answer(await replica.postEnroll(made.token, "lost-cluster", csrPem))).toEqual(first);
    const tokens = await console.json<TokenSummary[]>("GET", "/api/v1/enrollment/tokens");
    expect(tokens.find((t) => t.token_id === made.token_id)?.nodes).toBe(1);
    // Later it is a node that comes again, and one that nothing but its key tells is a new one.
    clock.offsetMs += 11 * MINUTE_MS;
    const later = await answer(await console.postEnroll(made.token, "lost-cluster", csrPem));
    expect(later.sensor_id).not.toBe(first.sensor_id);
  });

  test("for a known sensor leaves it one new certificate", async () => {
    const old = await console.enroll("lost-again");
    const made = await console.json<CreatedToken>("POST", "/api/v1/enrollment/tokens", { sensor_id: old.sensorId });
    const { csrPem } = await createSensorRequest("lost-again");
    const first = await answer(await console.postEnroll(made.token, "lost-again", csrPem));
    expect(await answer(await console.postEnroll(made.token, "lost-again", csrPem))).toEqual(first);
    const detail = await console.json<SensorDetail>("GET", `/api/v1/sensors/${old.sensorId}`);
    expect(detail.certificates.map((c): string => c.status).toSorted()).toEqual(["active", "pending"]);
  });
});
