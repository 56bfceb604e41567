import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { rejectionOf } from "../../../test/harness/rejection.ts";
import { rssBytes } from "../../../test/harness/processes.ts";
import { systemClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import { connectClickHouse } from "../stores/clickhouse.ts";
import { chooseAccounts } from "./account.ts";
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from "./clickhouse.ts";
import { developmentPrograms } from "./development.ts";

let dir = "";
let engine: EmbeddedClickHouse;
let client: ClickHouseClient;

async function start(): Promise<void> {
  const account = (await chooseAccounts(process.getuid?.() ?? 0))?.server;
  engine = await startEmbeddedClickHouse({
    dataDir: dir,
    programs: developmentPrograms(),
    account,
    clock: systemClock,
    log: silentLog,
  });
  client = connectClickHouse(engine.target);
}

async function stop(): Promise<void> {
  await client.close();
  await engine[Symbol.asyncDispose]();
}

async function rows<T>(query: string): Promise<T[]> {
  return (await client.query({ query, format: "JSONEachRow" })).json<T>();
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "telovix-clickhouse-"));
  await start();
  await client.command({
    query: "CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS fsync_after_insert = 1",
  });
});
afterAll(async () => {
  await stop();
  await rm(dir, { recursive: true, force: true });
});

async function isGone(pid: number): Promise<boolean> {
  const state = await Bun.file(`/proc/${pid}/stat`)
    .text()
    .catch(() => "");
  return state === "" || /\) Z /.test(state);
}

describe("embedded ClickHouse", () => {
  test("killed with -9 it comes back on the same data, and every acknowledged row is there", async () => {
    const before = engine.server.state;
    const acknowledged: number[] = [];
    let failed = false;
    const writing = (async () => {
      for (let n = 0; !failed; n++) {
        try {
          await client.insert({ table: "kept", values: [{ n }], format: "JSONEachRow" });
          acknowledged.push(n);
          if (n === 20) process.kill(before.pid!, "SIGKILL");
        } catch {
          failed = true;
        }
      }
    })();
    await writing;
    await engine.server.until((s) => s.status === "running" && s.pid !== before.pid);
    const stored = new Set((await rows<{ n: number }>("SELECT n FROM kept")).map((row) => row.n));
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(acknowledged.filter((n) => !stored.has(n))).toEqual([]);
    expect(engine.server.state.restarts).toBe(before.restarts + 1);
  });

  test("inserts go through while every place for questions is taken", async () => {
    const slow = Array.from({ length: 20 }, () =>
      // Long enough for an insert that a busy machine lets wait.
      rows("SELECT sleepEachRow(0.05) FROM numbers(40) SETTINGS max_block_size = 1"),
    );
    let finished = 0;
    for (const question of slow) void question.finally(() => finished++);
    await client.insert({ table: "kept", values: [{ n: 1_000_000 }], format: "JSONEachRow" });
    expect(finished).toBe(0);
    await Promise.all(slow);
  });

  test("streams a large answer in bounded memory", async () => {
    const stream = async (rowsOf1Kb: number): Promise<number> => {
      const query = `SELECT repeat('x', 1000) AS x FROM numbers(${rowsOf1Kb})`;
      let count = 0;
      for await (const batch of (await client.query({ query, format: "JSONEachRow" })).stream()) count += batch.length;
      expect(count).toBe(rowsOf1Kb);
      return rssBytes(engine.server.state.pid!);
    };
    // The first fills the allocator's pools; another, larger, finds them sufficient.
    const before = await stream(200_000);
    expect((await stream(500_000)) - before).toBeLessThan(200e6);
  }, 30_000);

  test("takes binary formats in and gives them out", async () => {
    const body = Buffer.alloc(16);
    body.writeBigUInt64LE(0x0a0d_0027_5cff_0001n, 0);
    body.writeBigUInt64LE(2_000_000n, 8);
    const url = "http://embedded.invalid/?database=telovix&query=INSERT%20INTO%20kept%20FORMAT%20RowBinary";
    const { socketPath } = engine.target as { socketPath: string };
    const response = await fetch(url, { method: "POST", body, unix: socketPath });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(await rows("SELECT n FROM kept WHERE n = 2000000")).toEqual([{ n: 2_000_000 }]);
    const out = await fetch("http://embedded.invalid/?database=telovix", {
      method: "POST",
      body: "SELECT toUInt64(7) FORMAT RowBinary",
      unix: socketPath,
    });
    expect(Buffer.from(await out.arrayBuffer()).readBigUInt64LE()).toBe(7n);
  });

  test("nothing behind rows runs as a statement, whatever they hold; all rows of a request are kept or none", async () => {
    const { socketPath } = engine.target as { socketPath: string };
    const insert = async (
      body: string | Uint8Array<ArrayBuffer>,
      format = "JSONEachRow",
    ): Promise<[number, string]> => {
      const query = encodeURIComponent(`INSERT INTO kept FORMAT ${format}`);
      const url = `http://embedded.invalid/?database=telovix&query=${query}`;
      const response = await fetch(url, { method: "POST", body, unix: socketPath });
      return [response.status, await response.text()];
    };
    for (const body of ['{"n":3000001}\n\nDROP TABLE kept', "\nDROP TABLE kept", '{"n":3000001}\n{"n":"many"}\n']) {
      const [status, text] = await insert(body);
      expect([status, text.slice(0, 8)]).toEqual([400, "Code: 27"]);
    }
    expect(await rows("SELECT n FROM kept WHERE n = 3000001")).toEqual([]);
    expect(await insert('{"n":3000001}\n\n{"n":3000002}')).toEqual([200, ""]);
    // A binary value that is two line feeds and a statement: 0x0a0a, then "DROP T".
    const body = Buffer.concat([Buffer.from("\n\nDROP T"), Buffer.from("ABLE kep")]);
    expect(await insert(Uint8Array.from(body), "RowBinary")).toEqual([200, ""]);
    const values = [3_000_001n, 3_000_002n, body.readBigUInt64LE(0), body.readBigUInt64LE(8)];
    const found = await rows<{ total: number }>(`SELECT count() AS total FROM kept WHERE n IN (${values.join(", ")})`);
    expect(found).toEqual([{ total: values.length }]);
    const [status, text] = await insert("{}", "JSONEachRow SETTINGS max_threads = 1");
    expect([status, text]).toEqual([400, expect.stringContaining("Only INSERT INTO") as string]);
  });

  test("every thread of it steps back behind the Console and PostgreSQL", async () => {
    await client.insert({ table: "kept", values: [{ n: 5_000_000 }], format: "JSONEachRow" });
    const tasks = `/proc/${engine.server.state.pid!}/task`;
    const nice = (await readdir(tasks)).map((thread) => getPriority(Number(thread)));
    expect(nice.length).toBeGreaterThan(5);
    expect(new Set(nice)).toEqual(new Set([getPriority() + 5]));
  });

  test("words its errors as ClickHouse does", async () => {
    const error = await rejectionOf(client.query({ query: "SELECT * FROM nowhere" }));
    expect(error).toMatchObject({ code: "60", type: "UNKNOWN_TABLE" });
  });

  test("settings of one request do not reach the next", async () => {
    const query = "SELECT toString(getSetting('max_block_size')) AS size";
    const ask = async (settings: Record<string, number>): Promise<unknown> =>
      (await client.query({ query, format: "JSONEachRow", clickhouse_settings: settings })).json();
    expect(await ask({ max_block_size: 7 })).toEqual([{ size: "7" }]);
    expect(await ask({})).not.toEqual([{ size: "7" }]);
  });

  test("settings of an insert do not reach the next one, nor what went wrong with it", async () => {
    const insert = (values: object[], skip?: 0 | 1): Promise<unknown> =>
      client.insert({
        table: "kept",
        values,
        format: "JSONEachRow",
        ...(skip === undefined ? {} : { clickhouse_settings: { input_format_skip_unknown_fields: skip } }),
      });
    const odd = [{ n: 4_000_000, odd: 1 }];
    for (let round = 0; round < 2; round++) {
      await insert(odd, 1);
      expect(await rejectionOf(insert(odd, 0))).toMatchObject({ code: "117" });
      await insert([{ n: 4_000_000 }], 0);
      await insert(odd);
    }
    expect(await rows("SELECT count() AS total FROM kept WHERE n = 4000000")).toEqual([{ total: 6 }]);
  });

  test("ends cleanly, and dies with a parent that was killed", async () => {
    const pid = engine.server.state.pid!;
    await stop();
    expect(await isGone(pid)).toBe(true);
    const [program, main] = developmentPrograms().clickhouseCommand;
    const child = [
      "--addon",
      developmentPrograms().clickhouseAddon,
      "--path",
      join(dir, "orphan"),
      "--socket",
      join(dir, "o.sock"),
    ];
    child.push("--config", join(dir, "clickhouse/config.xml"), "--database", "telovix");
    const script = `const c = Bun.spawn([${[program, main, ...child, "--parent"].map((a) => JSON.stringify(a)).join(",")}, String(process.pid)]); console.log(c.pid); await c.exited;`;
    const parent = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "ignore" });
    const reader = parent.stdout.getReader();
    const childPid = Number(new TextDecoder().decode((await reader.read()).value));
    while (!(await stat(join(dir, "o.sock")).catch(() => undefined))) expect(await isGone(childPid)).toBe(false);
    parent.kill("SIGKILL");
    while (!(await isGone(childPid))) await new Promise(setImmediate);
    await start();
    expect((await rows<{ n: number }>("SELECT count() AS n FROM kept"))[0]!.n).toBeGreaterThan(20);
  });
});
