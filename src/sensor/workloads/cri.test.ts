import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerHttp2Stream } from "node:http2";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../core/clock.ts";
import { errorMessage } from "../../core/error.ts";
import { answer, bytesField, frame, podsBytes, StandInRuntime } from "../../../test/harness/stand-in-runtime.ts";
import { askAny, askRuntime } from "./cri.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-cri-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let sockets = 0;
const path = (): string => join(root, `s${++sockets}`);
const never = new AbortController().signal;
const clock = new ManualClock();

/** What becomes of asking; the time over, when the runtime is one that would be waited for. */
async function failureOf(asked: Promise<unknown>, time = clock): Promise<string> {
  let said: string | undefined;
  const done = asked.then(
    () => (said = "it was taken"),
    (error: unknown) => (said = errorMessage(error)),
  );
  for (let turn = 0; turn < 2_000 && said === undefined; turn++) await new Promise((resolve) => setImmediate(resolve));
  await time.advance(5_000);
  await done;
  return said!;
}

test("what runs is told: pods with their labels, containers with their images", async () => {
  const at = path();
  await using runtime = await StandInRuntime.start(at);
  runtime.pods = [
    { id: "p1", namespace: "shop", labels: { app: "web", __proto__x: "y", toString: "z" } },
    { id: "p2", namespace: "shop", labels: {}, isReady: false },
  ];
  runtime.containers = [
    { id: "c1", podId: "p1", name: "main", image: "sha256:ab", askedImage: "nginx:1.27" },
    { id: "c2", podId: "p1", name: "gone", image: "nginx", isRunning: false },
  ];
  const { pods, containers } = await askRuntime(at, clock, never);
  expect(pods.map((pod) => ({ ...pod, labels: { ...pod.labels } }))).toEqual([
    { id: "p1", namespace: "shop", labels: { app: "web", __proto__x: "y", toString: "z" } },
  ]);
  expect(containers).toEqual([
    { id: "c1", podId: "p1", name: "main", images: ["nginx:1.27", "sha256:ab", `sha256:${"0".repeat(64)}`] },
  ]);
  // Asked for what is ready and what runs, and for nothing else.
  const sent = (method: string): string => runtime.requests.get(method)!.toString("hex");
  expect([sent("ListPodSandbox"), sent("ListContainers")]).toEqual(["00000000040a021200", "00000000060a0412020801"]);
});

test("a label named __proto__ is a label", async () => {
  const at = path();
  await using runtime = await StandInRuntime.start(at);
  const pair = Buffer.concat([bytesField(1, "__proto__"), bytesField(2, "x")]);
  runtime.instead = (stream, method) =>
    answer(stream, frame(method === "ListPodSandbox" ? bytesField(1, bytesField(5, pair)) : Buffer.alloc(0)));
  const { pods } = await askRuntime(at, clock, never);
  expect(Object.entries(pods[0]!.labels)).toEqual([["__proto__", "x"]]);
});

const whole = frame(podsBytes([{ id: "p1", namespace: "n", labels: { a: "b" } }]));
const hostile: readonly (readonly [string, (stream: ServerHttp2Stream) => void, string])[] = [
  ["fails", (s) => answer(s, Buffer.alloc(0), "12", "unknown%20service"), "status 12: unknown service"],
  ["says so wrongly", (s) => answer(s, Buffer.alloc(0), "7", "%E0%A4%A"), "status 7: %E0%A4%A"],
  ["answers and fails", (s) => answer(s, whole, "2"), "status 2"],
  ["fails at once", (s) => s.respond({ ":status": 200, "grpc-status": "14" }, { endStream: true }), "status 14"],
  ["is no such server", (s) => s.respond({ ":status": 404 }, { endStream: true }), "HTTP status 404"],
  ["ends without a status", (s) => (s.respond({ ":status": 200 }), s.end(whole)), "cut off"],
  ["resets", (s) => s.close(2), ""],
  ["hangs up", (s) => s.session?.destroy(), ""],
  ["answers nothing", (s) => answer(s, Buffer.alloc(0)), "cut off"],
  ["answers half a frame", (s) => answer(s, whole.subarray(0, 9)), "not as long as it says"],
  ["answers two frames", (s) => answer(s, Buffer.concat([whole, whole])), "not as long as it says"],
  ["compresses", (s) => answer(s, Buffer.concat([Buffer.of(1), whole.subarray(1)])), "compressed"],
  ["answers noise", (s) => answer(s, frame(Buffer.alloc(64, 0xff))), "more than 64 bits"],
  ["cuts a pod", (s) => answer(s, frame(bytesField(1, Buffer.of(0x0a, 50)))), "cut off inside a field"],
  ["answers a group in a group", (s) => answer(s, frame(Buffer.alloc(100_000, 0x0b))), "of a kind that is not read"],
  ["has countless pods", (s) => answer(s, frame(Buffer.alloc(200_000, Buffer.of(0x0a, 0)))), "more than 65536 fields"],
  ["says nothing", () => {}, "within 5 s"],
  ["begins and stops", (s) => (s.respond({ ":status": 200 }), s.write(whole)), "within 5 s"],
];

describe("a runtime that", () => {
  test.each(hostile)("%s is told of, and nothing of it taken", async (_, instead, reason) => {
    const at = path();
    await using runtime = await StandInRuntime.start(at);
    runtime.instead = instead;
    const time = new ManualClock();
    const said = await failureOf(askRuntime(at, time, never), time);
    expect(said).not.toBe("it was taken");
    expect(said).toContain(reason);
    expect(time.sleeping).toBe(0);
  });

  test("talks without end is cut off at 16 MiB", async () => {
    const at = path();
    await using runtime = await StandInRuntime.start(at);
    let sent = 0;
    runtime.instead = (stream, method) => {
      if (method !== "ListContainers") return;
      stream.respond({ ":status": 200 });
      const chunk = Buffer.alloc(256 * 1024);
      const more = (): void => {
        if (stream.destroyed || stream.closed) return;
        sent += chunk.length;
        stream.write(chunk, () => setImmediate(more));
      };
      more();
    };
    expect(await askRuntime(at, clock, never).catch(errorMessage)).toBe("its answer has more than 16777216 bytes");
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  test("is no HTTP/2 server is told of", async () => {
    const at = path();
    const server = createServer((socket) => socket.end("SSH-2.0-x\r\n")).listen(at);
    const time = new ManualClock();
    expect(await failureOf(askRuntime(at, time, never), time)).not.toBe("it was taken");
    server.close();
  });

  test("is asked while the sensor stops is not waited for", async () => {
    const at = path();
    await using runtime = await StandInRuntime.start(at);
    const stop = new AbortController();
    runtime.instead = () => stop.abort();
    expect(await askRuntime(at, new ManualClock(), stop.signal).catch(errorMessage)).toBeString();
  });
});

test("the first runtime that answers counts; when none does, each socket's fault is told", async () => {
  const [file, broken, good] = [path(), path(), path()];
  await writeFile(file, "no socket");
  await using bad = await StandInRuntime.start(broken);
  bad.instead = (stream) => answer(stream, Buffer.alloc(0), "12", "no such service");
  expect(await failureOf(askAny([file, join(root, "none")], clock, never))).toContain("there is no socket at");
  expect(await failureOf(askAny([file, broken], clock, never))).toContain(`${broken}: it answers with status 12`);
  await using runtime = await StandInRuntime.start(good);
  expect((await askAny([file, broken, good], clock, never)).pods).toEqual([]);
  expect(runtime.asked).toBe(1);
});
