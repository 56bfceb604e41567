import { afterAll, beforeAll, expect, test } from "bun:test";
import { runCli } from "../../src/cli/run.ts";
import type { CreatedToken, TokenSummary } from "../../src/core/api/tokens.ts";
import { TestConsole } from "../harness/sensor-plane.ts";

let console: TestConsole;

beforeAll(async () => void (console = await TestConsole.fresh()), 60_000);

afterAll(() => console[Symbol.asyncDispose]());

async function telovix(...words: string[]): Promise<{ code: number; text: string }> {
  let text = "";
  const write = (more: string): void => void (text += more);
  const { signal } = new AbortController();
  const code = await runCli([...words, "--data-dir", console.dir], { out: write, err: write, signal });
  return { code, text };
}

test("tokens of every kind are made, listed and revoked on the Console's host", async () => {
  const sensor = await console.enroll("cli-1");
  const once = await telovix("console", "token", "create", "--node-name", "db-17");
  expect(once.text).toContain("It works once.");
  expect(once.text).toContain("--node-name 'db-17'");
  const cluster = await telovix(
    "console",
    "token",
    "create",
    "--cluster",
    "oslo",
    "--max-nodes",
    "4",
    "--expires-days",
    "9",
  );
  expect(cluster.text).toContain("every node of oslo");
  expect(cluster.text).toContain("--cluster 'oslo'");
  const again = await telovix("console", "token", "create", "--sensor", "cli-1", "--json");
  const made = JSON.parse(again.text) as CreatedToken;
  expect(made.install_command).toContain("--replace yes");
  expect((await console.enrollAgain(sensor, "cli-1")).sensorId).toBe(sensor.sensorId);
  expect((await telovix("console", "token", "create", "--sensor", "nobody")).text).toContain(
    "no sensor in service named",
  );
  const list = await telovix("console", "token", "list");
  expect(list.text).toContain("cluster oslo, nodes: 0 of 4");
  expect(list.text).toContain("cli-1, again");
  expect((await telovix("console", "token", "revoke", made.token_id)).code).toBe(0);
  const tokens = JSON.parse((await telovix("console", "token", "list", "--json")).text) as TokenSummary[];
  expect(tokens.find((t) => t.token_id === made.token_id)?.status).toBe("revoked");
  expect(await telovix("console", "token", "revoke", "nonsense")).toEqual({
    code: 1,
    text: expect.stringContaining("no pending token"),
  });
});

test("the authority is changed step by step on the Console's host", async () => {
  expect((await telovix("console", "ca")).text).toContain("phase         stable");
  expect((await telovix("console", "ca", "rotate")).text).toContain("phase         dual_trust");
  expect((await telovix("console", "ca", "advance")).text).toContain("phase         dual_issue");
  const status = await telovix("console", "ca", "status");
  expect(status.text).toContain("would be cut off: 1");
  const stopped = await telovix("console", "ca", "advance");
  expect(stopped).toEqual({ code: 1, text: expect.stringContaining("1 sensor would be cut off: cli-1.") });
  expect((await telovix("console", "ca", "abort")).text).toContain("phase         dual_trust");
  expect((await telovix("console", "ca", "abort")).text).toContain("phase         stable");
});
