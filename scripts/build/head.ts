import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { BunPlugin } from "bun";
import { CACHE_DIR, EMBED_DIR, ROOT } from "./paths.ts";
import { hashInputs, once } from "./stamp.ts";

export interface Commit {
  /** Twelve digits, with "+" behind when the work tree differs; "unknown" outside a checkout. */
  readonly name: string;
  readonly timeMs: number;
}

async function git(...args: string[]): Promise<string> {
  const run = Bun.spawn(["git", "-C", ROOT, ...args], { stdout: "pipe", stderr: "ignore" });
  const text = await new Response(run.stdout).text();
  return (await run.exited) === 0 ? text.trim() : "";
}

/** The commit a build is made from. Its time is the build's time, so that the same commit gives the same bytes. */
export async function readCommit(): Promise<Commit> {
  const [log, changes] = await Promise.all([
    git("log", "-1", "--format=%h %ct", "--abbrev=12"),
    git("status", "--porcelain", "--", "src", "sql", "native", "package.json", "package-lock.json"),
  ]);
  const [name, seconds] = log.split(" ");
  if (!name) return { name: "unknown", timeMs: 0 };
  return { name: changes ? `${name}+` : name, timeMs: Number(seconds) * 1000 };
}

export interface HeadOptions {
  readonly entry: string;
  readonly outfile: string;
  readonly commit: Commit;
  readonly sourcemapDir: string;
}

/**
 * The codec asks for a native helper by the absolute path of its package: not to be found inside one file, and bytes that would
 * depend on where they were built. Without it the codec does the same in JavaScript.
 */
const withoutNativeHelper: BunPlugin = {
  name: "without native helper",
  setup(build) {
    build.onResolve({ filter: /^msgpackr-extract$/ }, ({ path }) => ({ path, namespace: "absent" }));
    build.onLoad({ filter: /./, namespace: "absent" }, () => ({
      contents: "module.exports = undefined;",
      loader: "js",
    }));
  },
};

/** The Kafka client's checksums read their program from a file beside them; this variant of the same package has it inside. */
const wholeChecksums: BunPlugin = {
  name: "whole checksums",
  setup(build) {
    const path = join(ROOT, "node_modules/@platformatic/wasm-utils/dist/bundled.js");
    build.onResolve({ filter: /^@platformatic\/wasm-utils$/ }, () => ({ path }));
  },
};

/** Compiles the head: minified, its source maps beside and not inside. */
export async function compileHead({ entry, outfile, commit, sourcemapDir }: HeadOptions): Promise<void> {
  // Beside the target, so that the rename is one; the bundler leaves its source map there too.
  const draftDir = `${outfile}.${process.pid}.draft`;
  const draft = join(draftDir, basename(outfile));
  await rm(draftDir, { recursive: true, force: true });
  await mkdir(draftDir, { recursive: true });
  try {
    await Bun.build({
      entrypoints: [entry],
      root: ROOT,
      target: "bun",
      minify: true,
      // Each role in pieces of its own, read when it is called: a cheap command starts in a third of the time. (Bytecode would save
      // another 8 ms, and costs 6 MB of file and some of the sensor's memory.)
      splitting: true,
      format: "esm",
      sourcemap: "external",
      plugins: [withoutNativeHelper, wholeChecksums],
      define: {
        TELOVIX_COMMIT: JSON.stringify(commit.name),
        TELOVIX_COMMIT_TIME_MS: String(commit.timeMs),
        "process.env.NODE_ENV": '"production"',
      },
      // A security product takes no settings from files that lie in the directory it happens to be started in.
      compile: {
        outfile: draft,
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        autoloadPackageJson: false,
      },
    });
    // The pieces' names change with their content.
    await rm(sourcemapDir, { recursive: true, force: true });
    await mkdir(sourcemapDir, { recursive: true });
    for (const name of await readdir(draftDir))
      if (name.endsWith(".map")) await rename(join(draftDir, name), join(sourcemapDir, name));
    await rename(draft, outfile);
  } finally {
    await rm(draftDir, { recursive: true, force: true });
  }
}

/** Compiles the head unless nothing that goes into it has changed. */
export async function buildHead(options: HeadOptions): Promise<void> {
  const inputs = [
    "src",
    "sql",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "scripts/build",
    "native/.output/rows.wasm",
    "native/.output/lines.wasm",
  ];
  const paths = [...inputs.map((path) => join(ROOT, path)), EMBED_DIR];
  const key = await hashInputs(paths, [Bun.version, options.commit.name, String(options.commit.timeMs), options.entry]);
  await mkdir(CACHE_DIR, { recursive: true });
  await once("head", key, [options.outfile], () => compileHead(options));
}
