import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { leaks } from "../harness/leaks.ts";

describe("the leak check shouts at", () => {
  test("an interval", async () => {
    const timer = setInterval(() => {}, 1_000_000);
    expect((await leaks()).join()).toContain("interval set");
    clearInterval(timer);
    expect((await leaks()).filter((l) => l.startsWith("interval"))).toEqual([]);
  });

  test("a child", async () => {
    const child = Bun.spawn(["sleep", "1000"]);
    try {
      // Its command line may not be there yet.
      expect((await leaks()).join()).toContain(`child ${child.pid} `);
    } finally {
      child.kill();
      await child.exited;
    }
  });

  test("a listening socket", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    expect(await leaks()).toContain(`listening on port ${port}`);
    await new Promise((resolve) => server.close(resolve));
  });
});
