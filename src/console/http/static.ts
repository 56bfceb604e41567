import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { EmbeddedFile, UiAsset } from "../../core/payload/embedded-files.ts";
import type { HttpEnv } from "./env.ts";

const NOT_PAGES = /^\/(api|download|v1)(\/|$)|^\/(healthz|readyz|metrics|info|install\.sh)$/;

/** The smallest form the client says it takes. */
function chooseForm(asset: UiAsset, accepted: string): { file: EmbeddedFile; encoding?: "zstd" | "gzip" } {
  for (const encoding of ["zstd", "gzip"] as const) {
    const file = asset[encoding];
    if (file && new RegExp(`(^|,)\\s*${encoding}\\s*(;\\s*q=(0\\.0*[1-9]|1)[0-9.]*\\s*)?(,|$)`).test(accepted))
      return { file, encoding };
  }
  return { file: asset };
}

function respond(asset: UiAsset, request: Request): Response {
  const { file, encoding } = chooseForm(asset, request.headers.get("accept-encoding") ?? "");
  const etag = `"${asset.sha256.slice(0, 32)}${encoding ? `-${encoding}` : ""}"`;
  const headers: Record<string, string> = {
    etag,
    vary: "accept-encoding",
    "content-type": asset.contentType,
    "cache-control": asset.immutable ? "public, max-age=31536000, immutable" : "no-cache",
    ...(encoding ? { "content-encoding": encoding } : {}),
  };
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  if (request.method === "HEAD") return new Response(null, { headers });
  return new Response(Bun.file(file.file), { headers });
}

/** Serves the UI: its files by path, and the page itself for every other path that is no interface. */
export function serveUi(assets: readonly UiAsset[]): MiddlewareHandler<HttpEnv> {
  const byPath = new Map(assets.map((asset) => [asset.path, asset]));
  return createMiddleware<HttpEnv>(async (c, next) => {
    if ((c.req.method !== "GET" && c.req.method !== "HEAD") || NOT_PAGES.test(c.req.path)) return next();
    // A missing file with an extension is a mistake; the page in its place would only hide it.
    const named = byPath.get(c.req.path);
    const asset = named ?? (/\.[a-z0-9]{1,5}$/i.test(c.req.path) ? undefined : byPath.get("/index.html"));
    return asset ? respond(asset, c.req.raw) : next();
  });
}
