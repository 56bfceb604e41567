import { afterAll, beforeAll, describe, expect, test, setDefaultTimeout } from "bun:test";
import { createLineageService, type LineageService } from "../../src/console/lineage/service.ts";
import { createLineageStore } from "../../src/console/lineage/store.ts";
import { toRuntimeEventRow } from "../../src/console/stores/runtime-event-row.ts";
import type { Lineage } from "../../src/core/api/events.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { AppError } from "../../src/core/error.ts";
import type { RuntimeEvent } from "../../src/core/event/event.ts";
import { formatEventId } from "../../src/core/event/event.ts";
import { testStores, type TestStores } from "../harness/stores.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(60_000);

const TENANT = "01900000-0000-7000-8000-00000000000a";
const SENSOR = "018f0000-0000-7000-8000-000000000001";
const EPOCH = "00000000000000aa";
/** Yesterday: the store lets go of what is older than its retention. */
const FROM = (Math.floor(Date.now() / 3_600_000) - 24) * 3600e6;

let stores: TestStores;
let lineage: LineageService;
let seq = 0;

beforeAll(async () => {
  stores = await testStores();
  lineage = createLineageService({ store: createLineageStore({ events: stores.events }), clock: systemClock });
});
afterAll(() => stores?.dispose());

/** Stores one event about a process; ancestors nearest first. */
function about(
  kind: RuntimeEvent["kind"],
  execId: string,
  ancestors: readonly string[],
  more: Partial<NonNullable<RuntimeEvent["process"]>> = {},
) {
  const atUs = FROM + ++seq * 1000;
  const event: RuntimeEvent = {
    seq,
    kind,
    severity: "info",
    observed_at_us: atUs,
    message: `${kind} of ${execId}`,
    process: {
      exec_id: execId,
      ...(ancestors[0] === undefined
        ? {}
        : { parent_exec_id: ancestors[0], ppid: 1, parent_binary: `/bin/${ancestors[0]}` }),
      pid: 100 + seq,
      uid: 0,
      binary: `/bin/${execId}`,
      argv: [`/bin/${execId}`, "-x"],
      start_time_us: atUs,
      ancestors: ancestors.slice(0, 16).map((id, i) => ({ exec_id: id, pid: i + 1, binary: `/bin/${id}` })),
      ...more,
    },
  };
  return { tenantId: TENANT, sensorId: SENSOR, nodeName: "n1", epoch: EPOCH, event, ingestedAtMs: atUs / 1000 };
}
type Stored = ReturnType<typeof about>;
const store = (...events: Stored[]): Promise<void> =>
  stores.events.insert("runtime_events", events.map(toRuntimeEventRow));
const ofProcess = (execId: string): Promise<Lineage> => lineage.ofProcess(TENANT, SENSOR, execId);
const parentsOf = ({ nodes }: Lineage): Record<string, string | null> =>
  Object.fromEntries(nodes.map((node) => [node.exec_id, node.parent_exec_id]));

describe("lineage from stored events", () => {
  test("an ended process has its exit code, whichever event of it is asked for, and delivered twice it counts once", async () => {
    const opened = about("file_open", "e/sh+=", ["e/init"]);
    const ended = about("process_exit", "e/sh+=", ["e/init"], { exit_code: 7 });
    await store(about("process_exec", "e/init", []), about("process_exec", "e/sh+=", ["e/init"]), opened, ended);
    await store(opened, ended);
    const tree = await lineage.ofEvent(TENANT, formatEventId(SENSOR, EPOCH, opened.event.seq));
    expect(parentsOf(tree)).toEqual({ "e/init": null, "e/sh+=": "e/init" });
    expect(tree.nodes.find((node) => node.exec_id === "e/sh+=")).toMatchObject({
      exit_code: 7,
      arguments: "-x",
      inferred: false,
      counts: { files: 1, connections: 0, dns: 0, warnings: 0 },
    });
    const activity = await lineage.activity(TENANT, SENSOR, "e/sh+=");
    expect([activity.files.length, activity.connections.length, activity.other.length]).toEqual([1, 0, 2]);
  });

  test("a chain longer than an event's sixteen ancestors is followed to the root", async () => {
    const chain = Array.from({ length: 40 }, (_, i) => `long-${i}`);
    await store(...chain.map((id, i) => about("process_exec", id, chain.slice(0, i).toReversed())));
    const parents = parentsOf(await ofProcess("long-39"));
    for (let i = 1; i < chain.length; i++) expect(parents[chain[i]!]).toBe(chain[i - 1]!);
    expect(parents["long-0"]).toBeNull();
  });

  test("processes that nobody saw start are known from others' ancestry, and marked", async () => {
    await store(about("network_connect", "late", ["mid", "top"]));
    for (const focus of ["late", "mid", "top"]) {
      const tree = await ofProcess(focus);
      const inferred = Object.fromEntries(tree.nodes.map((node) => [node.exec_id, node.inferred]));
      expect(inferred[focus]).toBe(focus !== "late");
    }
    expect(parentsOf(await ofProcess("late"))).toEqual({ late: "mid", mid: "top", top: null });
  });

  test("an exec chain keeps one pid: the old image ends when the new one begins", async () => {
    const [a, b] = [
      about("process_exec", "img-1", ["img-0"], { pid: 5 }),
      about("process_exec", "img-2", ["img-1", "img-0"], { pid: 5 }),
    ];
    await store(a, b);
    const tree = await ofProcess("img-2");
    const old = tree.nodes.find((node) => node.exec_id === "img-1")!;
    expect(old.ended_at).toBe(tree.nodes.find((node) => node.exec_id === "img-2")!.started_at);
  });

  test("hostile events that make a ring get an answer without one", async () => {
    const ring = ["ring-a", "ring-b", "ring-c"];
    await store(...ring.map((id, i) => about("process_exec", id, [ring[(i + 1) % 3]!, ring[(i + 2) % 3]!, id])));
    const parents = parentsOf(await ofProcess("ring-a"));
    expect(Object.values(parents).filter((parent) => parent === null)).toHaveLength(1);
  });

  test("a parent of thousands is bounded; what is left out is counted", async () => {
    const busy = about("process_exec", "busy", []);
    const children = Array.from({ length: 3000 }, (_, i) => about("process_exec", `child-${i}`, ["busy"]));
    const grandchildren = Array.from({ length: 600 }, (_, i) =>
      about("process_exec", `grand-${i}`, ["child-0", "busy"]),
    );
    await store(busy, ...children, ...grandchildren);
    const tree = await ofProcess("busy");
    expect(tree.nodes.length).toBeLessThanOrEqual(500);
    const nodes = new Map(tree.nodes.map((node) => [node.exec_id, node]));
    expect(nodes.get("busy")!.children_total).toBe(3000);
    expect(nodes.get("child-0")!.children_total).toBe(600);
    const shown = tree.nodes.length - 1;
    expect(tree.left_out).toBe(3600 - shown);
  });

  test.each([
    ["an unknown process", () => ofProcess("nobody"), "not_found"],
    ["a sensor id that is none", () => lineage.ofProcess(TENANT, "x", "y"), "invalid_request"],
    ["an unknown event", () => lineage.ofEvent(TENANT, formatEventId(SENSOR, EPOCH, 999_999)), "not_found"],
    ["an event id that is none", () => lineage.ofEvent(TENANT, "x"), "not_found"],
    ["what an unknown process did", () => lineage.activity(TENANT, SENSOR, "nobody"), "not_found"],
  ])("%s is refused", async (_name, ask, code) => {
    expect(await (ask() as Promise<unknown>).catch((error: AppError) => error.code)).toBe(code);
  });

  test("an event about no process has no lineage, and says so", async () => {
    const loss = about("engine_loss", "unused", []);
    const { process: _none, ...event } = loss.event;
    await store({ ...loss, event: event as RuntimeEvent } as Stored);
    const asked = lineage.ofEvent(TENANT, formatEventId(SENSOR, EPOCH, loss.event.seq));
    expect(await asked.catch((error: AppError) => error.message)).toContain("no process");
  });
});
