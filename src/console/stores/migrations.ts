import { AppError } from "../../core/error.ts";
import { sha256Hex } from "../../core/ids.ts";

/** One numbered SQL file. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

/** What a database says it has applied. */
export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly sha256: string;
}

const FILE = /^(\d{4})_([a-z][a-z0-9]*(?:_[a-z0-9]+)+)\.sql$/;

/** File name → text, in order of their numbers. Throws on a bad name, a gap or a number used twice. */
export function parseMigrations(files: Readonly<Record<string, string>>): readonly Migration[] {
  const migrations = Object.entries(files).map(([file, sql]) => {
    const match = FILE.exec(file);
    if (!match) throw new Error(`${file}: a migration is called NNNN_verb_noun.sql`);
    return { version: Number(match[1]), name: match[2]!, sql, sha256: sha256Hex(sql) };
  });
  migrations.sort((a, b) => a.version - b.version || a.name.localeCompare(b.name));
  for (const [i, { version, name }] of migrations.entries()) {
    if (version < i + 1) throw new Error(`migration number ${version} (${name}) is used twice`);
    if (version > i + 1) throw new Error(`migration number ${i + 1} is missing`);
  }
  return migrations;
}

/**
 * The migrations still to run. Rejects a database that is newer than this binary, and one whose applied files differ from ours:
 * both mean that its shape is not the one the code was written for.
 */
export function pendingMigrations(
  store: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] {
  const done = new Set<number>();
  for (const { version, name, sha256 } of applied) {
    const own = migrations[version - 1];
    if (!own)
      throw new AppError("conflict", `the ${store} database is newer than this binary (it has ${version}_${name})`, {
        hint: "start a Console at least as new as the one that ran before; migrations only go forward",
      });
    if (own.sha256 !== sha256)
      throw new AppError("conflict", `${store} migration ${version}_${own.name} is not the one that was applied`, {
        hint: "this binary was built from other sources; use the release that made this database",
      });
    done.add(version);
  }
  return migrations.filter(({ version }) => !done.has(version));
}
