import { AppError, ERROR_CODES, type ErrorCode } from "../core/error.ts";
import { controlSocketPath } from "../console/control/socket.ts";

const TIMEOUT_MS = 30_000;

interface Failure {
  readonly error?: {
    readonly code?: string;
    readonly message?: string;
    readonly hint?: string;
    readonly pointer?: string;
  };
}

/** Asks the Console that runs on a data directory of this host. */
export async function askConsole<T>(dataDir: string, method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`http://console${path}`, {
      method,
      unix: controlSocketPath(dataDir),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
  } catch (cause) {
    throw new AppError("unavailable", `No Console answers on ${dataDir}.`, {
      cause,
      hint: "Start it with 'telovix console serve', or name its directory with --data-dir; this needs the same user (root).",
    });
  }
  const answer = (await response.json()) as T & Failure;
  if (response.ok) return answer;
  const { code = "internal", hint, pointer } = answer.error ?? {};
  throw new AppError(
    (Object.hasOwn(ERROR_CODES, code) ? code : "internal") as ErrorCode,
    answer.error?.message ?? "The Console answered with an error.",
    // What it points at may be a flag's value: the call was written wrongly then.
    { ...(hint ? { hint } : {}), ...(pointer ? { pointer } : {}) },
  );
}

/** True when a Console runs on this data directory: somebody answers its socket, whatever the answer. */
export function isConsoleRunning(dataDir: string): Promise<boolean> {
  return fetch("http://console/", { unix: controlSocketPath(dataDir), signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
    async (response) => (await response.arrayBuffer(), true),
    () => false,
  );
}
