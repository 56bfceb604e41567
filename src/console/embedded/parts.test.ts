import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { rejectionOf } from "../../../test/harness/rejection.ts";
import { chooseAccounts } from "./account.ts";
import { literal } from "../stores/ddl.ts";
import { describeException, isStreamable, parseChdbRequest } from "./chdb-request.ts";
import { clickhouseConfig, engineMemoryBytes, engineReserveBytes } from "./clickhouse-config.ts";
import { Lane } from "./lane.ts";
import { lockDirectory } from "./lock.ts";

let dir = "";
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), "telovix-parts-"))));
afterAll(() => rm(dir, { recursive: true, force: true }));

const never = new AbortController().signal;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("chooseAccounts", () => {
  test("needs no other account when we are not root", async () => {
    expect(await chooseAccounts(1000)).toBeUndefined();
  });

  test("takes the user telovix where there is one, else a number nobody has", async () => {
    const passwd = join(dir, "passwd");
    await writeFile(passwd, "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n");
    expect(await chooseAccounts(0, passwd)).toEqual({
      server: { uid: 60_787, gid: 60_787 },
      named: { uid: 65_534, gid: 65_534 },
    });
    await writeFile(passwd, "nobody:x:65534:65534::/:/bin/false\ntelovix:x:998:997::/:/bin/false\n");
    expect((await chooseAccounts(0, passwd))?.server).toEqual({ uid: 998, gid: 997 });
    await writeFile(passwd, "root:x:0:0::/:/bin/sh\n");
    expect(await rejectionOf(chooseAccounts(0, passwd))).toMatchObject({ code: "unavailable" });
  });
});

describe("lockDirectory", () => {
  test("lets one Console in, names the holder to the next, and gives way after it", async () => {
    const lock = await lockDirectory(dir);
    expect(String(await rejectionOf(lockDirectory(dir)))).toContain(`process ${process.pid}`);
    await lock[Symbol.asyncDispose]();
    await (await lockDirectory(dir))[Symbol.asyncDispose]();
  });

  test("takes over from a dead holder, also when its number lives on in another process", async () => {
    for (const text of ["999999999 1", `${process.pid} 1`, "", "garbage"]) {
      await writeFile(join(dir, "console.lock"), text);
      await (await lockDirectory(dir))[Symbol.asyncDispose]();
    }
    expect((await readdir(dir)).filter((name) => name.startsWith("console.lock"))).toEqual([]);
  });
});

describe("Lane", () => {
  test("lets in as many as it has places, in order, and never more than may wait", async () => {
    const lane = new Lane(1, 2);
    const order: number[] = [];
    const leave = await lane.enter(never);
    const second = lane.enter(never).then((l) => (order.push(2), l));
    const third = lane.enter(never).then((l) => (order.push(3), l));
    expect(String(await rejectionOf(lane.enter(never)))).toContain("TOO_MANY_SIMULTANEOUS_QUERIES");
    leave();
    leave();
    (await second)();
    (await third)();
    expect(order).toEqual([2, 3]);
    await lane.drain();
  });

  test("forgets a waiter who gave up", async () => {
    const lane = new Lane(1, 5);
    const leave = await lane.enter(never);
    const controller = new AbortController();
    const waiting = lane.enter(controller.signal);
    controller.abort(new Error("gone"));
    expect(String(await rejectionOf(waiting))).toContain("gone");
    leave();
    (await lane.enter(never))();
    await lane.drain();
  });
});

describe("parseChdbRequest", () => {
  const parse = (query: string, body = ""): ReturnType<typeof parseChdbRequest> =>
    parseChdbRequest(new URL(`http://x/?${query}`), bytes(body));

  test("takes statement, rows, parameters and settings apart", () => {
    const url =
      "query=INSERT+INTO+t+FORMAT+JSONEachRow&database=d&param_tenant_id=1&max_threads=2&wait_end_of_query=1&query_id=q";
    expect(parse(url, '{"a":1}')).toEqual({
      sql: "INSERT INTO t FORMAT JSONEachRow",
      data: bytes('{"a":1}'),
      format: "TabSeparated",
      database: "d",
      queryId: "q",
      params: Object.assign(Object.create(null) as object, { tenant_id: "1" }),
      settings: ["max_threads = '2'"],
    });
    expect(parse("default_format=CSV", "SELECT 1")).toMatchObject({ sql: "SELECT 1", data: undefined, format: "CSV" });
  });

  test("refuses names that are none, and an empty statement", () => {
    expect(() => parse("max_threads%3D1%2Cx=2", "SELECT 1")).toThrow("UNKNOWN_SETTING");
    expect(() => parse("param_a-b=2", "SELECT 1")).toThrow("UNKNOWN_SETTING");
    expect(() => parse("")).toThrow("Empty query");
  });

  test("quotes so that no text ends its literal", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => /^'(?:[^'\\\0]|\\.)*'$/su.test(literal(text))));
  });

  test("streams only what has no header", () => {
    expect(isStreamable("SELECT 1 FORMAT JSONEachRow", "TabSeparated")).toBe(true);
    expect(isStreamable("WITH x AS (SELECT 1) SELECT * FROM x", "CSV")).toBe(true);
    expect(isStreamable("SELECT 1 FORMAT JSON", "CSV")).toBe(false);
    expect(isStreamable("SHOW TABLES", "CSV")).toBe(false);
  });

  test("finds code and status in an engine's words", () => {
    expect(describeException(new Error("Error: Code: 60. DB::Exception: no. (UNKNOWN_TABLE)"))).toEqual({
      code: 60,
      status: 404,
      text: "Code: 60. DB::Exception: no. (UNKNOWN_TABLE)",
    });
    expect(describeException("bang")).toMatchObject({ code: 1001, status: 500 });
  });
});

test("the engine's memory is a quarter of the host's, within bounds", () => {
  expect(engineMemoryBytes(1e9)).toBe(512 * 1024 * 1024);
  expect(engineMemoryBytes(8 * 1024 ** 3)).toBe(2 * 1024 ** 3);
  expect(engineMemoryBytes(1e12)).toBe(4 * 1024 ** 3);
  const config = clickhouseConfig(5, engineReserveBytes(1e12));
  expect(config).toContain("<max_server_memory_usage>5</max_server_memory_usage>");
  expect(config).toMatch(/<merge_tree>\s*<merge_selector_base>24</);
  expect(config).toContain("<keep_free_space_bytes>100000000</keep_free_space_bytes>");
  expect(engineReserveBytes(800e6)).toBe(25e6);
});
