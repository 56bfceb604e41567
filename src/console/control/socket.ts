import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError, httpStatus } from "../../core/error.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import type { RotationAction } from "../../core/api/trust.ts";
import type { LocalTrust } from "../trust/local.ts";
import type { StoreAddresses } from "./store-addresses.ts";

/** What the host's own administrator may ask of a running Console, without signing in: whoever may open the socket owns the data anyway. */
export interface ControlActions {
  readonly trust: LocalTrust;
  /** A fresh one-time set-up link, or undefined when set-up is complete. */
  createSetupLink(): Promise<string | undefined>;
  status(): Promise<Record<string, unknown>>;
  /** Asks every sensor with a stream to report now; answers how many were asked. */
  refreshAll(what: "heartbeat" | "inventory"): Promise<number>;
  /** Where the stores are, for a backup; absent where somebody else keeps them. */
  readonly stores?: (() => StoreAddresses) | undefined;
}

const MAX_BODY_BYTES = 16 * 1024;

/** Path of the control socket of a data directory. */
export function controlSocketPath(dataDir: string): string {
  return join(dataDir, "control.sock");
}

/** Serves the control socket (mode 600) of a data directory. */
export function createControlSocket(dataDir: string, actions: ControlActions, log: Log): Service {
  const answer = async (request: Request): Promise<Response> => {
    const route = `${request.method} ${new URL(request.url).pathname}`;
    if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES)
      throw new AppError("too_large", "The request is too large.");
    switch (route) {
      case "POST /tokens":
        return Response.json(await actions.trust.createToken((await request.json()) as object));
      case "GET /tokens":
        return Response.json(await actions.trust.listTokens());
      case "POST /tokens/revoke":
        await actions.trust.revokeToken(String(((await request.json()) as { token_id?: unknown }).token_id));
        return Response.json({});
      case "GET /ca":
        return Response.json(await actions.trust.authority());
      case "POST /ca/rotate":
      case "POST /ca/advance":
      case "POST /ca/abort":
        return Response.json(
          await actions.trust.rotate(
            route.slice("POST /ca/".length) as RotationAction,
            (await request.json()) as object,
          ),
        );
      case "POST /setup-link":
        return Response.json({ setup_link: (await actions.createSetupLink()) ?? null });
      case "POST /refresh":
        return Response.json({ asked: await actions.refreshAll("heartbeat") });
      case "GET /status":
        return Response.json(await actions.status());
      case "GET /stores":
        if (actions.stores) return Response.json(actions.stores());
        throw new AppError("unavailable", "This Console does not keep its stores itself.");
      default:
        throw new AppError("not_found", `The control socket knows no ${route}.`);
    }
  };
  return {
    name: "control socket",
    async run(signal) {
      const path = controlSocketPath(dataDir);
      await rm(path, { force: true });
      const server = Bun.serve({
        unix: path,
        fetch: (request) =>
          answer(request).catch((error: unknown) => {
            const known =
              error instanceof AppError
                ? error
                : new AppError("internal", "Something went wrong inside the Console; its log says what.");
            if (known.code === "internal") log.error("control request failed", { error });
            return Response.json(
              { error: { code: known.code, message: known.message, hint: known.hint } },
              { status: httpStatus(known.code) },
            );
          }),
      });
      await chmod(path, 0o600);
      await new Promise<void>((resolve) =>
        signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
      );
      await server.stop(true);
      await rm(path, { force: true });
    },
  };
}
