// Here and not only beside its user: in the bundle a CommonJS module below a lazily loaded role is run too late.
import "reflect-metadata";
import { runCli } from "./cli/run.ts";

const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    // A second signal means: now.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  });
}

const write = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(text);
const code = await runCli(process.argv.slice(2), {
  out: write(process.stdout),
  err: write(process.stderr),
  signal: controller.signal,
});
// What was written to a pipe must be out before the process is.
await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
// exit() by hand: a command that has returned has nothing left to do, whatever a library still holds open.
process.exit(code);
