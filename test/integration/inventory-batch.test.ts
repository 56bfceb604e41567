import { expect, test } from "bun:test";
import { InventoryService } from "../../src/console/inventory/service.ts";
import { systemClock } from "../../src/core/clock.ts";
import { newUuid } from "../../src/core/ids.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { TestConsole } from "../harness/sensor-plane.ts";

test("snapshots of many sensors share a transaction, and one that cannot be stored costs the others nothing", async () => {
  await using console = await TestConsole.fresh();
  const inventory = new InventoryService({ db: console.stores.db, clock: systemClock, metrics: new Metrics() });
  const peerOf = (sensorId: string, nodeName: string) =>
    ({ tenantId: console.me.tenant_id, sensorId, nodeName, serial: "", certificate: undefined }) as never;
  const peers = await Promise.all(
    ["inv-1", "inv-2", "inv-3"].map(async (name) => peerOf((await console.enroll(name)).sensorId, name)),
  );
  const listening = (port: number): object[] => [{ proto: "tcp", addr: "0.0.0.0", port, pid: 1, binary: "/bin/a" }];
  const store = (peer: never, port: number) => inventory.store(peer, { listening: listening(port) }, Date.now());
  const all = await Promise.allSettled([
    ...peers.map((peer, i) => store(peer, i)),
    // Of a sensor that was deleted a moment ago.
    store(peerOf(newUuid(), "gone"), 9),
  ]);
  expect(all.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected"]);
  const again = await Promise.all([...peers.map((peer, i) => store(peer, i)), store(peers[0]!, 7)]);
  expect(again.map(({ stored }) => stored)).toEqual([[], [], [], ["listening"]]);
  const { listening: kept } = await inventory.find(console.me.tenant_id, (peers[0]! as { sensorId: string }).sensorId);
  expect(kept).toMatchObject([{ port: 7 }]);
}, 60_000);
