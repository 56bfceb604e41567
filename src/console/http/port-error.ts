import { AppError, errorMessage } from "../../core/error.ts";

/** What to say when an address cannot be listened on, and what to do about it. */
export function portError(options: { readonly host: string; readonly port: number }, error: unknown): AppError {
  const code = (error as { code?: string }).code;
  const where = `${options.host.includes(":") ? `[${options.host}]` : options.host}:${options.port}`;
  if (code === "EADDRINUSE")
    return new AppError("unavailable", `Another program already listens on ${where}.`, {
      cause: error,
      hint: `Stop it ('ss -ltnp sport = :${options.port}' names it) or choose another port with --port.`,
    });
  if (code === "EACCES")
    return new AppError("unavailable", `Port ${options.port} may not be used by this user.`, {
      cause: error,
      hint: "Run as root or choose a port above 1023 with --port.",
    });
  return new AppError("unavailable", `Cannot listen on ${where}: ${errorMessage(error)}`, {
    cause: error,
    hint: "Check the address given with --listen and the certificate and key given with --tls-cert and --tls-key.",
  });
}
