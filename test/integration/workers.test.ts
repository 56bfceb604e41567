import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiClient } from "../harness/built-console.ts";
import { LiveView, signIn, type SignedIn } from "../harness/live-view.ts";
import { pidsWith } from "../harness/processes.ts";
import { runProgram } from "../harness/program.ts";
import { EPOCH, testBatch, testHeartbeat } from "../harness/sensor-messages.ts";
import { enrollNode, type TestSensor, type TestStream } from "../harness/test-sensor.ts";
import { until } from "../harness/until.ts";
import { MAIN, WorkerConsole, WORKERS } from "../harness/worker-console.ts";

setDefaultTimeout(120_000);

describe("a Console of several workers", () => {
  let home: WorkerConsole;
  let api: ApiClient;
  let person: SignedIn;

  beforeAll(async () => {
    home = await WorkerConsole.make();
    api = new ApiClient(home.origin);
    await api.setUp(home.setupLink);
    person = await signIn(home);
  });
  afterAll(() => home?.[Symbol.asyncDispose]());

  const enroll = async (nodeName: string): Promise<TestSensor> =>
    enrollNode(home, (await api.createToken()).token, nodeName);

  const metrics = async (): Promise<string> =>
    (await fetch(`${home.origin}/metrics`, { tls: { ca: home.caPem }, keepalive: false })).text();

  /** A gauge of every worker. */
  const gauges = async (name: string): Promise<number[]> => {
    const text = await metrics();
    return Array.from({ length: WORKERS }, (_, i) =>
      Number(new RegExp(`^${name}{worker="${i + 1}"} (\\d+)$`, "m").exec(text)?.[1] ?? 0),
    );
  };

  /** Opens things until every worker has at least one of them, as the gauge says; the kernel decides which connection goes where. */
  const onEveryWorker = async <T>(gauge: string, open: () => Promise<T>): Promise<T[]> => {
    const opened: T[] = [];
    do for (let i = 0; i < 3; i++) opened.push(await open());
    while ((await gauges(gauge)).includes(0));
    return opened;
  };
  /** Live views of one person on every worker; those beyond what one person may have are refused, and left out. */
  const viewsEverywhere = async (): Promise<LiveView[]> =>
    (await onEveryWorker("telovix_console_live_watchers", () => LiveView.open(home, person))).filter(
      (view) => view.closed === undefined,
    );
  const closeAll = async (views: readonly LiveView[]): Promise<void> => {
    for (const view of views) view.close();
    await until(async () => (await gauges("telovix_console_live_watchers")).every((n) => n === 0));
  };

  test("status and metrics tell of each", async () => {
    const { workers, jobs } = await home.status();
    expect(workers!.map((w) => [w.number, w.status, w.restarts])).toEqual([
      [1, "running", 0],
      [2, "running", 0],
    ]);
    expect(new Set(workers!.map((w) => w.pid))).toEqual(new Set(await home.workerPids()));
    expect(jobs!.length).toBeGreaterThan(0);
    const heard = ["parent", "1", "2"].map((worker) => `telovix_console_bus_instances{worker="${worker}"} ${WORKERS}`);
    const text = await until(async () => {
      const all = await metrics();
      return heard.every((line) => all.includes(line)) ? all : undefined;
    });
    expect(text.match(/# TYPE telovix_console_connections gauge/g)).toHaveLength(1);
    const said = (await home.run("status").ended).out;
    expect(said).toMatch(/workers +2 of 2 run/);
    expect(said).toMatch(/jobs +\d+/);
  });

  test("live views on one see what another takes in, and which sensors are there", async () => {
    const views = await viewsEverywhere();
    for (const view of views) view.subscribe();
    await until(async () => (await gauges("telovix_console_live_taps")).every((n) => n > 0));
    const sensors = await Promise.all([1, 2, 3, 4].map((n) => enroll(`live-${n}`)));
    const streams = await Promise.all(sensors.map((sensor) => sensor.stream()));
    await Promise.all(streams.map((stream) => stream.hello()));
    for (const stream of streams) stream.send({ type: "events", batch: testBatch(1, 20) });
    await Promise.all(streams.map((stream) => stream.next("ack")));
    await until(() => views.every((view) => view.messages.length === 80));
    for (const sensor of sensors)
      await until(() => views.every((view) => view.changes.includes(`${sensor.sensorId} connected`)));
    // Whichever worker is asked.
    for (let i = 0; i < 8; i++) {
      const list = await fetch(`${home.origin}/api/v1/sensors`, {
        tls: { ca: home.caPem },
        keepalive: false,
        headers: { cookie: person.cookie },
      });
      const { sensors: listed } = (await list.json()) as {
        sensors: { sensor_id: string; stream_connected: boolean }[];
      };
      expect(listed.filter((s) => s.stream_connected).length).toBe(4);
    }
    for (const stream of streams) stream.socket.close();
    await closeAll(views);
  });

  test("a revoked sensor is cut on every worker within a second", async () => {
    const sensor = await enroll("cut");
    const streams = await onEveryWorker("telovix_console_streams", async () => {
      const stream = await sensor.stream();
      await stream.hello();
      return stream;
    });
    const startMs = performance.now();
    await api.post(`/api/v1/sensors/${sensor.sensorId}/revoke`, {});
    await until(() => streams.every((stream) => stream.closed !== undefined));
    expect(performance.now() - startMs).toBeLessThan(1_000);
    for (let i = 0; i < 6; i++)
      expect((await sensor.send("/sensors/heartbeat", testHeartbeat()).catch(() => ({ status: 403 }))).status).toBe(
        403,
      );
  });

  test("a stream that a cut left behind on one ends when the sensor comes to another", async () => {
    const sensor = await enroll("half-open");
    const lane = { lane: "bulk", epoch: EPOCH, next_seq: 1, acked_seq: 0 };
    // Only the newest answers pings, as a living sensor does; nobody closes: to the Console those before look like a cut.
    let newest: TestStream;
    const comes = async (startId: string): Promise<void> => {
      const stream = await sensor.stream();
      newest = stream;
      stream.socket.addEventListener("message", ({ data }) => {
        const frame = typeof data === "string" ? (JSON.parse(data) as { type: string; id: number }) : undefined;
        if (frame?.type === "ping" && stream === newest) stream.send({ type: "pong", id: frame.id });
      });
      stream.send({
        type: "hello",
        protocol_version: 3,
        sensor_version: "0.0.0-test",
        epoch: EPOCH,
        next_seq: 1,
        lanes: [lane],
        instance: { start_id: startId },
      });
      await stream.next("welcome");
    };
    /** The worker that the only stream is left at. */
    const place = async (): Promise<string> =>
      until(async () => {
        const open = await gauges("telovix_console_streams");
        return open.reduce((sum, n) => sum + n) === 1 ? `worker ${open.indexOf(1) + 1}` : undefined;
      });
    let count = 0;
    /** Comes until the kernel has had it come to the other worker so often. */
    const crosses = async (times: number, startId: () => string): Promise<void> => {
      for (let at = await place(); times > 0;) {
        const before = newest;
        await comes(startId());
        const startMs = performance.now();
        await until(() => before.closed !== undefined);
        expect(performance.now() - startMs).toBeLessThan(10_000);
        const now = await place();
        if (now !== at) times--;
        at = now;
      }
    };
    await comes("00000000000000aa");
    await crosses(2, () => "00000000000000aa");
    // A sensor that was started anew: news of its starts before may come late, and it stays because it answers.
    await crosses(1, () => (++count).toString(16).padStart(16, "0"));
    expect(newest!.closed).toBeUndefined();
    newest!.socket.close();
  });

  test("a worker killed with -9 costs its connections only, and is started again", async () => {
    const sensor = await enroll("survivor");
    const views = await viewsEverywhere();
    const [victim] = (await home.status()).workers!;
    process.kill(victim!.pid!, "SIGKILL");
    await until(() => views.some((view) => view.closed !== undefined));
    expect(views.some((view) => view.closed === undefined)).toBe(true);
    // Somebody always answers.
    for (let i = 0; i < 20; i++) {
      // A connection that was on its way to the killed one is reset; who comes again is answered.
      const send = (): Promise<Response> => sensor.send("/sensors/heartbeat", testHeartbeat());
      expect((await send().catch(send)).status).toBe(200);
    }
    await until(async () => {
      const { workers } = await home.status();
      return workers!.every((w) => w.status === "running" && w.connections !== undefined);
    });
    const [again, other] = (await home.status()).workers!;
    expect([again!.restarts, other!.restarts]).toEqual([1, 0]);
    expect(again!.pid).not.toBe(victim!.pid);
    // The new one is joined to the others as the old one was.
    await closeAll(views);
    const fresh = await viewsEverywhere();
    for (const view of fresh) view.subscribe();
    await until(async () => (await gauges("telovix_console_live_taps")).every((n) => n > 0));
    const stream = await sensor.stream();
    await stream.hello();
    stream.send({ type: "events", batch: testBatch(1, 10) });
    await stream.next("ack");
    await until(() => fresh.every((view) => view.messages.length === 10));
    stream.socket.close();
    await closeAll(fresh);
  });

  test("signing in is limited to ten a minute over all of them", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 25; i++) {
      const response = await fetch(`${home.origin}/api/v1/auth/login`, {
        method: "POST",
        tls: { ca: home.caPem },
        keepalive: false,
        headers: { "content-type": "application/json", origin: home.origin },
        body: JSON.stringify({ email: `nobody${i}@example.net`, password: "wrong but long enough" }),
      });
      statuses.push(response.status);
      if (response.status === 429) expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(10);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(15);
  });

  test("another Console on the same port is refused, not let in beside them", async () => {
    const other = await mkdtemp(join(tmpdir(), "telovix-workers-"));
    await chmod(other, 0o755);
    const words = ["console", "serve", "--port", String(home.port), "--listen", "127.0.0.1", "--workers", "2"];
    const { code, err } = await runProgram(process.execPath, [MAIN, ...words, "--data-dir", join(other, "data")]);
    expect(code).toBe(1);
    expect(err).toContain(`Another program already listens on 127.0.0.1:${home.port}`);
    await rm(other, { recursive: true, force: true });
  });

  test("when the parent is killed the workers end at once, and it starts again on the same port", async () => {
    const pids = await home.workerPids();
    expect(pids.length).toBe(WORKERS);
    await home.program.stop("SIGKILL");
    const startMs = performance.now();
    await until(async () => (await home.workerPids()).length === 0);
    expect(performance.now() - startMs).toBeLessThan(2_000);
    await home.start();
    expect((await home.status()).workers!.every((w) => w.status === "running")).toBe(true);
  });

  test("stopped, it ends in order: workers first, nothing left", async () => {
    const { code } = await home.program.stop("SIGTERM");
    expect(code).toBe(0);
    expect(await pidsWith(home.dir)).toEqual([]);
  });
});
