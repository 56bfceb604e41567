import type { Sql } from "postgres";
import { AppError } from "../../core/error.ts";
import type { Check, Report } from "./report.ts";
import {
  clearState,
  dropMarker,
  findMarker,
  fingerprintState,
  holdsInstallation,
  listStateTables,
  readSequences,
  readState,
  seeAll,
  setMarker,
  writeSequences,
  writeState,
  type StateTable,
} from "./store-state.ts";

const SNAPSHOT = "ISOLATION LEVEL REPEATABLE READ READ ONLY";

/** Both ends of a copy of the state, migrated to the same schema; neither is used by a Console. */
export interface StateEnds {
  readonly source: Sql;
  readonly target: Sql;
  /** Names the source in the target while the copy is under way. */
  readonly sourceName: string;
}

/** A copy from this source into that target was begun and did not get to its end. */
export const isStateUnderWay = async ({ target, sourceName }: StateEnds): Promise<boolean> =>
  (await findMarker(target)) === sourceName;

async function begin({ target, sourceName }: StateEnds, tables: readonly StateTable[]): Promise<void> {
  const marker = await findMarker(target);
  if (marker === sourceName) return;
  if (marker !== undefined)
    throw new AppError(
      "conflict",
      `the PostgreSQL database holds an unfinished copy of another installation (${marker})`,
      {
        hint: "Finish that one, or use an empty database.",
      },
    );
  await target.begin(async (tx) => {
    await seeAll(tx);
    if (await holdsInstallation(tx))
      throw new AppError("conflict", "the PostgreSQL database already holds an installation", {
        hint: "Use an empty database (or an empty schema). To compare the two instead, add --verify-only.",
      });
    await clearState(tx, tables);
    await setMarker(tx, sourceName);
  });
}

/**
 * Copies all state, table by table, each in a transaction: a table is there whole or not at all, so a killed copy goes on where it
 * was. Tenants are kept apart as always: the role that copies is bound by row-level security too.
 */
export async function copyState(ends: StateEnds, report: Report): Promise<void> {
  const { source, target } = ends;
  const tables = await listStateTables(source);
  await begin(ends, tables);
  await source.begin(SNAPSHOT, async (from) => {
    await seeAll(from);
    for (const table of tables) {
      const want = await fingerprintState(from, table);
      const copied = await target.begin(async (into) => {
        await seeAll(into);
        const have = await fingerprintState(into, table);
        if (have.rows === want.rows && have.hash === want.hash) return false;
        if (have.rows > 0)
          throw new AppError(
            "conflict",
            `${table.name} differs from what was copied before: the source has changed since`,
            {
              hint: "Empty the PostgreSQL database and begin again; the Console must stay stopped meanwhile.",
            },
          );
        for await (const rows of readState(from, table)) await writeState(into, table, rows);
        const now = await fingerprintState(into, table);
        if (now.hash !== want.hash || now.rows !== want.rows)
          throw new AppError("internal", `${table.name} did not arrive as it was sent`, {
            hint: "Nothing of it was kept. Try again; if it stays so, both servers' versions belong into a report.",
          });
        return true;
      });
      await report.progress({ store: "postgresql", table: table.name, rows: want.rows, copied });
    }
    const sequences = await readSequences(from);
    await target.begin((into) => writeSequences(into, sequences));
  });
}

/** Compares every table by count and hash. */
export async function verifyState({ source, target }: StateEnds): Promise<Check[]> {
  const checks: Check[] = [];
  const tables = await listStateTables(source);
  await source.begin(SNAPSHOT, async (from) => {
    await seeAll(from);
    await target.begin(SNAPSHOT, async (into) => {
      await seeAll(into);
      for (const table of tables) {
        const [want, have] = [await fingerprintState(from, table), await fingerprintState(into, table)];
        const ok = want.rows === have.rows && want.hash === have.hash;
        checks.push({ store: "postgresql", table: table.name, ok, source_rows: want.rows, target_rows: have.rows });
      }
      const [want, have] = [await readSequences(from), await readSequences(into)];
      for (const [name, last] of Object.entries(want)) {
        const ok = Number(have[name] ?? 0) >= Number(last);
        checks.push({
          store: "postgresql",
          table: `sequence ${name}`,
          ok,
          source_rows: Number(last),
          target_rows: Number(have[name] ?? 0),
        });
      }
    });
  });
  return checks;
}

/** Takes the note of the copy away: from now on the target is an installation. */
export const endState = ({ target }: StateEnds): Promise<void> => dropMarker(target);
