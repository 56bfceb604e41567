import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connect } from "node:tls";
import type { AuthorityStatus } from "../../src/core/api/trust.ts";
import { ApiClient, freePort } from "../harness/built-console.ts";
import { eventually } from "../harness/identity.ts";
import { pidsWith } from "../harness/processes.ts";
import { Program } from "../harness/program.ts";

setDefaultTimeout(120_000);

const MAIN = resolve(import.meta.dir, "../../src/main.ts");

/** Who issued the certificate that the port shows to a new connection. */
async function issuerShown(port: number): Promise<string> {
  const { promise, resolve: done, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
    const { CN } = socket.getPeerCertificate().issuer;
    done(typeof CN === "string" ? CN : "");
  });
  socket.on("error", reject);
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

test("the change of the authority reaches every worker, down to the certificate each shows", async () => {
  const dir = await mkdtemp(join(tmpdir(), "telovix-identity-workers-"));
  // The databases do not run as root, and must be able to enter.
  await chmod(dir, 0o755);
  const port = await freePort();
  const telovix = (...words: string[]): Program =>
    new Program(process.execPath, [MAIN, "console", ...words, "--data-dir", join(dir, "data")]);
  const serve = telovix("serve", "--port", String(port), "--listen", "127.0.0.1", "--workers", "2");
  const ca = async (action: string): Promise<AuthorityStatus> => {
    const { out, err } = await telovix("ca", action, "--json").ended;
    if (out === "") throw new Error(err);
    return JSON.parse(out) as AuthorityStatus;
  };
  const shown = async (): Promise<Set<string>> =>
    new Set(await Promise.all(Array.from({ length: 24 }, () => issuerShown(port))));
  try {
    const link = await eventually("it serves", () => /https:\S+\/setup#\S+/.exec(serve.output)?.[0], 60_000);
    await new ApiClient(`https://127.0.0.1:${port}`).setUp(link);
    const [before] = await shown();
    const { pinned_public_key: pin } = await ca("status");
    expect((await ca("rotate")).phase).toBe("dual_trust");
    expect((await ca("advance")).phase).toBe("dual_issue");
    expect(await shown()).toEqual(new Set([before!]));
    const after = await ca("advance");
    expect([after.phase, after.pinned_public_key]).toEqual(["stable", pin]);
    const now = /CN=([^,]+)/.exec(after.authorities[0]!.subject)![1]!;
    expect(now).not.toBe(before!);
    await eventually("both workers show it", async () => {
      const found = await shown();
      return found.size === 1 && found.has(now);
    });
  } finally {
    await serve.stop();
    for (const pid of await pidsWith(dir)) process.kill(pid, "SIGKILL");
    await rm(dir, { recursive: true, force: true });
  }
});
