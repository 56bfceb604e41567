import { mkdir, readFile, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { sha256Hex } from "../../src/core/ids.ts";
import { parseMigrations } from "../../src/console/stores/migrations.ts";
import { readSqlFiles } from "../sql-files.ts";
import { EMBED_DIR, ENGINE_ARCHIVE, MANIFEST_FILE, ROOT, UI_DIR } from "./paths.ts";
import { buildPacks, packFile } from "./packs.ts";
import { uiFiles } from "./ui.ts";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".png": "image/png",
};

/** Collects the imports of files and gives the expression that describes each. */
class Imports {
  readonly lines: string[] = [];

  async file(path: string, from: string): Promise<string> {
    const bytes = await readFile(path);
    const name = `file${this.lines.length}`;
    this.lines.push(`import ${name} from "${from}" with { type: "file" };`);
    return `{ file: ${name}, sizeBytes: ${bytes.length}, sha256: "${sha256Hex(bytes)}" }`;
  }
}

async function assetExpressions(imports: Imports): Promise<string[]> {
  const names = await uiFiles();
  const has = new Set(names);
  const expressions: string[] = [];
  for (const name of names.filter((n) => !/\.(gz|zst)$/.test(n))) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (!contentType) throw new Error(`embed/ui/${name}: what kind of file is it?`);
    const file = (suffix: string): Promise<string> =>
      imports.file(join(UI_DIR, name + suffix), `./ui/${name}${suffix}`);
    const gzip = has.has(`${name}.gz`) ? await file(".gz") : "undefined";
    const zstd = has.has(`${name}.zst`) ? await file(".zst") : "undefined";
    const fields = [`...${await file("")}`, `path: "/${name}"`, `contentType: "${contentType}"`];
    fields.push(`immutable: ${name.startsWith("assets/")}`, `gzip: ${gzip}`, `zstd: ${zstd}`);
    expressions.push(`    { ${fields.join(", ")} },`);
  }
  return expressions;
}

async function sqlExpression(store: "postgres" | "clickhouse"): Promise<string> {
  const files = await readSqlFiles(ROOT, store);
  parseMigrations(files);
  return JSON.stringify(files, null, 2);
}

async function packExpressions(imports: Imports): Promise<string[]> {
  const expressions: string[] = [];
  for (const pack of await buildPacks()) {
    const file = await imports.file(packFile(pack), `./plans/${pack.id}.json.zst`);
    expressions.push(`    { ...${JSON.stringify(pack)}, file: ${file} },`);
  }
  return expressions;
}

/** Writes embed/manifest.ts from what is there: SQL and packs always, UI and engine when they were built. Untouched when nothing changed. */
export async function writeManifest(): Promise<void> {
  const imports = new Imports();
  const assets = await assetExpressions(imports);
  const packs = await packExpressions(imports);
  const engine = (await Bun.file(ENGINE_ARCHIVE).exists())
    ? await imports.file(ENGINE_ARCHIVE, "./engine.tar.zst")
    : "undefined";
  const text = `// @ts-nocheck: imports of files have no types. Written by build.ts; do not edit.
import type { Manifest } from "../src/core/payload/embedded-files.ts";
${imports.lines.join("\n")}

export const manifest: Manifest = {
  postgresMigrations: ${await sqlExpression("postgres")},
  clickhouseMigrations: ${await sqlExpression("clickhouse")},
  uiAssets: [
${assets.join("\n")}
  ],
  packs: [
${packs.join("\n")}
  ],
  engine: ${engine},
};
`;
  await mkdir(EMBED_DIR, { recursive: true });
  if ((await readFile(MANIFEST_FILE, "utf8").catch(() => "")) !== text) await writeFile(MANIFEST_FILE, text);
}
