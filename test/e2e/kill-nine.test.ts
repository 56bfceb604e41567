import { describe, expect, test } from "bun:test";
import type { EventSearchResult } from "../../src/core/api/events.ts";
import type { SensorList } from "../../src/core/api/sensors.ts";
import { randomHex } from "../../src/core/ids.ts";
import { signalTo } from "../../src/sim/scenario/processes.ts";
import { ApiClient, eventually, startBuiltConsole, type BuiltConsole } from "../harness/built-console.ts";
import { kernelRefusesBpf } from "../harness/kernel.ts";
import { numberedExecs } from "../harness/numbered-execs.ts";
import { pidsWith } from "../harness/processes.ts";

const refused = await kernelRefusesBpf();
if (refused) process.stderr.write(`SKIPPED: kill -9 under a stream of executions: ${refused}\n`);

async function seen(api: ApiClient, mark: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  let cursor = "";
  do {
    const page = await api.get<EventSearchResult>(
      `/api/v1/events?kind=process_exec&q=${mark}&since=1h&limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    for (const event of page.events) {
      const number = new RegExp(`${mark}-(\\d+)`).exec(event.process_arguments)?.[1];
      if (number) found.set(number, (found.get(number) ?? 0) + 1);
    }
    cursor = page.next_cursor ?? "";
  } while (cursor);
  return found;
}

/** Kills one part and waits until the installation has put it back. */
async function killAndWait(home: BuiltConsole, words: readonly string[]): Promise<void> {
  const before = await eventually(async () => {
    const pids = await pidsWith(home.dataDir, ...words);
    return pids.length > 0 ? pids : undefined;
  });
  // A server's helper may end between the look and the signal.
  for (const pid of before) signalTo(pid, "SIGKILL");
  await eventually(async () =>
    (await pidsWith(home.dataDir, ...words)).some((pid) => !before.includes(pid)) ? true : undefined,
  );
}

describe("kill -9 of every part under a stream of executions", () => {
  test.skipIf(Boolean(refused))(
    "every execution is found exactly once afterwards",
    async () => {
      await using home = await startBuiltConsole(["--local-sensor"]);
      const [link] = await home.printed(/https:\/\/[^\s"]+\/setup#[A-Za-z0-9_-]+/);
      let api = new ApiClient(home.url);
      await api.setUp(link.replace(/^https:\/\/[^/]+/, home.url));
      await eventually(async () => {
        const { sensors } = await api.get<SensorList>("/api/v1/sensors");
        return sensors.find((s) => s.runtime_state === "running");
      });
      const mark = `kill${randomHex(6)}`;
      const execs = await numberedExecs(home.dir, mark);
      await eventually(async () => ((await seen(api, mark)).size > 2 ? true : undefined));
      const later = (n: number) => eventually(async () => (execs.count() >= n ? true : undefined));

      for (const part of [
        ["telovix-engine run"],
        ["telovix sensor run"],
        ["telovix internal clickhouse"],
        ["/postgres/bin/postgres -D"],
      ]) {
        process.stdout.write(`kill -9: ${part.join(" ")}\n`);
        await killAndWait(home, part);
        await later(execs.count() + 8);
      }
      process.stdout.write("kill -9: the Console\n");
      const before = home.output();
      await home.kill("SIGKILL");
      await later(execs.count() + 4);
      await home.restart();
      await later(execs.count() + 8);
      const total = await execs.stop();

      api = new ApiClient(home.url);
      await eventually(async () => (await api.signIn(), true));
      // The last one is there: what came before it has arrived, or never will.
      await eventually(async () => ((await seen(api, mark)).has(String(total)) ? true : undefined));
      const found = await seen(api, mark);
      const missing = Array.from({ length: total }, (_, i) => String(i + 1)).filter((n) => !found.has(n));
      if (missing.length > 0) {
        const losses = await api.get("/api/v1/loss?since=1h").catch(String);
        const times = missing.map((n) => `${n} (${new Date(execs.atMs(Number(n))).toISOString()})`);
        process.stderr.write(
          `${before}${home.output()}\nledger: ${JSON.stringify(losses).slice(0, 4_000)}\nmissing: ${times.join(" ")}\n`,
        );
      }
      expect({ missing, twice: [...found].filter(([, times]) => times > 1) }).toEqual({ missing: [], twice: [] });
      process.stdout.write(
        `${total} executions, each found once, after kill -9 of engine, sensor, ClickHouse, PostgreSQL and Console\n`,
      );
    },
    240_000,
  );
});
