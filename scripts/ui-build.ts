import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { BunPlugin } from "bun";

const ROOT = join(import.meta.dir, "..");

/** Fonts as files of their own, not as data URLs in the style sheet. */
function fontFiles(outdir: string): BunPlugin {
  return {
    name: "font files",
    setup(build) {
      build.onResolve({ filter: /\.woff2$/ }, async ({ path, importer }) => {
        const source = join(importer, "..", path);
        await Bun.write(join(outdir, "assets", basename(source)), Bun.file(source));
        return { path: `/assets/${basename(source)}`, external: true };
      });
    },
  };
}

/** Bundles the interface into a directory for previews; with the development pages when `dev`. Resolves to its paths. */
export async function bundleUi(outdir: string, dev: boolean): Promise<readonly string[]> {
  await mkdir(join(outdir, "assets"), { recursive: true });
  const result = await Bun.build({
    entrypoints: [join(ROOT, "src/ui/index.html")],
    outdir,
    minify: true,
    target: "browser",
    publicPath: "/",
    naming: { chunk: "assets/[name]-[hash].[ext]", asset: "assets/[name]-[hash].[ext]", entry: "[name].[ext]" },
    define: { TELOVIX_UI_DEV: dev ? "true" : "false", "process.env.NODE_ENV": '"production"' },
    plugins: [fontFiles(outdir)],
  });
  return result.outputs.map((output) => output.path);
}

if (import.meta.main) {
  const outdir = process.argv[2];
  if (!outdir) throw new Error("usage: bun scripts/ui-build.ts <outdir>");
  await bundleUi(outdir, false);
  let total = 0;
  for await (const path of new Bun.Glob("**/*").scan(outdir)) {
    const bytes = new Uint8Array(await Bun.file(join(outdir, path)).arrayBuffer());
    const size = path.endsWith(".woff2") ? bytes.length : Bun.gzipSync(bytes).length;
    total += size;
    process.stdout.write(`${(size / 1024).toFixed(1).padStart(8)} KiB  ${path}\n`);
  }
  process.stdout.write(`${(total / 1024).toFixed(1).padStart(8)} KiB  first load, compressed\n`);
}
