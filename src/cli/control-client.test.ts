import { afterAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { controlSocketPath } from "../console/control/socket.ts";
import { EXIT } from "./command.ts";
import { runCli } from "./run.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-control-"));
afterAll(() => rm(root, { recursive: true, force: true }));
await mkdir(dirname(controlSocketPath(root)), { recursive: true });

test("what the Console refuses of a flag's value is a call written wrongly, anything else it refuses is not", async () => {
  let error: object = {};
  using server = Bun.serve({
    unix: controlSocketPath(root),
    fetch: () => Response.json({ error: { code: "invalid_request", message: "no", ...error } }, { status: 400 }),
  });
  expect(server).toBeDefined();
  const call = (): Promise<number> =>
    runCli(["console", "token", "create", "--cluster", "c", "--expires-days", "731", "--data-dir", root], {
      out: () => {},
      err: () => {},
      signal: new AbortController().signal,
    });
  error = { pointer: "/expires_days" };
  expect(await call()).toBe(EXIT.usage);
  for (error of [{ pointer: "/max_nodes" }, {}, { pointer: "/expires_days", code: "conflict" }])
    expect(await call()).toBe(EXIT.failed);
});
