import { createSensorRequest } from "../../src/core/pki/csr.ts";
import { lanesOf } from "../../src/sim/fleet/fleet.ts";
import { decode, encode } from "../../src/sim/link/codec.ts";
import type { NodeFacts } from "../../src/sim/node/facts.ts";
import { heartbeatOf, inventoryOf } from "../../src/sim/node/state.ts";
import { DEFAULT_BEHAVIOUR } from "../../src/sim/options.ts";
import { Dice } from "./dice.ts";
import { mutateBytes } from "./mutate.ts";

const NOW_US = Date.now() * 1000;

/** Frames and bodies as the simulator sends them. */
export function traffic(seed: number) {
  const dice = new Dice(seed);
  const lane = lanesOf({ ...DEFAULT_BEHAVIOUR, seed, eps: 50 }, seed % 97, 1, NOW_US - 60e6)[seed % 2]!;
  lane.generate(5_000 + dice.below(20_000));
  lane.credit = 1 + dice.below(60);
  const facts: NodeFacts = {
    index: seed % 97,
    seed,
    profile: "web",
    nodeName: "sim-1",
    serial: "ab",
    certificateExpiresAt: "2027-01-01T00:00:00Z",
    startedUs: NOW_US,
  };
  const figures = {
    generated: 9,
    sent: 9,
    acked: 9,
    missing: 0,
    waiting: 0,
    rejected: 0,
    reconnects: 0,
    heartbeatFailures: 0,
    connected: true,
  };
  const events = lane.nextBatch(0)!;
  const hello = encode({
    type: "hello",
    protocol_version: 3,
    sensor_version: "sim",
    epoch: lane.epoch,
    next_seq: 1,
    lanes: [{ lane: "bulk", epoch: lane.epoch, next_seq: 1, acked_seq: 0 }],
  });
  const heartbeat = heartbeatOf(facts, figures, NOW_US, true);
  return {
    dice,
    epoch: lane.epoch,
    hello,
    events,
    beat: encode({ type: "heartbeat", id: 4, heartbeat }),
    stock: encode({ type: "inventory", id: 5, inventory: inventoryOf(facts, 0, NOW_US, true) }),
    pong: encode({ type: "pong", id: 3 }),
    batch: (decode(events) as { batch: unknown }).batch,
    heartbeat,
    inventory: inventoryOf(facts, 0, NOW_US, true),
  };
}

/** A certificate request of `nodeName` and a way to damage it: its text, or its DER. */
export async function damagedRequests(nodeName: string): Promise<(dice: Dice) => string> {
  const { csrPem } = await createSensorRequest(nodeName);
  const [head, ...rest] = csrPem.trim().split("\n");
  const der = Buffer.from(rest.slice(0, -1).join(""), "base64");
  return (dice) =>
    dice.below(2) === 0
      ? Buffer.from(mutateBytes(Buffer.from(csrPem), dice)).toString("latin1")
      : `${head}\n${Buffer.from(mutateBytes(der, dice)).toString("base64")}\n${rest.at(-1)}\n`;
}
