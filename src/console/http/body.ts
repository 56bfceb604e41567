import { zstdDecompressSync } from "node:zlib";
import { AppError } from "../../core/error.ts";
import { checkShape } from "./depth.ts";
import { unpackMsgpack } from "./msgpack.ts";

export interface BodyLimits {
  /** Of the body as sent. */
  readonly maxBytes: number;
  /** After decompression; without it compressed bodies are refused. */
  readonly decompressedBytes?: number;
  /** For the whole body to arrive; 30 s by default. */
  readonly timeoutMs?: number;
  /** Told how many bytes of memory it takes, whenever that grows; may throw. */
  readonly weigh?: (bytes: number) => void;
}

/** Objects take more than the bytes they are read from. */
const OBJECTS_FACTOR = 2;

function tooLarge(maxBytes: number, what = "body"): AppError {
  return new AppError("too_large", `The ${what} is larger than ${maxBytes.toLocaleString("en")} bytes.`, {
    hint: "Send less at once.",
  });
}

/** The bytes of a body, refused as soon as they exceed the limit: nothing larger is ever held. */
async function readBytes(request: Request, { maxBytes, timeoutMs = 30_000, weigh }: BodyLimits): Promise<Uint8Array> {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(maxBytes);
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new AppError("invalid_request", `The body did not arrive within ${timeoutMs / 1000} s.`)),
    timeoutMs,
  );
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) break;
      size += value.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      weigh?.(size);
      chunks.push(value);
    }
  } catch (error) {
    void reader.cancel().catch(() => {});
    if (error instanceof AppError) throw error;
    throw new AppError("invalid_request", "The body broke off.", { cause: error });
  } finally {
    clearTimeout(timer);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}

/** Decompresses zstd up to a limit; a bomb is refused when it passes the limit, not when memory is gone. */
export function decompress(data: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return zstdDecompressSync(data, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes, "decompressed body");
    throw new AppError("invalid_request", "The body is not zstd.", { cause, pointer: "/" });
  }
}

/** Reads and parses a body (MessagePack or JSON by content type, zstd by content encoding). Throws AppErrors 400, 413, 415. */
export async function readBody(request: Request, limits: BodyLimits): Promise<unknown> {
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  const compressed = encoding === "zstd" && limits.decompressedBytes !== undefined;
  if (encoding !== "identity" && !compressed)
    throw new AppError("unsupported_media", `Content-Encoding ${encoding.slice(0, 32)} is not understood here.`, {
      hint: limits.decompressedBytes === undefined ? "Send the body as it is." : "Use zstd or none.",
    });
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type !== "application/msgpack" && type !== "application/json")
    throw new AppError("unsupported_media", "The body must be application/json or application/msgpack.");
  const sent = await readBytes(request, limits);
  const data = compressed ? decompress(sent, limits.decompressedBytes!) : sent;
  limits.weigh?.(data.length * OBJECTS_FACTOR);
  if (type === "application/msgpack") return unpackMsgpack(data);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch (cause) {
    throw new AppError("invalid_request", "The body is not JSON.", { cause, pointer: "/" });
  }
  checkShape(value);
  return value;
}

/** Reads a small JSON body of the operators' API: 64 KB unless told. */
export function readJson(request: Request, maxBytes = 65_536): Promise<unknown> {
  return readBody(request, { maxBytes });
}
