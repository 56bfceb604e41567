import { afterEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Secret } from "../../core/log.ts";
import { packBoot, unpackBoot } from "./boot.ts";
import { Channel, type ChannelHandlers } from "./channel.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close; close = closers.pop()) await close();
});

/** Both ends over a real socket; `raw` is the worker's end by hand. */
async function joined(parent: Partial<ChannelHandlers> = {}, worker: Partial<ChannelHandlers> = {}) {
  const dir = await mkdtemp(join(tmpdir(), "telovix-channel-"));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  const dropped = { count: 0 };
  const handlers = (more: Partial<ChannelHandlers>): ChannelHandlers => ({
    note: () => {},
    ask: () => Promise.resolve(null),
    dropped: () => void dropped.count++,
    closed: () => {},
    ...more,
  });
  const a = new Channel(handlers(parent));
  const b = new Channel(handlers(worker));
  const server = Bun.listen<Channel>({
    unix: join(dir, "s"),
    socket: {
      ...Channel.socketHandler,
      open: (socket) => {
        socket.data = a;
        a.opened(socket);
      },
    },
  });
  closers.push(() => server.stop(true));
  await Bun.connect<Channel>({ unix: join(dir, "s"), data: b, socket: Channel.socketHandler });
  return { a, b, dropped, path: join(dir, "s") };
}

test("notes arrive whole and in order, whatever their size", async () => {
  const got: unknown[] = [];
  const last = Promise.withResolvers<void>();
  const { b } = await joined({
    note: (name, body) => {
      if (name === "last") last.resolve();
      else got.push(body);
    },
  });
  const sent = Array.from({ length: 300 }, (_, i) => ({ i, text: `${i}\n"\u{1F512}`.repeat((i * 37) % 2_000) }));
  for (const body of sent) b.note("some", body);
  b.note("last", null);
  await last.promise;
  expect(got).toEqual(sent);
});

test("questions are answered both ways; a refusal comes back as a sentence", async () => {
  const { a, b } = await joined(
    { ask: (name, body) => (name === "no" ? Promise.reject(new Error("not today")) : Promise.resolve([name, body])) },
    { ask: () => Promise.resolve("from the worker") },
  );
  expect(await b.ask("yes", 7)).toEqual(["yes", 7]);
  const refused: unknown = await b.ask("no").catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "unavailable", message: expect.stringContaining("not today") });
  expect(await a.ask("x")).toBe("from the worker");
});

test("when the other end goes, every open question is answered, and later ones at once", async () => {
  const gone = Promise.withResolvers<void>();
  const { a, b } = await joined({ ask: () => new Promise(() => {}) }, { closed: () => gone.resolve() });
  const open = b.ask("never").catch((error: unknown) => error);
  a.close();
  await gone.promise;
  expect(await open).toMatchObject({ code: "unavailable" });
  expect(await b.ask("never").catch((error: unknown) => error)).toMatchObject({ code: "unavailable" });
});

test("an end that does not read costs bounded room: the rest is dropped and counted", async () => {
  const { a, b, dropped } = await joined({
    // The parent stands still as long as this takes.
    note: () => Bun.sleepSync(5),
  });
  const big = "x".repeat(1024 * 1024);
  for (let i = 0; i < 40; i++) b.note("big", big);
  expect(dropped.count).toBeGreaterThan(15);
  expect(dropped.count).toBeLessThan(30);
  b.note("too big", "x".repeat(5 * 1024 * 1024));
  expect(dropped.count).toBeGreaterThan(16);
  a.close();
});

test("property: what a worker is told comes back as it was, secrets and all", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, secret) => {
      fc.pre(!JSON.stringify(value).includes("$secret") && !JSON.stringify(value).includes("__proto__"));
      const back = unpackBoot<{ value: unknown; url: Secret; none?: string }>(
        JSON.parse(JSON.stringify(packBoot({ value, url: new Secret(secret), none: undefined }))),
      );
      expect(back.value).toEqual(JSON.parse(JSON.stringify(value)));
      expect(back.url).toBeInstanceOf(Secret);
      expect(back.url.reveal()).toBe(secret);
      expect(back.none).toBeUndefined();
    }),
  );
});
