import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootsDependency } from "../../src/console/integrity/roots-light.ts";
import { findRoots } from "../../src/console/integrity/store-roots.ts";
import type { IntegrityRecorder } from "../../src/console/integrity/recorder.ts";
import { AppError } from "../../src/core/error.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { Bed, HOUR_MS, hoursAgo } from "../harness/integrity-bed.ts";
import { TestConsole } from "../harness/sensor-plane.ts";
import { testStores, type TestStores } from "../harness/stores.ts";
import { until } from "../harness/until.ts";

let stores: TestStores;
beforeAll(async () => void (stores = await testStores()), 60_000);
afterAll(() => stores.dispose());

/** A Console's clock that is ahead for a while. */
class AheadClock extends ManualClock {
  aheadMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.aheadMs;
  }
}

/** A sensor that sends ten events an hour, to a Console whose clock may be ahead. */
class Steps {
  readonly clock = new AheadClock(hoursAgo(200) + 600_000);
  bed!: Bed;
  recorder!: IntegrityRecorder;
  seq = 0;

  static async make(): Promise<Steps> {
    const steps = new Steps();
    steps.bed = await Bed.make(stores, steps.clock);
    steps.recorder = steps.bed.recorder();
    return steps;
  }

  /** Ten events, sealed. */
  async seal(): Promise<void> {
    await this.bed.take(this.recorder, this.seq + 1, (this.seq += 10));
    await this.clock.advance(95_000);
    await this.recorder.seal();
  }

  /** An hour with its events, and what is due at its end. */
  async hour(): Promise<void> {
    await this.seal();
    await this.clock.advance(HOUR_MS - 95_000);
    await this.bed.roots(this.recorder).turn();
  }

  async roots(): Promise<number> {
    return (await findRoots(stores.db, this.bed.tenantId, 0, Date.now() + 1000 * HOUR_MS)).length;
  }

  async light(): Promise<unknown> {
    const { ping } = rootsDependency({ db: stores.db, clock: this.clock });
    return ping().then(
      () => "well",
      (error: unknown) => error,
    );
  }
}

describe("a Console's clock that was ahead over a signed hour", () => {
  test("signs no root until that hour is past, says so meanwhile, and everything is signed afterwards", async () => {
    const steps = await Steps.make();
    await steps.hour();
    await steps.hour();
    expect([await steps.roots(), await steps.light()]).toEqual([2, "well"]);
    steps.clock.aheadMs = 24 * HOUR_MS;
    await steps.hour();
    await steps.hour();
    const ahead = await steps.roots();
    expect([ahead > 2, await steps.light()]).toEqual([true, "well"]);
    steps.clock.aheadMs = 0;
    for (let hour = 0; hour < 3; hour++) {
      await steps.hour();
      expect(await steps.roots()).toBe(ahead);
      const fault = (await steps.light()) as AppError;
      expect(fault).toBeInstanceOf(AppError);
      expect(fault.message).toContain("until then events are stored and chained as ever, and not signed");
      expect(fault.hint).toContain("Compare the Console's clock");
    }
    const next = Date.parse(/the next one is signed at (\S+);/.exec(((await steps.light()) as AppError).message)![1]!);
    await steps.clock.advance(next - steps.clock.nowMs() - 1000);
    await steps.bed.roots(steps.recorder).turn();
    expect(await steps.roots()).toBe(ahead);
    await steps.clock.advance(2000);
    await steps.bed.roots(steps.recorder).turn();
    expect([await steps.roots(), await steps.light()]).toEqual([ahead + 1, "well"]);
    const report = await steps.bed.verify();
    expect(report.chains).toHaveLength(1);
    expect(report.chains[0]).toMatchObject({ events: steps.seq, signedTo: steps.seq });
  }, 60_000);

  test("by more than links are looked for leaves none of them unsigned", async () => {
    const steps = await Steps.make();
    await steps.hour();
    steps.clock.aheadMs = 100 * HOUR_MS;
    await steps.hour();
    await steps.hour();
    steps.clock.aheadMs = 0;
    await steps.hour();
    await steps.hour();
    await steps.clock.advance(101 * HOUR_MS);
    await steps.hour();
    await steps.hour();
    expect(await steps.light()).toBe("well");
    const report = await steps.bed.verify(150);
    expect(report.chains).toHaveLength(1);
    expect(report.chains[0]!.events).toBe(steps.seq);
    expect(report.chains[0]!.signedTo).toBeGreaterThanOrEqual(steps.seq - 10);
  }, 60_000);

  test("for less than an hour, over none that was signed, leaves the chain in one piece", async () => {
    const steps = await Steps.make();
    await steps.hour();
    await steps.hour();
    steps.clock.aheadMs = 24 * HOUR_MS;
    await steps.seal();
    steps.clock.aheadMs = 0;
    await steps.hour();
    await steps.hour();
    await steps.hour();
    const report = await steps.bed.verify();
    expect(report.chains).toHaveLength(1);
    expect(report.chains[0]!.events).toBe(steps.seq);
    expect(report.chains[0]!.signedTo).toBeGreaterThanOrEqual(steps.seq - 10);
  }, 60_000);
});

test("the light stands on /readyz and in the log, and the Console serves all the same", async () => {
  const own = await testStores();
  const dir = await mkdtemp(join(tmpdir(), "telovix-light-"));
  try {
    const before = await (await TestConsole.start(own, {}, dir)).setUp();
    await before.stop();
    const hour = new Date(hoursAgo(-30));
    await own.db.system(
      (tx) => tx`
        INSERT INTO integrity_roots (tenant_id, hour, merkle_root, previous, root_hash, leaves, links, events, missing, signed_at,
          key_id, public_key, signature)
        VALUES (${before.me.tenant_id}, ${hour}, '', '', '', 1, 1, 1, 0, ${hour}, '', '', '')`,
    );
    await using console = await TestConsole.start(own, {}, dir);
    const response = await console.api("GET", "/readyz");
    expect(response.status).toBe(200);
    const { status, stores: lights } = (await response.json()) as { status: string; stores: { name: string }[] };
    expect(status).toBe("degraded");
    expect(lights.find(({ name }) => name === "hourly roots")).toMatchObject({
      ok: false,
      optional: true,
      problem: expect.stringContaining("the last root is of the hour") as string,
      action: expect.stringContaining("Compare the Console's clock") as string,
    });
    const told = (): string[] => console.logged.filter((line) => line.includes("hourly roots is not well"));
    await until(() => told().length > 0);
    expect(JSON.parse(told()[0]!)).toMatchObject({ level: "warn", name: "hourly roots" });
  } finally {
    await own.dispose();
  }
}, 60_000);
