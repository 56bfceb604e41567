import { expect, setDefaultTimeout, test } from "bun:test";
import { connect } from "node:tls";
import type { AuthorityStatus } from "../../src/core/api/trust.ts";
import { ApiClient } from "../harness/built-console.ts";
import { eventually } from "../harness/identity.ts";
import { WorkerConsole } from "../harness/worker-console.ts";

setDefaultTimeout(120_000);

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
  await using home = await WorkerConsole.make();
  const ca = (action: string): Promise<AuthorityStatus> => home.json<AuthorityStatus>("ca", action);
  const shown = async (): Promise<Set<string>> =>
    new Set(await Promise.all(Array.from({ length: 24 }, () => issuerShown(home.port))));
  await new ApiClient(home.origin).setUp(home.setupLink);
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
});
