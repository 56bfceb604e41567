import { randomHex } from "../../core/ids.ts";
import type { ChdbAnswer, ChdbEngine } from "./chdb-engine.ts";
import { describeException, parseChdbRequest } from "./chdb-request.ts";

const encoder = new TextEncoder();

function failure(error: unknown): Response {
  const { code, status, text } = describeException(error);
  return new Response(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=UTF-8", "x-clickhouse-exception-code": String(code) },
  });
}

/** The end of a body that broke off, as clients of ClickHouse 25.11 and later look for it. */
function brokenOff(error: unknown, tag: string): Uint8Array {
  const { text } = describeException(error);
  const message = `${text}\n`;
  const length = Buffer.byteLength(message);
  return encoder.encode(`\r\n__exception__\r\n${tag}\r\n${message}${length} ${tag}\r\n__exception__\r\n`);
}

function streamed(first: Uint8Array | undefined, answer: ChdbAnswer, tag: string): ReadableStream<Uint8Array> {
  let pending = first;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          let piece = pending;
          pending = undefined;
          // A piece may be empty before the last; a pull must bring something or end.
          while (piece === undefined || piece.length === 0) {
            piece = await answer.next();
            if (piece === undefined) return controller.close();
          }
          controller.enqueue(piece);
        } catch (error) {
          controller.enqueue(brokenOff(error, tag));
          controller.close();
        }
      },
      cancel: () => answer.close(),
    },
    { highWaterMark: 1 },
  );
}

/** Answers ClickHouse's HTTP interface: /ping, statements in the body, and INSERTs with the statement in the URL. */
export async function handleClickHouse(engine: ChdbEngine, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const pid = { "x-telovix-pid": String(process.pid) };
  if (url.pathname === "/ping") return new Response("Ok.\n", { headers: pid });
  try {
    if (request.headers.has("content-encoding"))
      return new Response("compressed requests are not understood\n", { status: 415 });
    const parsed = parseChdbRequest(url, new Uint8Array(await request.arrayBuffer()));
    const answer = await engine.run(parsed, request.signal);
    const headers = { "x-clickhouse-query-id": parsed.queryId, "content-type": "text/plain; charset=UTF-8" };
    // The first piece decides the status: an error before it is an error of the whole.
    const first = await answer.next();
    if (first === undefined) return new Response("", { headers });
    const tag = randomHex(8);
    return new Response(streamed(first, answer, tag), { headers: { ...headers, "x-clickhouse-exception-tag": tag } });
  } catch (error) {
    return failure(error);
  }
}
