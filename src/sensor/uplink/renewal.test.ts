import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { silentLog } from "../../core/log.ts";
import type { HeartbeatResponse } from "../../core/wire/heartbeat.ts";
import { statePaths } from "../state/paths.ts";
import type { SensorState } from "../state/sensor-state.ts";
import type { SensorClient } from "./client.ts";
import { Renewal } from "./renewal.ts";
import type { UplinkCredentials } from "./tls.ts";
import { Trust } from "./trust.ts";

const HOUR_MS = 3_600_000;
const LOOK_MS = 60_000;

test("a clock that was wrong while a renewal failed does not put the next try off until the certificate has ended", async () => {
  const dir = await mkdtemp(join(tmpdir(), "telovix-renewal-"));
  const clock = new ManualClock();
  const startMs = clock.nowMs();
  const paths = statePaths(dir);
  const state = {
    certificate_serial: "1",
    certificate_expires_at: new Date(startMs + 71 * HOUR_MS).toISOString(),
  } as SensorState;
  const trust = new Trust(state, paths, clock, silentLog);
  let asked = 0;
  const client = {
    post: async () => {
      asked++;
      throw new AppError("unavailable", "not now");
    },
  } as unknown as SensorClient;
  const credentials = { current: { caPem: "" } } as UplinkCredentials;
  const renewal = new Renewal({
    client,
    credentials,
    trust,
    paths,
    clock,
    log: silentLog,
    sensorId: "s",
    nodeName: "n",
    dice: () => 0,
  });
  const stop = new AbortController();
  /** It has tried so often, and waits. */
  const rests = async (times: number): Promise<void> => {
    while (asked < times || clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  /** What the Console's clock says with a heartbeat, hours after ours began. */
  const hear = (hours: number): void => {
    trust.seen({ server_time_us: (startMs + hours * HOUR_MS) * 1000 } as HeartbeatResponse);
  };
  const running = renewal.run(stop.signal);
  try {
    await rests(1);
    // Behind the end, all of a sudden: what fails now is to be tried again behind the end, too.
    hear(200);
    await rests(2);
    // That was nothing: 23.5 hours are left.
    hear(47.5);
    await rests(2);
    for (let minutes = 0; minutes < 20 && asked === 2; minutes++) {
      await clock.advance(LOOK_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await rests(3);
    expect(asked).toBe(3);
  } finally {
    stop.abort();
    await running;
    await rm(dir, { recursive: true, force: true });
  }
}, 20_000);
