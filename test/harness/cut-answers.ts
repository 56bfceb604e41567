import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import type { TestConsole } from "./sensor-plane.ts";

/**
 * What stands between a node and the Console, with the Console's own key so that the node trusts it: it passes everything, but of the
 * answers to the next enrolments it cuts the connection, before or in the middle of them. The Console has done its part by then.
 */
export async function cutAnswers(
  console: TestConsole,
  cuts: ("before" | "within")[],
): Promise<{ url: string; port: number; close: () => void }> {
  const trust = join(console.dir, "trust");
  const [key, cert] = await Promise.all(
    ["server.key.pem", "server.cert.pem"].map((name) => readFile(join(trust, name), "utf8")),
  );
  const sockets = new Set<TLSSocket>();
  const server = createServer({ key: key!, cert: cert! }, (near) => {
    const far = connect({ host: "127.0.0.1", port: console.running.port, rejectUnauthorized: false });
    for (const socket of [near, far]) sockets.add(socket.on("error", () => {}));
    let enrols = false;
    near.on("data", (bytes: Buffer) => {
      enrols ||= bytes.includes("POST /api/v1/sensors/enroll");
      far.write(bytes);
    });
    far.on("data", (bytes: Buffer) => {
      const cut = enrols ? cuts.shift() : undefined;
      if (cut === undefined) return void near.write(bytes);
      if (cut === "before") return void near.destroy();
      near.end(bytes.subarray(0, bytes.length - 40));
    });
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `https://127.0.0.1:${port}`, port, close };
}
