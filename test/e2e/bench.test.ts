import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure } from "../../src/cli/bench/figures.ts";
import { BUILT_FILE } from "../harness/built-console.ts";
import { expectPlainRefusal, runProgram } from "../harness/program.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "telovix-bench-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const bench = (...args: string[]) => runProgram(BUILT_FILE, ["bench", ...args]);

/** Runs one as small as it can be: every figure is a number, in the file too. Whether it is within its budget such a run cannot say. */
async function figuresOf(name: string, ...args: string[]): Promise<Map<string, number>> {
  const file = join(home, `${name}.json`);
  const { out, err, code } = await bench(name, ...args, "--json", "--out", file);
  if (code !== 0 && code !== 1) process.stderr.write(err);
  expect([0, 1]).toContain(code!);
  const figures = JSON.parse(out) as Figure[];
  for (const { name: figure, value } of figures)
    expect({ figure, value }).toEqual({ figure, value: expect.any(Number) });
  const kept = JSON.parse(await readFile(file, "utf8")) as { command: string; figures: Figure[] };
  expect(kept.command).toStartWith(`telovix bench ${name} `);
  expect(kept.figures.map((f) => f.name)).toEqual(figures.map((f) => f.name));
  return new Map(figures.map((f) => [f.name, f.value]));
}

describe("the bench of the built file", () => {
  test("measures what reaches the store", async () => {
    const figures = await figuresOf("ingest", "--n", "2", "--duration", "1s");
    expect(figures.get("socket to durable row, mTLS and zstd")).toBeGreaterThan(1_000);
    expect(figures.get("the engine alone, JSON lines")).toBeGreaterThan(1_000);
  }, 120_000);

  test("measures how long an alert takes to a browser", async () => {
    const fleet = ["--n", "10", "--ramp", "500ms", "--duration", "4s", "--alerts", "0.2"];
    const figures = await figuresOf("stream", ...fleet, "--state", join(home, "keys"));
    expect(figures.get("events that do not add up")).toBe(0);
    expect(figures.get("alerts seen, of those made")).toBeGreaterThan(0);
  }, 120_000);

  test("measures queries over what it generates", async () => {
    const figures = await figuresOf("query", "--rows", "100k", "--sensors", "4", "--days", "1");
    expect(figures.get("events stored")).toBeCloseTo(0.1, 1);
    expect(figures.get("events called late, though none is")).toBe(0);
  }, 120_000);

  test("says what is wrong with a call", async () => {
    expectPlainRefusal(await bench("stream", "--ramp", "1m", "--duration", "10s"));
    expectPlainRefusal(await bench("query", "--rows", "ten"));
  });
});
