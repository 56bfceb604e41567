import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, extname, join, relative } from "node:path";
import { gzipSync, zstdCompressSync, constants } from "node:zlib";
import type { BunPlugin } from "bun";
import { sha256Hex } from "../../src/core/ids.ts";
import { CACHE_DIR, EMBED_DIR, ROOT, UI_DIR } from "./paths.ts";
import { hashInputs, once } from "./stamp.ts";

const SOURCE = join(ROOT, "src/ui");
const COMPRESSED = new Set([".js", ".css", ".svg", ".html"]);

/** Fonts as files of their own: the bundler would put them into the style sheet as data URLs, which the CSP refuses. */
function fontFiles(fonts: Map<string, Uint8Array>): BunPlugin {
  return {
    name: "font files",
    setup(build) {
      build.onResolve({ filter: /\.woff2$/ }, async ({ path, importer }) => {
        const source = path.startsWith(".") ? join(importer, "..", path) : Bun.resolveSync(path, SOURCE);
        const bytes = await readFile(source);
        const name = `${basename(source, ".woff2")}-${sha256Hex(bytes).slice(0, 8)}.woff2`;
        fonts.set(name, bytes);
        return { path: `/assets/${name}`, external: true };
      });
    },
  };
}

/** Strict CSP: nothing inline. Checked here, where the mistake is made, and not by a browser that stays blank. */
function assertNothingInline(html: string): void {
  const inline = /<style\b|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i.exec(html);
  if (inline) throw new Error(`index.html has inline code or style (${inline[0].trim()}), which the CSP refuses`);
}

/** Bundles the interface into a directory; with the development pages when `dev`, for previews and tests. */
export async function bundleUi(outdir: string, dev: boolean): Promise<void> {
  const fonts = new Map<string, Uint8Array>();
  await mkdir(join(outdir, "assets"), { recursive: true });
  const result = await Bun.build({
    entrypoints: [join(SOURCE, "index.html")],
    target: "browser",
    minify: true,
    splitting: false,
    sourcemap: "none",
    publicPath: "/assets/",
    naming: { entry: "[name].[ext]", chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
    define: { TELOVIX_UI_DEV: String(dev), "process.env.NODE_ENV": '"production"' },
    plugins: [fontFiles(fonts)],
  });
  for (const output of result.outputs) {
    const name = basename(output.path);
    const bytes = new Uint8Array(await output.arrayBuffer());
    if (name === "index.html") assertNothingInline(new TextDecoder().decode(bytes));
    await writeFile(name === "index.html" ? join(outdir, name) : join(outdir, "assets", name), bytes);
  }
  for (const [name, bytes] of fonts) await writeFile(join(outdir, "assets", name), bytes);
}

async function compress(draft: string): Promise<void> {
  for (const found of await readdir(draft, { recursive: true, withFileTypes: true })) {
    if (!found.isFile() || !COMPRESSED.has(extname(found.name))) continue;
    const path = join(found.parentPath, found.name);
    const bytes = await readFile(path);
    const variants = {
      gz: gzipSync(bytes, { level: 9 }),
      zst: zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 19 } }),
    };
    for (const [suffix, small] of Object.entries(variants))
      if (small.length < bytes.length * 0.9) await writeFile(`${path}.${suffix}`, small);
  }
}

/** Bundles src/ui into embed/ui: the page, assets with hashed names, and their compressed twins. */
export async function buildUi(): Promise<void> {
  const inputs = [SOURCE, join(ROOT, "src/core"), join(ROOT, "package-lock.json"), join(import.meta.dir, "ui.ts")];
  const key = await hashInputs(inputs, [Bun.version]);
  await once("ui", key, [join(UI_DIR, "index.html")], async () => {
    const draft = join(CACHE_DIR, `ui.${process.pid}`);
    await rm(draft, { recursive: true, force: true });
    await bundleUi(draft, false);
    await compress(draft);
    await mkdir(EMBED_DIR, { recursive: true });
    await rm(UI_DIR, { recursive: true, force: true });
    await rename(draft, UI_DIR);
  });
}

/** Files of the built UI, relative to embed/ui. */
export async function uiFiles(): Promise<string[]> {
  const found = await readdir(UI_DIR, { recursive: true, withFileTypes: true }).catch(() => []);
  return found
    .filter((f) => f.isFile())
    .map((f) => relative(UI_DIR, join(f.parentPath, f.name)))
    .toSorted();
}
