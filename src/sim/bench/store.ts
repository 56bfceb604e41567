import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../core/clock.ts";
import type { StoredEvents } from "../check/store.ts";

const LOOK_MS = 1_000;
const IDLE_LIMIT_MS = 60_000;

/** Until the engine has nothing left to do: what was sent is stored, and merged as far as it will be for now. Gives up after a minute. */
async function untilIdle(store: StoredEvents, signal: AbortSignal): Promise<void> {
  let before = "";
  for (const startMs = performance.now(); performance.now() - startMs < IDLE_LIMIT_MS;) {
    const [now] = await store.rows<{ merges: number; rows: number }>(
      `SELECT (SELECT count() FROM system.merges) AS merges,
        (SELECT sum(rows) FROM system.parts WHERE active AND database = currentDatabase() AND table = 'runtime_events') AS rows`,
    );
    const text = JSON.stringify(now);
    if (now?.merges === 0 && text === before) return;
    before = text;
    await systemClock.sleep(LOOK_MS, signal);
    signal.throwIfAborted();
  }
}

const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, "\\$&")}'`;

/**
 * Rows a second that the engine alone inserts: so many of the stored rows as JSON lines, into a table of the same kind, median of `times`. From a
 * file on its host, which it reads on all cores (a body on one), when it has nothing else to do, and after a first insert that does not count.
 */
export async function measureAlone(
  store: StoredEvents,
  options: { readonly rows: number; readonly times: number },
  signal: AbortSignal,
): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), "telovix-alone-"));
  try {
    // The engine runs as somebody else.
    await chmod(dir, 0o755);
    const path = join(dir, "rows.jsonl");
    const lines = await store.query(`SELECT * FROM runtime_events LIMIT ${options.rows} FORMAT JSONEachRow`);
    await writeFile(path, lines);
    const columns = await store.rows<{ name: string; type: string }>(
      `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'runtime_events'
       AND default_kind NOT IN ('MATERIALIZED', 'ALIAS') ORDER BY position`,
    );
    const names = columns.map(({ name }) => name).join(", ");
    const types = quoted(columns.map(({ name, type }) => `${name} ${type}`).join(", "));
    const insert = `INSERT INTO bench_alone (${names}) SELECT ${names} FROM file(${quoted(path)}, 'JSONEachRow', ${types})`;
    await untilIdle(store, signal);
    const tookMs: number[] = [];
    for (let i = 0; i <= options.times; i++) {
      await store.query("CREATE OR REPLACE TABLE bench_alone AS runtime_events");
      const startMs = performance.now();
      await store.query(insert);
      if (i > 0) tookMs.push(performance.now() - startMs);
      signal.throwIfAborted();
    }
    const median = tookMs.toSorted((a, b) => a - b)[options.times >> 1]!;
    return (lines.split("\n").length - 1) / (median / 1000);
  } finally {
    await store.query("DROP TABLE IF EXISTS bench_alone").catch(() => {});
    await rm(dir, { recursive: true, force: true });
  }
}
